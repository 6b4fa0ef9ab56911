#include "daemon/report/history.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/status_macros.h"
#include "daemon/report/results.h"

namespace nines::report {
namespace {

absl::StatusOr<std::vector<sla::RunBuilder>> LoadRuns(const series::Store& store, const Plan& plan, Interval window,
                                                      int64_t now_ms) {
  std::vector<sla::RunBuilder> runs;
  runs.reserve(plan.checks.size());
  for (const catalogue::Check* check : plan.checks) {
    NINES_ASSIGN_OR_RETURN(const std::vector<sla::Result> results, LoadResults(store, *check, window, now_ms));
    sla::RunBuilder& builder = runs.emplace_back(check->rule);
    for (const sla::Result& result : results) builder.Add(result);
  }
  return runs;
}

}  // namespace

absl::StatusOr<int64_t> FirstKnownMs(const series::Store& store, const Plan& plan, const Recorded& recorded) {
  int64_t first_ms = FirstRecordedMs(recorded);
  for (const catalogue::Check* check : plan.checks) {
    NINES_ASSIGN_OR_RETURN(const std::optional<int64_t> result_ms, FirstResultMs(store, *check));
    first_ms = std::min(first_ms, result_ms.value_or(kTimeMaxMs));
  }
  return first_ms;
}

absl::StatusOr<Observation> ObserveHistory(const series::Store& store, const Plan& plan, const Recorded& recorded,
                                           Interval period, int64_t now_ms) {
  int64_t before_ms = kFirstMarginMs + MinOutageMs(plan);
  int64_t after_ms = before_ms;
  std::optional<int64_t> first_known_ms;
  while (true) {
    const Interval window = {period.start_ms - before_ms, std::min(period.end_ms + after_ms, now_ms)};
    const bool nothing_before = first_known_ms.has_value() && window.start_ms <= *first_known_ms;
    NINES_ASSIGN_OR_RETURN(const std::vector<sla::RunBuilder> runs, LoadRuns(store, plan, window, now_ms));
    std::vector<sla::CheckInput> checks;
    for (const sla::RunBuilder& builder : runs) checks.push_back({builder.runs(), builder.rule()});
    Observation observation = Observe(plan, checks, recorded, OverridesOver(plan, recorded, window), window, now_ms,
                                      nothing_before ? Before::kNothing : Before::kSomething);
    const Unsettled unsettled = UnsettledEdges(observation, period, plan.steps.back().terms);
    if (!unsettled.left && !unsettled.right) return observation;
    if (unsettled.left) {
      if (!first_known_ms.has_value()) {
        NINES_ASSIGN_OR_RETURN(first_known_ms, FirstKnownMs(store, plan, recorded));
      }
      before_ms *= kMarginGrowth;
    }
    if (unsettled.right) after_ms *= kMarginGrowth;
  }
}

}  // namespace nines::report
