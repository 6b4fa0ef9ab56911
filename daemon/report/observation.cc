#include "daemon/report/observation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"

namespace nines::report {
namespace {

class Planner {
 public:
  explicit Planner(const catalogue::Catalogue& catalogue) : catalogue_(catalogue) {}

  size_t AddTarget(const catalogue::Target& target) {
    if (const auto found = steps_.find(&target); found != steps_.end()) return found->second;
    sla::InputNode root = NodeOf(target.root);
    plan_.steps.push_back({&target, target.Terms(), std::move(root)});
    return steps_[&target] = plan_.steps.size() - 1;
  }
  Plan Take() { return std::move(plan_); }

 private:
  // Beyond the end of everything: unknown throughout.
  static constexpr size_t kNowhere = ~size_t{0};

  sla::InputNode NodeOf(const catalogue::Input& input) {
    if (!input.check.value().empty()) return sla::InputNode::Check(AddCheck(input.check));
    if (!input.target.value().empty()) {
      const auto found = catalogue_.targets.find(input.target);
      return sla::InputNode::Computed(found == catalogue_.targets.end() ? kNowhere : AddTarget(found->second));
    }
    std::vector<sla::InputNode> inputs;
    inputs.reserve(input.inputs.size());
    for (const catalogue::Input& inner : input.inputs) inputs.push_back(NodeOf(inner));
    return sla::InputNode::Group(input.down_when, std::move(inputs));
  }

  size_t AddCheck(const CheckId& id) {
    const auto found = catalogue_.checks.find(id);
    if (found == catalogue_.checks.end()) return kNowhere;
    const auto [index, is_new] = checks_.emplace(&found->second, plan_.checks.size());
    if (is_new) plan_.checks.push_back(&found->second);
    return index->second;
  }

  const catalogue::Catalogue& catalogue_;
  Plan plan_;
  std::map<const catalogue::Target*, size_t> steps_;
  std::map<const catalogue::Check*, size_t> checks_;
};

// What is exact after min_outage: a down span at an edge is not judged yet while it is too short as far as it is seen.
Interval ExactAfterMinOutage(const sla::Timeline& raw, Interval exact, int64_t min_outage_ms) {
  if (min_outage_ms <= 0) return exact;
  const sla::Timeline seen = sla::Clip(raw, exact);
  if (seen.empty()) return exact;
  const auto open = [&](const sla::Span& span) {
    return span.state == sla::State::kDown && span.length_ms() < min_outage_ms;
  };
  Interval judged = exact;
  if (exact.start_ms > kTimeMinMs && open(seen.front())) judged.start_ms = seen.front().end_ms;
  if (exact.end_ms < kTimeMaxMs && open(seen.back())) judged.end_ms = seen.back().start_ms;
  return judged;
}

// The end of the outage that the instant lies in; the instant itself where it lies in none.
int64_t OutageEnd(const sla::Timeline& timeline, int64_t time_ms, const sla::Contract& contract) {
  auto span =
      std::partition_point(timeline.begin(), timeline.end(), [&](const sla::Span& s) { return s.end_ms <= time_ms; });
  for (; span != timeline.end() && span->start_ms <= time_ms && IsBad(span->state, contract); ++span) {
    time_ms = span->end_ms;
  }
  return time_ms;
}

// The start of the outage that goes up to the instant, or over it; the instant itself where there is none.
int64_t OutageStart(const sla::Timeline& timeline, int64_t time_ms, const sla::Contract& contract) {
  auto span =
      std::partition_point(timeline.begin(), timeline.end(), [&](const sla::Span& s) { return s.start_ms < time_ms; });
  while (span != timeline.begin() && IsBad(std::prev(span)->state, contract)) time_ms = (--span)->start_ms;
  return time_ms;
}

Unsettled UnsettledIn(const sla::Timeline& accounted, Interval exact, Interval period, const sla::Contract& contract) {
  Unsettled unsettled;
  if (exact.start_ms > kTimeMinMs) {
    unsettled.left = exact.start_ms > period.start_ms || exact.empty() ||
                     OutageEnd(accounted, exact.start_ms, contract) > period.start_ms;
  }
  if (exact.end_ms < kTimeMaxMs) {
    unsettled.right =
        exact.end_ms < period.end_ms || exact.empty() || OutageStart(accounted, exact.end_ms, contract) < period.end_ms;
  }
  return unsettled;
}

int64_t LongestMinOutageMs(sla::ContractTerms terms) {
  int64_t longest_ms = 0;
  for (const sla::Term& term : terms) longest_ms = std::max(longest_ms, term.contract->min_outage_ms);
  return longest_ms;
}

}  // namespace

Plan PlanOf(const catalogue::Catalogue& catalogue, const catalogue::Target& target) {
  Planner planner(catalogue);
  planner.AddTarget(target);
  return planner.Take();
}

int64_t MinOutageMs(const Plan& plan) {
  int64_t longest_ms = 0;
  for (const Plan::Step& step : plan.steps) longest_ms = std::max(longest_ms, LongestMinOutageMs(step.terms));
  return longest_ms;
}

Recorded RecordedOf(const World& world, const Plan& plan) {
  Recorded recorded;
  recorded.declarations = world.declarations.Of(*plan.steps.back().target);
  for (const Plan::Step& step : plan.steps) recorded.exclusions.push_back(world.exclusions.Of(*step.target));
  return recorded;
}

int64_t FirstRecordedMs(const Recorded& recorded) {
  int64_t first_ms = kTimeMaxMs;
  for (const sla::DeclaredSpan& span : recorded.declarations) first_ms = std::min(first_ms, span.interval.start_ms);
  for (const sla::Exclusions& exclusions : recorded.exclusions) {
    for (const sla::Ruling& ruling : exclusions.rulings) {
      if (ruling.state != sla::State::kExcluded) first_ms = std::min(first_ms, ruling.interval.start_ms);
    }
  }
  return first_ms;
}

StepOverrides OverridesOver(const Plan& plan, const Recorded& recorded, Interval window) {
  StepOverrides overrides;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    overrides.push_back(sla::OverridesOf(recorded.exclusions[i], plan.steps[i].terms, window));
  }
  return overrides;
}

bool IsBad(sla::State state, const sla::Contract& contract) {
  return state == sla::State::kDown ||
         (state == sla::State::kDegraded && contract.degraded_counts_as == sla::DegradedCountsAs::kDown);
}

Observation Observe(const Plan& plan, std::span<const sla::CheckInput> checks, const Recorded& recorded,
                    const StepOverrides& overrides, Interval window, int64_t now_ms, Before before) {
  NINES_CHECK(!plan.steps.empty() && checks.size() == plan.checks.size() && overrides.size() == plan.steps.size());
  const Interval known = {window.start_ms, std::min(window.end_ms, now_ms)};
  Observation observation;
  observation.exact = {before == Before::kNothing ? kTimeMinMs : known.start_ms,
                       window.end_ms >= now_ms ? kTimeMaxMs : known.end_ms};
  sla::TargetTimelines& timelines = observation.timelines;
  std::vector<sla::Timeline> computed(plan.steps.size());
  std::vector<const sla::Timeline*> pointers;
  for (size_t i = 0; i < plan.steps.size(); ++i) {
    const Plan::Step& step = plan.steps[i];
    sla::Timeline raw = sla::ObservedTimeline(step.root, checks, known, now_ms, pointers);
    observation.exact = ExactAfterMinOutage(raw, observation.exact, LongestMinOutageMs(step.terms));
    sla::Timeline observed = sla::ApplyMinOutage(std::move(raw), step.terms);
    if (i + 1 == plan.steps.size()) {
      timelines.observed = std::move(observed);
    } else {
      computed[i] = overrides[i].empty() ? std::move(observed) : sla::ApplyOverrides(observed, overrides[i]);
      pointers.push_back(&computed[i]);
    }
  }
  timelines.declared = sla::DeclaredTimeline(recorded.declarations, known);
  timelines.counted = sla::ApplyBasis(plan.steps.back().terms, timelines.observed, timelines.declared);
  observation.accounted = sla::ApplyOverrides(timelines.counted, overrides.back());
  return observation;
}

Observation ObservationFrom(const Plan& plan, const Recorded& recorded, const sla::Timeline& observed) {
  const Interval window = sla::WindowOf(observed);
  Observation observation;
  observation.exact = window;
  sla::TargetTimelines& timelines = observation.timelines;
  timelines.observed = observed;
  timelines.declared = sla::DeclaredTimeline(recorded.declarations, window);
  timelines.counted = sla::ApplyBasis(plan.steps.back().terms, timelines.observed, timelines.declared);
  observation.accounted = sla::ApplyOverrides(
      timelines.counted, sla::OverridesOf(recorded.exclusions.back(), plan.steps.back().terms, window));
  return observation;
}

Unsettled UnsettledEdges(const Observation& observation, Interval period, sla::ContractTerms terms) {
  if (terms.size() == 1) return UnsettledIn(observation.accounted, observation.exact, period, *terms[0].contract);
  return UnsettledIn(sla::BadTimeline(observation.accounted, terms), observation.exact, period, sla::Contract());
}

}  // namespace nines::report
