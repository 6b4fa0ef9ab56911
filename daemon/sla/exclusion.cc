#include "daemon/sla/exclusion.h"

#include <algorithm>
#include <map>

#include "absl/time/time.h"
#include "base/check.h"
#include "daemon/sla/period.h"

namespace nines::sla {
namespace {

// Each rule takes what the rules before it left.
class Layers {
 public:
  // The parts of `span` that are not taken yet, in the order of time.
  std::vector<Interval> Free(Interval span) const {
    std::vector<Interval> free;
    auto next = taken_.upper_bound(span.start_ms);
    if (next != taken_.begin()) span.start_ms = std::max(span.start_ms, std::prev(next)->second.interval.end_ms);
    for (; next != taken_.end() && next->first < span.end_ms; ++next) {
      if (span.start_ms < next->first) free.push_back({span.start_ms, next->first});
      span.start_ms = next->second.interval.end_ms;
    }
    if (!span.empty()) free.push_back(span);
    return free;
  }

  void Fill(Interval span, State state, ExclusionReason reason) {
    for (const Interval& part : Free(span)) taken_.emplace(part.start_ms, Override{part, state, reason});
  }

  std::vector<Override> Inside(Interval window) const {
    std::vector<Override> inside;
    for (const auto& [start_ms, each] : taken_) {
      const Interval part = Intersect(each.interval, window);
      if (!part.empty()) inside.push_back({part, each.state, each.reason});
    }
    return inside;
  }

 private:
  std::map<int64_t, Override> taken_;  // by start; not overlapping
};

Interval MonthOfTime(int64_t time_ms, const Contract& contract) {
  const absl::StatusOr<Interval> month = MonthContaining(time_ms, contract.time_zone);
  NINES_CHECK(month.ok());
  return *month;
}

bool MayBeExcluded(const MaintenanceWindow& window, const MaintenanceTerms& terms) {
  const int64_t start_ms = window.interval.start_ms;
  const bool cancelled = window.cancelled_ms.has_value() && *window.cancelled_ms < start_ms;
  return !cancelled && start_ms - window.announced_ms >= terms.notice_ms;
}

// The windows that may be excluded as one, in the order of time: where they overlap they count once.
std::vector<Interval> MergedWindows(const Exclusions& exclusions, const MaintenanceTerms& terms, Interval range) {
  std::vector<Interval> windows;
  for (const MaintenanceWindow& window : exclusions.maintenance) {
    const Interval part = Intersect(window.interval, range);
    if (!part.empty() && MayBeExcluded(window, terms)) windows.push_back(part);
  }
  std::sort(windows.begin(), windows.end(),
            [](const Interval& a, const Interval& b) { return a.start_ms < b.start_ms; });
  std::vector<Interval> merged;
  for (const Interval& window : windows) {
    if (merged.empty() || merged.back().end_ms < window.start_ms) {
      merged.push_back(window);
    } else {
      merged.back().end_ms = std::max(merged.back().end_ms, window.end_ms);
    }
  }
  return merged;
}

// `range` begins where a month does, so that nothing of its cap is used up yet.
void FillMaintenance(const Exclusions& exclusions, const Contract& contract, Interval range, Layers& layers) {
  const MaintenanceTerms& terms = contract.maintenance;
  if (!terms.excluded) return;
  const std::vector<Interval> windows = MergedWindows(exclusions, terms, range);
  if (!terms.cap_ms_per_month.has_value()) {
    for (const Interval& window : windows) layers.Fill(window, State::kExcluded, ExclusionReason::kMaintenance);
    return;
  }
  Interval month;
  int64_t left_ms = 0;
  for (const Interval& window : windows) {
    for (const Interval& free : layers.Free(window)) {
      for (int64_t start_ms = free.start_ms; start_ms < free.end_ms;) {
        if (!month.Contains(start_ms)) {
          month = MonthOfTime(start_ms, contract);
          left_ms = *terms.cap_ms_per_month;
        }
        const int64_t end_ms = std::min(free.end_ms, month.end_ms);
        const int64_t excluded_ms = std::min(end_ms - start_ms, left_ms);
        layers.Fill({start_ms, start_ms + excluded_ms}, State::kExcluded, ExclusionReason::kMaintenance);
        left_ms -= excluded_ms;
        start_ms = end_ms;
      }
    }
  }
}

}  // namespace

std::vector<Override> OverridesOf(const Exclusions& exclusions, const Contract& contract, Interval window) {
  if (window.empty()) return {};
  Interval range = window;
  const bool capped = contract.maintenance.excluded && contract.maintenance.cap_ms_per_month.has_value();
  if (capped && !exclusions.maintenance.empty()) range.start_ms = MonthOfTime(window.start_ms, contract).start_ms;
  Layers layers;
  const Interval& served = exclusions.in_service;
  layers.Fill(Intersect({kTimeMinMs, served.start_ms}, range), State::kExcluded, ExclusionReason::kNotInService);
  layers.Fill(Intersect({served.end_ms, kTimeMaxMs}, range), State::kExcluded, ExclusionReason::kNotInService);
  if (contract.service_hours.has_value()) {
    absl::TimeZone zone;
    NINES_CHECK(absl::LoadTimeZone(contract.time_zone, &zone));
    for (const Interval& closed : ClosedTime(*contract.service_hours, zone, range)) {
      layers.Fill(closed, State::kExcluded, ExclusionReason::kOutsideServiceHours);
    }
  }
  for (auto ruling = exclusions.rulings.rbegin(); ruling != exclusions.rulings.rend(); ++ruling) {
    if (!ruling->revoked) layers.Fill(Intersect(ruling->interval, range), ruling->state, ExclusionReason::kRuling);
  }
  FillMaintenance(exclusions, contract, range, layers);
  return layers.Inside(window);
}

Timeline ApplyExclusions(const Timeline& counted, const Exclusions& exclusions, const Contract& contract) {
  const std::vector<Override> overrides = OverridesOf(exclusions, contract, WindowOf(counted));
  Timeline result;
  auto next = overrides.begin();
  for (const Span& span : counted) {
    for (int64_t time_ms = span.start_ms; time_ms < span.end_ms;) {
      while (next != overrides.end() && next->interval.end_ms <= time_ms) ++next;
      const bool decided = next != overrides.end() && next->interval.start_ms <= time_ms;
      int64_t end_ms = span.end_ms;
      if (next != overrides.end()) {
        end_ms = std::min(end_ms, decided ? next->interval.end_ms : next->interval.start_ms);
      }
      AppendSpan(result, time_ms, end_ms, decided ? next->state : span.state);
      time_ms = end_ms;
    }
  }
  return result;
}

int64_t ExcludedMs(const Exclusions& exclusions, const Contract& contract, Interval window) {
  int64_t excluded_ms = 0;
  for (const Override& each : OverridesOf(exclusions, contract, window)) {
    if (each.state == State::kExcluded) excluded_ms += each.interval.length_ms();
  }
  return excluded_ms;
}

}  // namespace nines::sla
