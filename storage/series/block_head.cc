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

void BlockHead::MoveTo(BlockSamples* samples) const {
  std::array<uint32_t, kBlockSeries> counts{};
  ForEachRow([&](int64_t, uint32_t slot, uint32_t count, const char*) {
    for (uint32_t i = 0; i < count; ++i) ++counts[slot + i];
  });
  std::array<int64_t*, kBlockSeries> times;
  std::array<double*, kBlockSeries> all_values;
  for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
    if (counts[slot] > 0) samples->Reserve(slot, counts[slot], &times[slot], &all_values[slot]);
  }
  ForEachRow([&](int64_t time_ms, uint32_t slot, uint32_t count, const char* values) {
    for (uint32_t i = 0; i < count; ++i) {
      *times[slot + i]++ = time_ms;
      std::memcpy(all_values[slot + i]++, values + i * sizeof(double), sizeof(double));
    }
  });
}

}  // namespace nines::series
