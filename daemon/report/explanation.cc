#include "daemon/report/explanation.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "base/text.h"

namespace nines::report {
namespace {

using sla::ExclusionReason;
using sla::State;

// Why an instant that no rule of section 6 decides is in its state.
struct Basis {
  std::string rule;
  const sla::DeclaredSpan* declaration = nullptr;
};

Basis BasisOf(State counted, State observed, State declared, const std::vector<sla::DeclaredSpan>& declarations,
              int64_t time_ms) {
  Basis basis;
  const bool told = counted == declared && declared != State::kUp;
  if (told) {
    for (const sla::DeclaredSpan& span : declarations) {
      if (span.impact == declared && span.interval.Contains(time_ms)) basis.declaration = &span;
    }
  }
  if (counted == State::kUnknown) {
    basis.rule = "no result";
  } else if (counted != observed) {
    basis.rule = "declared";
  } else {
    basis.rule = told ? "observed and declared" : "observed";
  }
  return basis;
}

// Sums of milliseconds in the order in which their steps first come up.
class Sums {
 public:
  void Add(Step step, int64_t ms) {
    const auto key = std::make_tuple(step.kind, step.rule, step.state, step.fact);
    const auto [at, is_new] = index_.try_emplace(key, steps_.size());
    if (is_new) steps_.push_back(std::move(step));
    steps_[at->second].ms += ms;
  }
  // Rules in the order in which they are asked, then facts by position.
  std::vector<Step> InOrder() const {
    std::vector<Step> steps = steps_;
    const auto rank = [](const Step& step) {
      constexpr std::string_view kRules[] = {"not in service", "outside service hours", "ruling", "maintenance"};
      const auto found = std::find(std::begin(kRules), std::end(kRules), step.rule);
      return std::make_tuple(found - std::begin(kRules), step.state, step.rule, step.fact);
    };
    std::stable_sort(steps.begin(), steps.end(), [&](const Step& a, const Step& b) { return rank(a) < rank(b); });
    return steps;
  }

 private:
  std::map<std::tuple<StepKind, std::string, std::optional<State>, FactId>, size_t> index_;
  std::vector<Step> steps_;
};

Step Total(std::string rule, int64_t ms) { return {StepKind::kTotal, std::move(rule), std::nullopt, ms, "", FactId()}; }

// Where anything that explains an instant can change.
std::vector<int64_t> Boundaries(const Observation& observation, const std::vector<sla::DeclaredSpan>& declarations,
                                const std::vector<sla::Override>& overrides, Interval accounted) {
  std::vector<int64_t> times = {accounted.start_ms, accounted.end_ms};
  const auto add = [&](const Interval& interval) {
    for (const int64_t time_ms : {interval.start_ms, interval.end_ms}) {
      if (accounted.Contains(time_ms)) times.push_back(time_ms);
    }
  };
  for (const sla::Span& span : observation.timelines.observed) add(span.interval());
  for (const sla::Span& span : observation.timelines.counted) add(span.interval());
  for (const sla::DeclaredSpan& span : declarations) add(span.interval);
  for (const sla::Override& each : overrides) add(each.interval);
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

void AddRefused(const Plan& plan, const Recorded& recorded, Interval accounted, std::vector<Step>& steps) {
  const sla::Exclusions& exclusions = recorded.exclusions.back();
  Sums sums;
  sla::VisitTerms(plan.steps.back().terms, accounted, [&](Interval part, const sla::Contract& contract) {
    for (const sla::Refused& refused : sla::DecisionsOf(exclusions, contract, part).refused) {
      const sla::MaintenanceWindow& window = exclusions.maintenance[refused.index];
      sums.Add({StepKind::kNote, StrCat("maintenance not excluded: ", sla::RefusalName(refused.refusal)), std::nullopt,
                0, window.id, window.fact},
               refused.interval.length_ms());
    }
  });
  for (Step& step : sums.InOrder()) steps.push_back(std::move(step));
}

// What decides at an instant: nullptr where the basis does.
const sla::Override* DecidedAt(const std::vector<sla::Override>& overrides, int64_t time_ms) {
  const auto found = std::partition_point(overrides.begin(), overrides.end(),
                                          [&](const sla::Override& each) { return each.interval.end_ms <= time_ms; });
  return found != overrides.end() && found->interval.Contains(time_ms) ? &*found : nullptr;
}

}  // namespace

std::vector<Step> StepsOf(const Plan& plan, const Recorded& recorded, const Observation& observation, Interval period,
                          const sla::Assessment& assessment) {
  const Interval accounted = assessment.period;
  const std::vector<sla::Override> overrides =
      sla::OverridesOf(recorded.exclusions.back(), plan.steps.back().terms, accounted);
  const std::vector<int64_t> times = Boundaries(observation, recorded.declarations, overrides, accounted);
  Sums taken, parts;
  for (size_t i = 0; i + 1 < times.size(); ++i) {
    const int64_t ms = times[i + 1] - times[i];
    if (const sla::Override* decided = DecidedAt(overrides, times[i]); decided != nullptr) {
      const FactEvidence fact = EvidenceOf(*decided, plan, recorded, times[i]);
      const std::string rule(sla::ReasonName(decided->reason));
      if (decided->state == State::kExcluded) {
        taken.Add({StepKind::kTaken, rule, std::nullopt, 0, fact.name, fact.fact}, ms);
      } else {
        parts.Add({StepKind::kPart, rule, decided->state, 0, fact.name, fact.fact}, ms);
      }
      continue;
    }
    const State counted = sla::StateAt(observation.timelines.counted, times[i]);
    const Basis basis =
        BasisOf(counted, sla::StateAt(observation.timelines.observed, times[i]),
                sla::StateAt(observation.timelines.declared, times[i]), recorded.declarations, times[i]);
    Step part{StepKind::kPart, basis.rule, counted, 0, "", FactId()};
    if (basis.declaration != nullptr) {
      part.fact_name = basis.declaration->id;
      part.fact = basis.declaration->fact;
    }
    parts.Add(std::move(part), ms);
  }
  std::vector<Step> steps = {Total("period", period.length_ms())};
  if (accounted.end_ms < period.end_ms) {
    steps.push_back(
        {StepKind::kTaken, "not over yet", std::nullopt, period.length_ms() - accounted.length_ms(), "", FactId()});
  }
  for (Step& step : taken.InOrder()) steps.push_back(std::move(step));
  steps.push_back(Total("scheduled", assessment.account.scheduled_ms()));
  for (Step& step : parts.InOrder()) steps.push_back(std::move(step));
  steps.push_back(Total("good", assessment.good_ms));
  steps.push_back(Total("bad", assessment.bad_ms));
  steps.push_back(Total("unknown", assessment.unknown_ms));
  steps.push_back(Total("counted as good", assessment.counted_good_ms));
  steps.push_back(Total("counted as bad", assessment.counted_bad_ms));
  AddRefused(plan, recorded, accounted, steps);
  return steps;
}

namespace {

void AddFacts(const Plan& plan, const Recorded& recorded, int64_t time_ms, InstantExplanation& explanation) {
  const catalogue::ContractVersion& contract = plan.steps.back().target->ContractAt(time_ms);
  const sla::Exclusions& exclusions = recorded.exclusions.back();
  for (const sla::Ruling& ruling : exclusions.rulings) {
    if (!ruling.interval.Contains(time_ms)) continue;
    explanation.facts.push_back({"ruling", ruling.id, ruling.fact, std::string(sla::StateName(ruling.state))});
  }
  const std::vector<sla::Refused> refused =
      sla::DecisionsOf(exclusions, contract.terms, {time_ms, time_ms + 1}).refused;
  for (size_t i = 0; i < exclusions.maintenance.size(); ++i) {
    const sla::MaintenanceWindow& window = exclusions.maintenance[i];
    if (!window.interval.Contains(time_ms)) continue;
    const auto found =
        std::find_if(refused.begin(), refused.end(), [&](const sla::Refused& each) { return each.index == i; });
    explanation.facts.push_back(
        {"maintenance", window.id, window.fact,
         found == refused.end() ? "planned" : StrCat("not excluded: ", sla::RefusalName(found->refusal))});
  }
  for (const sla::DeclaredSpan& span : recorded.declarations) {
    if (!span.interval.Contains(time_ms)) continue;
    explanation.facts.push_back({"declaration", span.id, span.fact, std::string(sla::StateName(span.impact))});
  }
  explanation.facts.push_back(
      {"contract", contract.id.value(), contract.position, StrCat("basis ", sla::BasisName(contract.terms.basis))});
}

}  // namespace

absl::StatusOr<InstantExplanation> ExplainInstant(const series::Store& store, const Plan& plan,
                                                  const Recorded& recorded, const Observation& observation,
                                                  int64_t time_ms, int64_t now_ms) {
  InstantExplanation explanation;
  explanation.time_ms = time_ms;
  explanation.state = sla::StateAt(observation.accounted, time_ms);
  explanation.observed = sla::StateAt(observation.timelines.observed, time_ms);
  explanation.declared = sla::StateAt(observation.timelines.declared, time_ms);
  for (const catalogue::Check* check : plan.checks) {
    NINES_ASSIGN_OR_RETURN(CheckEvidence evidence, EvidenceOf(store, *check, time_ms, now_ms));
    explanation.checks.push_back(std::move(evidence));
  }
  AddFacts(plan, recorded, time_ms, explanation);
  const std::vector<sla::Override> overrides =
      sla::OverridesOf(recorded.exclusions.back(), plan.steps.back().terms, {time_ms, time_ms + 1});
  FactId deciding;
  if (!overrides.empty()) {
    explanation.reason = sla::ReasonName(overrides[0].reason);
    const FactEvidence fact = EvidenceOf(overrides[0], plan, recorded, time_ms);
    deciding = fact.fact;
    if (overrides[0].reason == ExclusionReason::kNotInService) {
      explanation.facts.push_back({"target", fact.name, fact.fact, "service dates"});
    }
  } else {
    const Basis basis =
        BasisOf(explanation.state, explanation.observed, explanation.declared, recorded.declarations, time_ms);
    explanation.reason = basis.rule;
    if (basis.declaration != nullptr) deciding = basis.declaration->fact;
  }
  std::stable_partition(explanation.facts.begin(), explanation.facts.end(),
                        [&](const FactEvidence& each) { return each.fact == deciding && deciding != FactId(); });
  return explanation;
}

}  // namespace nines::report
