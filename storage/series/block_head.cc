#include "storage/series/block_head.h"

#include <algorithm>
#include <array>
#include <utility>

namespace nines::series {

std::unique_ptr<Page> PagePool::Take() {
  if (pages_.empty()) return std::unique_ptr<Page>(new Page);  // not make_unique: it would fill the bytes
  std::unique_ptr<Page> page = std::move(pages_.back());
  pages_.pop_back();
  return page;
}

void PagePool::GiveBack(std::unique_ptr<Page> page) {
  if (pages_.size() < kKeptMax) pages_.push_back(std::move(page));
}

bool BlockHead::Append(int64_t time_ms, uint32_t slot, uint32_t count, const double* values, uint64_t log,
                       PagePool& pool) {
  const uint32_t bytes = kRowHeadBytes + count * static_cast<uint32_t>(sizeof(double));
  const bool begins_page = bytes > room_;
  if (begins_page) {
    if (pages_.empty()) {
      oldest_log_ = log;
      first_ms_ = last_ms_ = time_ms;
    } else {
      used_.push_back(Page::kBytes - room_);
    }
    pages_.push_back(pool.Take());
    tail_ = pages_.back()->bytes;
    room_ = Page::kBytes;
  }
  std::memcpy(tail_, &time_ms, sizeof(time_ms));
  tail_[8] = static_cast<char>(slot);
  tail_[9] = static_cast<char>(count);
  std::memcpy(tail_ + kRowHeadBytes, values, count * sizeof(double));
  tail_ += bytes;
  room_ -= bytes;
  samples_ += count;
  slots_ |= (~uint64_t{0} >> (kBlockSeries - count)) << slot;
  first_ms_ = std::min(first_ms_, time_ms);
  last_ms_ = std::max(last_ms_, time_ms);
  return begins_page;
}

void BlockHead::Clear(PagePool& pool) {
  for (std::unique_ptr<Page>& page : pages_) pool.GiveBack(std::move(page));
  pages_.clear();
  used_.clear();
  tail_ = nullptr;
  room_ = 0;
  samples_ = 0;
  slots_ = 0;
}

template <typename Visit>
void BlockHead::ForEachRow(const Visit& visit) const {
  for (size_t i = 0; i < pages_.size(); ++i) {
    const char* at = pages_[i]->bytes;
    const char* end = at + (i < used_.size() ? used_[i] : Page::kBytes - room_);
    while (at < end) {
      int64_t time_ms;
      std::memcpy(&time_ms, at, sizeof(time_ms));
      const uint32_t slot = static_cast<uint8_t>(at[8]);
      const uint32_t count = static_cast<uint8_t>(at[9]);
      visit(time_ms, slot, count, at + kRowHeadBytes);
      at += kRowHeadBytes + count * sizeof(double);
    }
  }
}

void BlockHead::CopyTo(uint64_t slots, Interval span, BlockSamples* samples) const {
  if (empty() || first_ms_ >= span.end_ms || last_ms_ < span.start_ms) return;
  ForEachRow([&](int64_t time_ms, uint32_t slot, uint32_t count, const char* values) {
    if (!span.Contains(time_ms)) return;
    const uint64_t of_row = (count == 64 ? ~uint64_t{0} : (uint64_t{1} << count) - 1) << slot;
    for (uint64_t rest = slots & of_row; rest != 0; rest &= rest - 1) {
      const uint32_t wanted = static_cast<uint32_t>(__builtin_ctzll(rest));
      double value;
      std::memcpy(&value, values + (wanted - slot) * sizeof(double), sizeof(value));
      samples->Add(wanted, time_ms, value);
    }
  });
}

void BlockHead::PrefetchAll() const {
  for (size_t i = 0; i < pages_.size(); ++i) {
    const uint32_t used = i < used_.size() ? used_[i] : Page::kBytes - room_;
    for (uint32_t at = 0; at < used; at += kLineBytes) __builtin_prefetch(pages_[i]->bytes + at);
  }
}

void BlockHead::MoveTo(BlockSamples* samples) const {
  // Rows that begin at one slot mostly have the same series, and so share their times.
  struct Group {
    uint32_t width = 0;
    uint32_t rows = 0;
    bool sorted = true;
    int64_t last_ms = -1;
  };
  std::array<Group, kBlockSeries> groups{};
  bool regular = true;
  ForEachRow([&](int64_t time_ms, uint32_t slot, uint32_t count, const char*) {
    Group& group = groups[slot];
    regular &= group.rows == 0 || group.width == count;
    group.sorted &= group.rows == 0 || time_ms > group.last_ms;
    group.width = count;
    group.last_ms = time_ms;
    ++group.rows;
  });
  uint32_t end = 0;
  for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
    if (groups[slot].rows == 0) continue;
    regular &= slot >= end;
    end = slot + groups[slot].width;
  }
  if (!regular) return CopyTo(~uint64_t{0}, {first_ms_, last_ms_ + 1}, samples);

  std::array<int64_t*, kBlockSeries> times;
  std::array<double*, kBlockSeries> all_values;
  for (uint32_t first = 0; first < kBlockSeries; ++first) {
    const Group& group = groups[first];
    for (uint32_t slot = first; slot < first + group.width; ++slot) {
      samples->Reserve(slot, group.rows, group.sorted, &times[slot], &all_values[slot]);
    }
  }
  std::array<uint32_t, kBlockSeries> rows{};
  ForEachRow([&](int64_t time_ms, uint32_t slot, uint32_t count, const char* values) {
    const uint32_t row = rows[slot]++;
    times[slot][row] = time_ms;
    for (uint32_t i = 0; i < count; ++i) {
      std::memcpy(all_values[slot + i] + row, values + i * sizeof(double), sizeof(double));
    }
  });
  for (uint32_t first = 0; first < kBlockSeries; ++first) {
    const Group& group = groups[first];
    for (uint32_t i = 1; i < group.width; ++i) std::copy_n(times[first], group.rows, times[first + i]);
  }
}

}  // namespace nines::series
