#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "base/interval.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/sla/result.h"
#include "storage/series/store.h"

// The results of checks, as the store has them.
namespace nines::report {

// What a sample of a check's series says: 1 up, 0.5 degraded, 0 down, or the staleness marker. nullopt: it is no
// result, and plays no part.
std::optional<sla::ResultState> ResultStateOf(double value);

// All results that the check's timeline over `window` follows from, oldest first, none later than now_ms: those inside
// the window; before it the last one, however old, and as much of a row of down results as down_after asks for; after
// it the rest of such a row. Errors are the store's.
absl::StatusOr<std::vector<sla::Result>> LoadResults(const series::Store& store, const catalogue::Check& check,
                                                     Interval window, int64_t now_ms);

// At most `limit` results later than now_ms, oldest first.
absl::StatusOr<std::vector<sla::Result>> LoadAhead(const series::Store& store, const catalogue::Check& check,
                                                   int64_t now_ms, size_t limit);

// When the last result before `time_ms` was; a staleness marker is none.
absl::StatusOr<std::optional<int64_t>> LastResultMs(const series::Store& store, const catalogue::Check& check,
                                                    int64_t time_ms);

// Time of the check's first sample.
absl::StatusOr<std::optional<int64_t>> FirstResultMs(const series::Store& store, const catalogue::Check& check);

}  // namespace nines::report
