#include <algorithm>
#include <map>

#include "base/text.h"
#include "tests/scenario/script.h"

namespace nines::scenario {
namespace {

std::string Text(const std::optional<sla::Ratio>& ratio) {
  return ratio.has_value() ? sla::PercentText(*ratio) + "%" : "none";
}

std::string Text(const std::optional<int64_t>& ms) { return ms.has_value() ? StrCat(*ms) : "none"; }

std::string Differs(std::string_view what, std::string_view actual, std::string_view expected) {
  return StrCat(what, " is ", actual, ", not ", expected);
}

}  // namespace

Interval Script::Context() const {
  int64_t start_ms = period_.start_ms;
  for (const Check& check : checks_) {
    for (const sla::Result& result : check.results) start_ms = std::min(start_ms, result.time_ms);
  }
  for (const sla::DeclaredSpan& each : declarations_) start_ms = std::min(start_ms, each.interval.start_ms);
  for (const sla::Ruling& each : exclusions_.rulings) start_ms = std::min(start_ms, each.interval.start_ms);
  return {start_ms, NowMs()};
}

Script::Outcome Script::Compute() const {
  std::vector<std::vector<sla::ResultRun>> runs;
  runs.reserve(checks_.size());
  std::vector<sla::CheckInput> inputs;
  sla::InputNode all = sla::InputNode::Group(sla::DownWhen{}, {});
  for (const Check& check : checks_) {
    runs.push_back(sla::RunsOf(check.results, check.rule));
    inputs.push_back({runs.back(), check.rule});
    all.inputs.push_back(sla::InputNode::Check(all.inputs.size()));
  }
  Outcome outcome;
  outcome.timelines = sla::TimelinesOf(root_.value_or(all), inputs, declarations_, contract_, Context(), NowMs());
  outcome.accounted = sla::ApplyExclusions(outcome.timelines.counted, exclusions_, contract_);
  const Interval ahead = {std::max(period_.start_ms, NowMs()), period_.end_ms};
  outcome.assessment =
      sla::Assess(outcome.accounted, period_, contract_, NowMs(), sla::ExcludedMs(exclusions_, contract_, ahead));
  return outcome;
}

void Script::Expect(Words& words) {
  if (words.Accept("pooled")) return ExpectPooled(words);
  const Outcome outcome = Compute();
  if (words.Accept("outage")) return ExpectOutage(words, outcome);
  if (words.Accept("burn")) return ExpectBurn(words, outcome);
  if (words.Accept("at")) return ExpectState(words, outcome.accounted);
  if (words.Accept("observed")) return ExpectState(words, outcome.timelines.observed);
  if (words.Accept("declared")) return ExpectState(words, outcome.timelines.declared);
  ExpectValues(words, outcome);
}

void Script::ExpectValues(Words& words, const Outcome& outcome) {
  while (!words.done()) {
    const std::string name = words.Take("a name");
    const std::string_view verdict = sla::VerdictName(outcome.assessment.verdict);
    if (name == "met" || name == "breached" || name == "undetermined" || name == "not_applicable") {
      if (name != verdict) words.Fail(Differs("the verdict", verdict, name));
    } else if (const auto percent = PercentOf(name, outcome, contract_)) {
      const std::string expected = words.Take("a percentage");
      if (expected != *percent) words.Fail(Differs(name, *percent, expected));
    } else if (const auto actual = MillisecondsOf(name, outcome)) {
      const std::string expected = words.Accept("none") ? "none" : StrCat(TakeDuration(words));
      if (expected != *actual) words.Fail(Differs(name, *actual, expected));
    } else {
      words.Fail(StrCat("'", name, "' cannot be expected; README.md says what can"));
    }
  }
}

std::optional<std::string> Script::PercentOf(std::string_view name, const Outcome& outcome,
                                             const sla::Contract& contract) {
  const sla::Assessment& assessment = outcome.assessment;
  if (name == "availability") return Text(assessment.availability);
  if (name == "lower") return Text(assessment.lower);
  if (name == "upper") return Text(assessment.upper);
  if (name == "coverage") return Text(sla::Ratio{assessment.coverage_ppm, 1'000'000});
  if (name == "credit") {
    const std::optional<int64_t> credit_ppm = sla::CreditPpm(assessment, contract);
    return credit_ppm.has_value() ? Text(sla::Ratio{*credit_ppm, 1'000'000}) : "none";
  }
  return std::nullopt;
}

std::optional<std::string> Script::MillisecondsOf(std::string_view name, const Outcome& outcome) {
  const sla::Assessment& assessment = outcome.assessment;
  const auto lengths = [](const std::vector<Interval>& intervals) {
    int64_t sum_ms = 0;
    for (const Interval& interval : intervals) sum_ms += interval.length_ms();
    return sum_ms;
  };
  const sla::Difference difference = sla::DifferenceOf(sla::Clip(outcome.timelines.observed, assessment.period),
                                                       sla::Clip(outcome.timelines.declared, assessment.period));
  const std::map<std::string_view, std::optional<int64_t>> values = {
      {"length", assessment.period.length_ms()},
      {"up", assessment.account.up_ms},
      {"degraded", assessment.account.degraded_ms},
      {"down", assessment.account.down_ms},
      {"unknown", assessment.account.unknown_ms},
      {"excluded", assessment.account.excluded_ms},
      {"good", assessment.good_ms},
      {"bad", assessment.bad_ms},
      {"outages", assessment.outage_count},
      {"longest", assessment.longest_ms},
      {"mttr", assessment.mttr_ms},
      {"mtbf", assessment.mtbf_ms},
      {"budget", assessment.budget_ms},
      {"spent", assessment.spent_ms},
      {"left", assessment.left_ms},
      {"observed_not_declared", lengths(difference.observed_not_declared)},
      {"declared_not_observed", lengths(difference.declared_not_observed)},
  };
  const auto value = values.find(name);
  return value == values.end() ? std::nullopt : std::optional(Text(value->second));
}

void Script::ExpectOutage(Words& words, const Outcome& outcome) {
  const size_t number = TakeNumber(words);
  const std::vector<sla::Outage>& outages = outcome.assessment.outages;
  if (number < 1 || number > outages.size()) return words.Fail(StrCat("there are ", outages.size(), " outages"));
  const auto text = [](const Interval& span, bool open) {
    return StrCat("[", span.start_ms, ", ", span.end_ms, open ? ") open" : ")");
  };
  const auto take_span = [&] {
    words.Expect("from");
    const int64_t start_ms = TakeTime(words);
    words.Expect("to");
    return Interval{start_ms, TakeTime(words)};
  };
  const sla::Outage& outage = outages[number - 1];
  const Interval whole = take_span();
  const Interval inside = words.Accept("inside") ? take_span() : whole;
  const bool open = words.Accept("open");
  if (outage.whole != whole || outage.open != open) {
    words.Fail(Differs("the outage", text(outage.whole, outage.open), text(whole, open)));
  }
  if (outage.inside != inside) words.Fail(Differs("its part inside", text(outage.inside, false), text(inside, false)));
}

void Script::ExpectState(Words& words, const sla::Timeline& timeline) {
  words.Accept("at");
  const int64_t time_ms = TakeTime(words);
  const std::string expected = words.Take("a state");
  const std::string_view actual = sla::StateName(sla::StateAt(timeline, time_ms));
  if (expected != actual) words.Fail(Differs("the state", actual, expected));
}

void Script::ExpectBurn(Words& words, const Outcome& outcome) {
  const int64_t from_ms = TakeTime(words);
  words.Expect("to");
  const sla::Account window = sla::AccountOf(outcome.accounted, {from_ms, TakeTime(words)});
  const std::string expected = words.Accept("none") ? "none" : StrCat(TakeNumber(words));
  words.Accept("ppm");
  const std::string actual = Text(sla::BurnRatePpm(window, contract_));
  if (expected != actual) words.Fail(Differs("the burn rate", actual, expected));
}

void Script::ExpectPooled(Words& words) {
  const sla::PoolResult pool = sla::Pool(members_);
  const std::string actual = StrCat(pool.Percent().has_value() ? *pool.Percent() + "%" : "none", " worst ",
                                    pool.worst.has_value() ? member_names_[*pool.worst] : "none", " met ", pool.met,
                                    " breached ", pool.breached, " undetermined ", pool.undetermined);
  std::string expected;
  while (!words.done()) StrAppend(&expected, expected.empty() ? "" : " ", words.Take("a word"));
  if (expected != actual) words.Fail(Differs("the pool", actual, expected));
}

}  // namespace nines::scenario
