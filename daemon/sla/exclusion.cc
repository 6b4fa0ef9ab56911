#include "daemon/sla/exclusion.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

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

  void Fill(Interval span, State state, ExclusionReason reason, size_t index = 0) {
    for (const Interval& part : Free(span)) taken_.emplace(part.start_ms, Override{part, state, reason, index});
  }

  std::vector<Override> Inside(Interval window) const {
    std::vector<Override> inside;
    for (const auto& [start_ms, each] : taken_) {
      const Interval part = Intersect(each.interval, window);
      if (!part.empty()) inside.push_back({part, each.state, each.reason, each.index});
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

std::optional<Refusal> RefusalOf(const MaintenanceWindow& window, const MaintenanceTerms& terms) {
  const int64_t start_ms = window.interval.start_ms;
  if (!terms.excluded) return Refusal::kNotInContract;
  if (window.cancelled_ms.has_value() && *window.cancelled_ms < start_ms) return Refusal::kCancelled;
  if (start_ms - window.announced_ms < terms.notice_ms) return Refusal::kLate;
  return std::nullopt;
}

// What is left of each month's cap. Asked for in any order of months, in each in the order of time.
class Cap {
 public:
  explicit Cap(const Contract& contract) : contract_(contract) {}

  // The part at the front of `span` that lies in one month and is within its cap, and where that month ends.
  std::pair<Interval, int64_t> Take(Interval span) {
    const std::optional<int64_t> cap_ms = contract_.maintenance.cap_ms_per_month;
    if (!cap_ms.has_value()) return {span, span.end_ms};
    if (!month_.Contains(span.start_ms)) month_ = MonthOfTime(span.start_ms, contract_);
    int64_t& left_ms = left_ms_.try_emplace(month_.start_ms, *cap_ms).first->second;
    const int64_t end_ms = std::min(span.end_ms, month_.end_ms);
    const int64_t taken_ms = std::min(end_ms - span.start_ms, left_ms);
    left_ms -= taken_ms;
    return {{span.start_ms, span.start_ms + taken_ms}, end_ms};
  }

 private:
  const Contract& contract_;
  Interval month_;
  std::map<int64_t, int64_t> left_ms_;  // by the month's start
};

// `range` begins where a month does, so that nothing of its cap is used up yet. A window of an earlier start takes its
// time before one of a later start does, so that each month's cap goes in the order of time.
void FillMaintenance(const Exclusions& exclusions, const Contract& contract, Interval range, Layers& layers) {
  std::vector<size_t> order;
  for (size_t i = 0; i < exclusions.maintenance.size(); ++i) {
    const MaintenanceWindow& window = exclusions.maintenance[i];
    if (Intersect(window.interval, range).empty()) continue;
    if (!RefusalOf(window, contract.maintenance).has_value()) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return exclusions.maintenance[a].interval.start_ms < exclusions.maintenance[b].interval.start_ms;
  });
  Cap cap(contract);
  for (const size_t i : order) {
    for (Interval free : layers.Free(Intersect(exclusions.maintenance[i].interval, range))) {
      while (!free.empty()) {
        const auto [excluded, next_ms] = cap.Take(free);
        layers.Fill(excluded, State::kExcluded, ExclusionReason::kMaintenance, i);
        free.start_ms = next_ms;
      }
    }
  }
}

// `window` is the one that is asked for.
std::vector<Refused> RefusedOf(const Exclusions& exclusions, const Contract& contract, Interval window,
                               const Layers& layers) {
  std::vector<Refused> refused;
  for (size_t i = 0; i < exclusions.maintenance.size(); ++i) {
    const MaintenanceWindow& planned = exclusions.maintenance[i];
    const Refusal refusal = RefusalOf(planned, contract.maintenance).value_or(Refusal::kOverCap);
    const Interval inside = Intersect(planned.interval, window);
    if (inside.empty()) continue;
    for (const Interval& part : layers.Free(inside)) refused.push_back({part, refusal, i});
  }
  return refused;
}

Layers LayersOf(const Exclusions& exclusions, const Contract& contract, Interval window) {
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
  for (size_t i = exclusions.rulings.size(); i-- > 0;) {
    const Ruling& ruling = exclusions.rulings[i];
    if (!ruling.revoked) layers.Fill(Intersect(ruling.interval, range), ruling.state, ExclusionReason::kRuling, i);
  }
  FillMaintenance(exclusions, contract, range, layers);
  return layers;
}

}  // namespace

std::string_view ReasonName(ExclusionReason reason) {
  constexpr std::array<std::string_view, 4> kNames = {"not in service", "outside service hours", "ruling",
                                                      "maintenance"};
  return kNames[static_cast<size_t>(reason)];
}

std::string_view RefusalName(Refusal refusal) {
  constexpr std::array<std::string_view, 4> kNames = {"not in contract", "cancelled", "announced late", "cap used up"};
  return kNames[static_cast<size_t>(refusal)];
}

Decisions DecisionsOf(const Exclusions& exclusions, const Contract& contract, Interval window) {
  if (window.empty()) return {};
  const Layers layers = LayersOf(exclusions, contract, window);
  return {layers.Inside(window), RefusedOf(exclusions, contract, window, layers)};
}

std::vector<Override> OverridesOf(const Exclusions& exclusions, const Contract& contract, Interval window) {
  if (window.empty()) return {};
  return LayersOf(exclusions, contract, window).Inside(window);
}

Timeline ApplyExclusions(const Timeline& counted, const Exclusions& exclusions, const Contract& contract) {
  return ApplyOverrides(counted, OverridesOf(exclusions, contract, WindowOf(counted)));
}

Timeline ApplyOverrides(const Timeline& counted, std::span<const Override> overrides) {
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

int64_t ExcludedMs(std::span<const Override> overrides, Interval window) {
  int64_t excluded_ms = 0;
  for (const Override& each : overrides) {
    const Interval inside = Intersect(each.interval, window);
    if (each.state == State::kExcluded && !inside.empty()) excluded_ms += inside.length_ms();
  }
  return excluded_ms;
}

int64_t ExcludedMs(const Exclusions& exclusions, const Contract& contract, Interval window) {
  return ExcludedMs(OverridesOf(exclusions, contract, window), window);
}

}  // namespace nines::sla
