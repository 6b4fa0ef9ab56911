#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "base/strong_id.h"
#include "storage/rocks/database.h"
#include "storage/series/point.h"
#include "storage/series/series_head.h"

namespace nines::series {

// The heads of all series, in blocks of neighbouring ids: one lock serves a block, and a scrape, whose series were
// registered one after the other, takes few of them. One thread writes; View() and the counts are thread-safe.
class Head {
 public:
  // Sequences below are in use by stored chunks.
  explicit Head(uint64_t next_sequence) { writer_.next_sequence = next_sequence; }

  // Writer thread: makes room for series up to `last`.
  void Grow(SeriesId last);
  // Writer thread. The series have room.
  void Append(std::span<const Point> points);

  // Writer thread: puts what changed in open chunks and late buffers of one block into `batch`. Answers how many
  // chunks.
  int StoreBlock(size_t block, rocks::Batch& batch);
  size_t block_count() const;

  // Writer thread: the chunks that wait for being stored; and forgets the first `count`, which now are.
  const std::vector<std::shared_ptr<const ReadyChunk>>& ready() const { return writer_.ready; }
  size_t ready_bytes() const { return writer_.ready_bytes; }
  void DropReady(size_t count);
  // Writer thread: larger than the sequence of every chunk so far.
  uint64_t next_sequence() const { return writer_.next_sequence; }

  // What is in memory of [start_ms, end_ms] (both included) of one series.
  HeadView View(SeriesId series, int64_t start_ms, int64_t end_ms) const;
  struct Counts {
    uint64_t samples = 0;
    uint64_t bytes = 0;
  };
  Counts Count() const;

 private:
  static constexpr size_t kBlockSeries = 256;
  struct Block {
    mutable Mutex mutex;
    std::array<SeriesHead, kBlockSeries> heads ABSL_GUARDED_BY(mutex);
  };

  Block* FindBlock(size_t block) const;

  HeadWriter writer_;
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<Block>> blocks_ ABSL_GUARDED_BY(mutex_);  // only grows
};

}  // namespace nines::series
