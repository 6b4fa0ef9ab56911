#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/codec/rollup_chunk.h"

namespace nines::series {

// How long a bucket is.
enum class Resolution : uint8_t { kFiveMinutes, kHour };
constexpr int64_t BucketMs(Resolution resolution) {
  return resolution == Resolution::kHour ? int64_t{3'600'000} : int64_t{300'000};
}

// The roll-up of one series: for each bucket that has a number its start and aggregates, as columns. Buckets begin at
// whole hours or five minutes UTC.
struct Rollup {
  std::vector<int64_t> starts_ms;
  std::array<std::vector<double>, codec::kAggregateCount> aggregates;

  void Clear();
  // Sorts by start; of two buckets with one start the one added last stands.
  void Finish();
  std::vector<double>& of(codec::Aggregate aggregate) { return aggregates[static_cast<size_t>(aggregate)]; }
  const std::vector<double>& of(codec::Aggregate aggregate) const { return aggregates[static_cast<size_t>(aggregate)]; }
};

// Appends the buckets of samples in growing order of time. NaN, and with it the staleness marker, is no number and does
// not count. The sum is added up with its rounding errors kept (Neumaier 1974), so that it does not depend on how long
// the bucket is; the increase is that from sample to sample within the bucket, where a smaller value than the one
// before means that a counter began again at zero. What a counter grows between two buckets is the first of the later
// less the last of the earlier, by the same rule.
void RollUp(std::span<const int64_t> times_ms, std::span<const double> values, Resolution resolution, Rollup* rollup);

}  // namespace nines::series
