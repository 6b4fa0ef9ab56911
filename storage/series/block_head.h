#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "base/interval.h"
#include "storage/series/block_samples.h"

namespace nines::series {

// Memory for rows.
struct Page {
  static constexpr uint32_t kBytes = 2048;
  char bytes[kBytes];
};

// Empty pages, so that heads that fill and empty all the time do not trouble the allocator. Confined to the writer
// thread.
class PagePool {
 public:
  std::unique_ptr<Page> Take();
  void GiveBack(std::unique_ptr<Page> page);

 private:
  static constexpr size_t kKeptMax = 1024;
  std::vector<std::unique_ptr<Page>> pages_;
};

// What of one block is in memory only: rows as they came, a row's values in one piece, so that taking a row is copying
// it. They leave for a frame when they are many. Thread-compatible.
class BlockHead {
 public:
  // Neighbouring series from `slot` on, as many as `count`, all in this block. `log` is the record they are logged in.
  // True where it began a page.
  bool Append(int64_t time_ms, uint32_t slot, uint32_t count, const double* values, uint64_t log, PagePool& pool);
  void Clear(PagePool& pool);

  bool empty() const { return pages_.empty(); }
  size_t pages() const { return pages_.size(); }
  size_t bytes() const { return pages_.size() * sizeof(Page); }
  uint64_t sample_count() const { return samples_; }
  // Everything in it is logged in this record or a later one. Only where it is not empty.
  uint64_t oldest_log() const { return oldest_log_; }
  // From the earliest to the latest time in it, the end included. Only where it is not empty.
  int64_t first_ms() const { return first_ms_; }
  int64_t last_ms() const { return last_ms_; }

  // Of which series it has samples, one bit each.
  uint64_t slots() const { return slots_; }
  // Adds what it has of `slots` (one bit each) in `span`, in the order of recording.
  void CopyTo(uint64_t slots, Interval span, BlockSamples* samples) const;
  // The same for all it has, faster, into samples that are empty.
  void MoveTo(BlockSamples* samples) const;

  // Asks for the memory that the next Append() writes to.
  void Prefetch() const {
    for (int ahead = 0; ahead < kPrefetchBytes; ahead += kLineBytes) __builtin_prefetch(tail_ + ahead, 1);
  }
  // Asks for all that the next MoveTo() reads, a while before: each row says where the next one begins, so that walking
  // over them would wait for memory at every row.
  void PrefetchAll() const;

 private:
  // A row: its time (8 bytes), first slot, count of values (a byte each), the values.
  static constexpr size_t kRowHeadBytes = 10;
  static constexpr int kLineBytes = 64;
  static constexpr int kPrefetchBytes = 4 * kLineBytes;  // a row of 20 series that begins anywhere in a line

  template <typename Visit>  // visit(time_ms, slot, count, values as bytes)
  void ForEachRow(const Visit& visit) const;

  // What an Append() touches comes first, to be close together.
  char* tail_ = nullptr;  // where the next row goes, in the last page
  uint32_t room_ = 0;     // bytes left there
  uint32_t samples_ = 0;
  uint64_t slots_ = 0;
  uint64_t oldest_log_ = 0;
  int64_t first_ms_ = 0;
  int64_t last_ms_ = 0;
  std::vector<std::unique_ptr<Page>> pages_;
  std::vector<uint32_t> used_;  // bytes, of all pages but the last
};

}  // namespace nines::series
