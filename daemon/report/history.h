#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "daemon/report/observation.h"
#include "storage/series/store.h"

namespace nines::report {

// How far beyond a period's edge is looked first, and how much wider each time that is not enough.
inline constexpr int64_t kFirstMarginMs = 3'600'000;
inline constexpr int64_t kMarginGrowth = 4;

// Observes a target from the store's results over a window wide enough for `period`, which ends at or before now:
// inside it everything is as the whole history gives it, outages that cross its edges are whole. Errors are the
// store's.
absl::StatusOr<Observation> ObserveHistory(const series::Store& store, const Plan& plan, const Recorded& recorded,
                                           Interval period, int64_t now_ms);

// When anything about the target is known first; kTimeMaxMs if nothing is.
absl::StatusOr<int64_t> FirstKnownMs(const series::Store& store, const Plan& plan, const Recorded& recorded);

}  // namespace nines::report
