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

// Wide enough for every span to be judged whole.
Interval Script::Context() const {
  int64_t start_ms = period_.start_ms;
  for (const Target& each : targets_) {
    for (const Check& check : each.checks) {
      for (const sla::Result& result : check.results) start_ms = std::min(start_ms, result.time_ms);
    }
    for (const sla::DeclaredSpan& span : each.declarations) start_ms = std::min(start_ms, span.interval.start_ms);
    for (const sla::Ruling& ruling : each.exclusions.rulings) {
      start_ms = std::min(start_ms, ruling.interval.start_ms);
    }
  }
  return {start_ms, NowMs()};
}

const sla::Contract& Script::LastContract() const {
  const std::vector<sla::Term> terms = target().Terms();
  return sla::ContractAt(terms, std::max(period_.start_ms, std::min(period_.end_ms, NowMs()) - 1));
}

sla::Timeline Script::Observed(const Target& target) const {
  std::vector<std::vector<sla::ResultRun>> runs;
  runs.reserve(target.checks.size());
  std::vector<sla::CheckInput> inputs;
  sla::InputNode all = sla::InputNode::Group(sla::DownWhen{}, {});
  for (const Check& check : target.checks) {
    runs.push_back(sla::RunsOf(check.results, check.rule));
    inputs.push_back({runs.back(), check.rule});
    all.inputs.push_back(sla::InputNode::Check(all.inputs.size()));
  }
  // Another target enters with its own exclusions.
  std::vector<sla::Timeline> others(targets_.size());
  std::vector<const sla::Timeline*> computed;
  for (size_t i = 0; i < targets_.size(); ++i) {
    computed.push_back(&others[i]);
    if (!target.uses.contains(i)) continue;
    const std::vector<sla::Term> terms = targets_[i].Terms();
    others[i] = sla::ApplyOverrides(Observed(targets_[i]), sla::OverridesOf(targets_[i].exclusions, terms, Context()));
  }
  const std::vector<sla::Term> terms = target.Terms();
  return sla::ApplyMinOutage(sla::ObservedTimeline(target.root.value_or(all), inputs, Context(), NowMs(), computed),
                             terms);
}

Script::Outcome Script::Compute(const Target& target) const {
  const std::vector<sla::Term> terms = target.Terms();
  Outcome outcome;
  outcome.timelines.observed = Observed(target);
  outcome.timelines.declared = sla::DeclaredTimeline(target.declarations, Context());
  outcome.timelines.counted = sla::ApplyBasis(terms, outcome.timelines.observed, outcome.timelines.declared);
  const Interval ahead = {std::max(period_.start_ms, NowMs()), period_.end_ms};
  outcome.overrides =
      sla::OverridesOf(target.exclusions, terms, {Context().start_ms, std::max(NowMs(), period_.end_ms)});
  outcome.accounted = sla::ApplyOverrides(outcome.timelines.counted, outcome.overrides);
  outcome.assessment =
      sla::Assess(outcome.accounted, period_, terms, NowMs(), sla::ExcludedMs(outcome.overrides, ahead));
  return outcome;
}

void Script::Expect(Words& words) {
  if (words.Accept("pooled")) return ExpectPooled(words);
  if (words.Accept("refused")) return ExpectRefused(words);
  const Outcome outcome = Compute(target());
  if (words.Accept("outage")) return ExpectOutage(words, outcome);
  if (words.Accept("burn")) return ExpectBurn(words, outcome);
  if (words.Accept("end")) return ExpectEnd(words, outcome);
  if (words.Accept("credits")) return ExpectCredits(words, outcome);
  if (words.Accept("rule")) return ExpectRule(words, outcome);
  if (words.Accept("at")) return ExpectState(words, outcome.accounted);
  if (words.Accept("observed")) return ExpectState(words, outcome.timelines.observed);
  if (words.Accept("declared")) return ExpectState(words, outcome.timelines.declared);
  ExpectValues(words, outcome);
}

void Script::ExpectValues(Words& words, const Outcome& outcome) {
  while (!words.done()) {
    const std::string name = words.Take("a name");
    const std::string_view verdict = sla::VerdictName(outcome.assessment.verdict);
    if (name == "credit" && words.Accept("of")) return ExpectMonthCredit(words, outcome);
    if (name == "met" || name == "breached" || name == "undetermined" || name == "not_applicable") {
      if (name != verdict) words.Fail(Differs("the verdict", verdict, name));
    } else if (const auto percent = PercentOf(name, outcome, LastContract())) {
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

}  // namespace nines::scenario
