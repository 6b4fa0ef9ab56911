#include "storage/series/block_samples.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <numeric>
#include <utility>

namespace nines::series {

void BlockSamples::Clear() {
  for (uint64_t rest = slots_; rest != 0; rest &= rest - 1) {
    Column& column = columns_[std::countr_zero(rest)];
    column.times_ms.clear();
    column.values.clear();
    column.sorted = true;
  }
  slots_ = 0;
}

double* BlockSamples::AddColumn(uint32_t slot, std::span<const int64_t> times_ms) {
  Column& column = columns_[slot];
  slots_ |= uint64_t{1} << slot;
  column.sorted &= column.times_ms.empty() || times_ms.front() > column.times_ms.back();
  column.times_ms.insert(column.times_ms.end(), times_ms.begin(), times_ms.end());
  const size_t first = column.values.size();
  column.values.resize(first + times_ms.size());
  return column.values.data() + first;
}

void BlockSamples::Reserve(uint32_t slot, size_t count, bool sorted, int64_t** times_ms, double** values) {
  Column& column = columns_[slot];
  slots_ |= uint64_t{1} << slot;
  column.times_ms.resize(count);
  column.values.resize(count);
  column.sorted = sorted;
  *times_ms = column.times_ms.data();
  *values = column.values.data();
}

void BlockSamples::Finish() {
  for (uint64_t rest = slots_; rest != 0; rest &= rest - 1) {
    Column& column = columns_[std::countr_zero(rest)];
    if (column.sorted) continue;
    column.sorted = std::adjacent_find(column.times_ms.begin(), column.times_ms.end(), std::greater_equal<>()) ==
                    column.times_ms.end();
    if (column.sorted) continue;
    order_.resize(column.times_ms.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(),
                     [&](uint32_t a, uint32_t b) { return column.times_ms[a] < column.times_ms[b]; });
    sorted_.times_ms.clear();
    sorted_.values.clear();
    for (size_t i = 0; i < order_.size(); ++i) {
      const int64_t time_ms = column.times_ms[order_[i]];
      if (i + 1 < order_.size() && column.times_ms[order_[i + 1]] == time_ms) continue;
      sorted_.times_ms.push_back(time_ms);
      sorted_.values.push_back(column.values[order_[i]]);
    }
    std::swap(column.times_ms, sorted_.times_ms);
    std::swap(column.values, sorted_.values);
    column.sorted = true;
  }
}

uint64_t BlockSamples::sample_count() const {
  uint64_t count = 0;
  for (uint64_t rest = slots_; rest != 0; rest &= rest - 1) {
    count += columns_[std::countr_zero(rest)].times_ms.size();
  }
  return count;
}

}  // namespace nines::series
