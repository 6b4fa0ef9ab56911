#include <algorithm>
#include <cstdio>

#include "base/text.h"
#include "daemon/report/spending.h"
#include "tests/scenario/script.h"

namespace nines::scenario {
namespace {

std::string Yuan(std::optional<int64_t> fen) {
  if (!fen.has_value()) return "none";
  char text[40];
  std::snprintf(text, sizeof(text), "%lld.%02lld", static_cast<long long>(*fen / 100),
                static_cast<long long>(*fen % 100));
  return text;
}

std::string Number(std::optional<int64_t> number) { return number.has_value() ? StrCat(*number) : "none"; }

void Same(Words& words, std::string_view what, std::string_view actual, std::string_view expected) {
  if (actual != expected) words.Fail(StrCat(what, " is ", actual, ", not ", expected));
}

}  // namespace

// burn 00:00 to 01:00, or burn over 1h: of those that reports show, up to now.
void Script::ExpectBurn(Words& words, const Outcome& outcome) {
  std::optional<int64_t> actual;
  if (words.Accept("over")) {
    const int64_t window_ms = TakeDuration(words);
    const auto at = std::find(report::kBurnWindowsMs.begin(), report::kBurnWindowsMs.end(), window_ms);
    if (at == report::kBurnWindowsMs.end()) return words.Fail("no report has a burn rate over that time");
    actual = report::SpendingOf(outcome.accounted, LastContract(), outcome.assessment.left_ms, outcome.overrides,
                                period_, NowMs())
                 .burn_ppm[static_cast<size_t>(at - report::kBurnWindowsMs.begin())];
  } else {
    const int64_t from_ms = TakeTime(words);
    words.Expect("to");
    const int64_t to_ms = TakeTime(words);
    const std::vector<sla::Term> terms = target().Terms();
    actual = sla::BurnRatePpm(sla::AccountOf(outcome.accounted, {from_ms, to_ms}), sla::ContractAt(terms, to_ms - 1));
  }
  const std::string expected = words.Accept("none") ? "none" : StrCat(TakeNumber(words));
  words.Accept("ppm");
  Same(words, "the burn rate", Number(actual), expected);
}

// end of budget 10T08:00
void Script::ExpectEnd(Words& words, const Outcome& outcome) {
  words.Expect("of");
  words.Expect("budget");
  const std::string expected = words.Accept("none") ? "none" : StrCat(TakeTime(words));
  const report::Spending spending = report::SpendingOf(outcome.accounted, LastContract(), outcome.assessment.left_ms,
                                                       outcome.overrides, period_, NowMs());
  Same(words, "the end", Number(spending.ends_ms), expected);
}

// credit of 2025-01 10.0000% 1200.00
void Script::ExpectMonthCredit(Words& words, const Outcome& outcome) {
  const std::string month = words.Take("a month");
  const std::string share = words.Take("a percentage");
  const std::string amount = words.Take("an amount");
  catalogue::Target of;
  of.contracts = target().versions;
  const auto credits = report::CreditsOf(outcome.accounted, of, period_, NowMs());
  if (!credits.ok()) return words.Fail(std::string(FromAbsl(credits.status().message())));
  for (const report::MonthCredit& credit : *credits) {
    if (credit.month != month) continue;
    const std::string actual =
        credit.credit_ppm.has_value() ? sla::PercentText(sla::Ratio{*credit.credit_ppm, 1'000'000}) + "%" : "none";
    Same(words, "the credit", StrCat(actual, " ", Yuan(credit.credit_fen)), StrCat(share, " ", amount));
    return;
  }
  Same(words, "the credit", "none none", StrCat(share, " ", amount));
}

// credits 1200.00: of all months that are over.
void Script::ExpectCredits(Words& words, const Outcome& outcome) {
  const std::string expected = words.Take("an amount");
  catalogue::Target of;
  of.contracts = target().versions;
  const auto credits = report::CreditsOf(outcome.accounted, of, period_, NowMs());
  if (!credits.ok()) return words.Fail(std::string(FromAbsl(credits.status().message())));
  Same(words, "the sum", Yuan(report::CreditFen(*credits)), expected);
}

// The members that lines give figures of, and the targets that have names.
void Script::ExpectPooled(Words& words) {
  std::vector<sla::PooledMember> members = members_;
  std::vector<std::string> names = member_names_;
  for (const Target& each : targets_) {
    if (each.name.empty()) continue;
    members.push_back(sla::MemberOf(Compute(each).assessment, each.weight));
    names.push_back(each.name);
  }
  const sla::PoolResult pool = sla::Pool(members);
  std::string actual = StrCat(pool.Percent().has_value() ? *pool.Percent() + "%" : "none", " worst ",
                              pool.worst.has_value() ? names[*pool.worst] : "none", " met ", pool.met, " breached ",
                              pool.breached, " undetermined ", pool.undetermined);
  if (pool.not_applicable > 0) StrAppend(&actual, " not_applicable ", pool.not_applicable);
  std::string expected;
  while (!words.done()) StrAppend(&expected, expected.empty() ? "" : " ", words.Take("a word"));
  Same(words, "the pool", actual, expected);
}

}  // namespace nines::scenario
