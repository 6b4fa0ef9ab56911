#include "storage/series/head.h"

#include "base/check.h"

namespace nines::series {

Head::Block* Head::FindBlock(size_t block) const {
  MutexLock lock(mutex_);
  return block < blocks_.size() ? blocks_[block].get() : nullptr;
}

size_t Head::block_count() const {
  MutexLock lock(mutex_);
  return blocks_.size();
}

void Head::Grow(SeriesId last) {
  const size_t blocks = last.value() / kBlockSeries + 1;
  MutexLock lock(mutex_);
  while (blocks_.size() < blocks) blocks_.push_back(std::make_unique<Block>());
}

void Head::Append(std::span<const Point> points) {
  for (size_t i = 0; i < points.size();) {
    const size_t number = points[i].series.value() / kBlockSeries;
    Block* block = FindBlock(number);
    NINES_CHECK(block != nullptr);
    MutexLock lock(block->mutex);
    for (; i < points.size() && points[i].series.value() / kBlockSeries == number; ++i) {
      SeriesHead& head = block->heads[points[i].series.value() % kBlockSeries];
      head.Append(points[i].series, {points[i].time_ms, points[i].value}, writer_);
    }
  }
}

int Head::StoreBlock(size_t block, rocks::Batch& batch) {
  Block* found = FindBlock(block);
  NINES_CHECK(found != nullptr);
  MutexLock lock(found->mutex);
  int stored = 0;
  for (size_t i = 0; i < kBlockSeries; ++i) {
    stored += found->heads[i].StoreChanged(SeriesId(block * kBlockSeries + i), writer_, batch);
  }
  return stored;
}

void Head::DropReady(size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const ReadyChunk& chunk = *writer_.ready[i];
    writer_.ready_bytes -= chunk.value.size();
    Block* block = FindBlock(chunk.series.value() / kBlockSeries);
    MutexLock lock(block->mutex);
    block->heads[chunk.series.value() % kBlockSeries].DropOldestReady();
  }
  writer_.ready.erase(writer_.ready.begin(), writer_.ready.begin() + static_cast<ptrdiff_t>(count));
}

HeadView Head::View(SeriesId series, int64_t start_ms, int64_t end_ms) const {
  HeadView view;
  Block* block = FindBlock(series.value() / kBlockSeries);
  if (block == nullptr) return view;
  MutexLock lock(block->mutex);
  block->heads[series.value() % kBlockSeries].View(start_ms, end_ms, &view);
  // Later chunks of this series are begun under this lock.
  view.sequence_limit = writer_.next_sequence;
  return view;
}

Head::Counts Head::Count() const {
  Counts counts;
  for (size_t i = 0;; ++i) {
    Block* block = FindBlock(i);
    if (block == nullptr) return counts;
    MutexLock lock(block->mutex);
    for (const SeriesHead& head : block->heads) {
      counts.samples += head.sample_count();
      counts.bytes += head.memory_bytes();
    }
  }
}

}  // namespace nines::series
