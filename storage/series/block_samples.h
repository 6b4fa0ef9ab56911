#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/series/series_id.h"

namespace nines::series {

// The samples of one block's series while they are brought together from several places, the one recorded first added
// first. Kept and reused, so that its columns are allocated once. Thread-compatible.
class BlockSamples {
 public:
  struct Column {
    std::vector<int64_t> times_ms;
    std::vector<double> values;
    bool sorted = true;  // strictly growing
  };

  void Clear();
  void Add(uint32_t slot, int64_t time_ms, double value) {
    Column& column = columns_[slot];
    slots_ |= uint64_t{1} << slot;
    column.sorted &= column.times_ms.empty() || time_ms > column.times_ms.back();
    column.times_ms.push_back(time_ms);
    column.values.push_back(value);
  }
  // The same for many samples in strictly growing order. Room for `times_ms.size()` values, which the caller fills.
  double* AddColumn(uint32_t slot, std::span<const int64_t> times_ms);
  // Room for `count` samples of a slot that has none, which the caller fills: in strictly growing order if `sorted`,
  // else in any order of time.
  void Reserve(uint32_t slot, size_t count, bool sorted, int64_t** times_ms, double** values);
  // Sorts by time; of several samples at one time the last added stands.
  void Finish();

  uint64_t slots() const { return slots_; }  // with samples, one bit each
  const Column& column(uint32_t slot) const { return columns_[slot]; }
  uint64_t sample_count() const;

 private:
  std::array<Column, kBlockSeries> columns_;
  uint64_t slots_ = 0;
  std::vector<uint32_t> order_;
  Column sorted_;
};

}  // namespace nines::series
