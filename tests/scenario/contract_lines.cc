#include "base/text.h"
#include "daemon/sla/period.h"
#include "tests/scenario/script.h"

namespace nines::scenario {
namespace {

template <typename T>
T TakeNamed(Words& words, std::optional<T> (*parse)(std::string_view), std::string_view what) {
  const std::string word = words.Take(what);
  const std::optional<T> parsed = parse(word);
  if (!parsed.has_value()) words.Fail(StrCat("'", word, "' is not known here; write ", what));
  return parsed.value_or(T{});
}

}  // namespace

void Script::ReadContractLine(const std::string& verb, Words& words) {
  sla::Contract& terms = contract();
  if (verb == "contract") {
    ReadVersion(words);
  } else if (verb == "objective") {
    terms.objective_ppm = TakeShare(words);
  } else if (verb == "basis") {
    terms.basis = TakeNamed(words, sla::ParseBasis, "observed, declared, either or both");
  } else if (verb == "degraded") {
    words.Expect("counts");
    words.Expect("as");
    terms.degraded_counts_as = TakeNamed(words, sla::ParseDegradedCountsAs, "up or down");
  } else if (verb == "no") {
    words.Expect("data");
    terms.no_data = TakeNamed(words, sla::ParseNoData, "exclude, down or up");
  } else if (verb == "min") {
    if (words.Accept("coverage")) {
      terms.min_coverage_ppm = TakeShare(words);
    } else {
      words.Expect("outage");
      terms.min_outage_ms = TakeDuration(words);
    }
  } else if (verb == "credit") {
    const int64_t credit_ppm = TakeShare(words);
    words.Expect("below");
    terms.credits.push_back({.below_ppm = TakeShare(words), .credit_ppm = credit_ppm});
  } else if (verb == "fee") {
    target().versions.back().monthly_fee_fen = TakeMoney(words);
    words.Expect("a");
    words.Expect("month");
  } else {
    words.Fail(StrCat("'", verb, "' does not begin a line; README.md has the language"));
  }
}

// contract from 2025-04: what follows holds from that month on, and nothing of what was said before.
void Script::ReadVersion(Words& words) {
  words.Expect("from");
  const absl::StatusOr<Interval> month = sla::MonthOf(words.Take("a month"), zone_name_);
  if (!month.ok()) return words.Fail(std::string(FromAbsl(month.status().message())));
  std::vector<catalogue::ContractVersion>& versions = target().versions;
  if (month->start_ms <= versions.back().from_ms) return words.Fail("a version stands after those before it in time");
  catalogue::ContractVersion& version = versions.emplace_back();
  version.from_ms = month->start_ms;
  version.terms.time_zone = zone_name_;
}

std::vector<sla::Term> Script::Target::Terms() const {
  std::vector<sla::Term> terms;
  for (const catalogue::ContractVersion& version : versions) terms.push_back({version.from_ms, &version.terms});
  return terms;
}

}  // namespace nines::scenario
