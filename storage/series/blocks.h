#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "storage/series/block_head.h"
#include "storage/series/series_id.h"

namespace nines::series {

// A window with frames that are not merged yet.
struct DirtyWindow {
  uint32_t window = 0;
  uint32_t frames = 0;           // since the start, at least 1
  uint64_t newest_sequence = 0;  // of them
  int64_t touched_ms = 0;        // monotonic: when the last of them came
  bool damaged = false;          // it could not be read, so that it is left as it is
};

// The first and the last partition in which a series has samples. None: first > last.
struct Life {
  uint32_t first = UINT32_MAX;
  uint32_t last = 0;
};

// What is in memory about one block.
struct Block {
  // What an append touches comes first, to be close together.
  mutable Mutex mutex;
  uint32_t seal_pages ABSL_GUARDED_BY(mutex) = 6;  // of all its series; a head of more is full
  bool full ABSL_GUARDED_BY(mutex) = false;        // waits for being sealed
  int64_t newest_ms ABSL_GUARDED_BY(mutex) = -1;   // the latest time that was appended since the start
  BlockHead head ABSL_GUARDED_BY(mutex);
  std::vector<DirtyWindow> dirty ABSL_GUARDED_BY(mutex);  // ordered by window
  // Of sealed samples. What is in the head only is not counted yet.
  std::array<Life, kBlockSeries> lives ABSL_GUARDED_BY(mutex);
  bool lives_changed ABSL_GUARDED_BY(mutex) = false;  // since they were stored
};

// All blocks. Thread-safe; a block that was removed lives on while somebody holds it.
class Blocks {
 public:
  // Null where there is none.
  std::shared_ptr<Block> Find(uint32_t block) const;
  std::shared_ptr<Block> Grow(uint32_t block);
  void Remove(uint32_t block);
  // Their numbers, in order.
  std::vector<uint32_t> Numbers() const;

 private:
  struct Place {
    SeriesClass series_class;
    size_t index;
  };
  static Place PlaceOf(uint32_t block);

  mutable Mutex mutex_;
  std::array<std::vector<std::shared_ptr<Block>>, kSeriesClassCount> blocks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::series
