#pragma once

#include <cstdint>

#include "base/interval.h"

namespace nines::series {

// How time is cut. Sealed samples of a block are merged into one chunk a window; what is dropped for age is dropped by
// whole partitions; chunks of sparse series are merged once more, to one a partition. Both are counted from 1970 on.
// A value type.
struct Grid {
  int64_t window_ms = int64_t{4} * 3600 * 1000;          // a multiple of an hour
  int64_t partition_ms = int64_t{4} * 24 * 3600 * 1000;  // a multiple of window_ms

  uint32_t WindowOf(int64_t time_ms) const { return static_cast<uint32_t>(time_ms / window_ms); }
  uint32_t PartitionOf(int64_t time_ms) const { return static_cast<uint32_t>(time_ms / partition_ms); }
  uint32_t PartitionOfWindow(uint32_t window) const { return PartitionOf(window * window_ms); }
  Interval WindowSpan(uint32_t window) const { return {window * window_ms, (int64_t{window} + 1) * window_ms}; }
  Interval PartitionSpan(uint32_t partition) const {
    return {partition * partition_ms, (int64_t{partition} + 1) * partition_ms};
  }
};

}  // namespace nines::series
