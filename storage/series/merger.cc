#include "storage/series/merger.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "storage/codec/bytes.h"
#include "storage/series/chunk_key.h"
#include "storage/series/chunk_walk.h"
#include "storage/series/meta.h"

namespace nines::series {

using rocks::Family;

Merger::Merger(rocks::Database& database, const Grid& grid, Blocks& blocks, Reclaimer& reclaimer,
               const Options& options)
    : database_(database),
      grid_(grid),
      blocks_(blocks),
      reclaimer_(reclaimer),
      options_(options),
      reader_(database, grid, blocks),
      rollups_(database, grid, blocks, 0) {
  reader_.SetCache(rocks::Cache::kLeave);
}

std::string Merger::PendingKey(const Pending& pending) {
  std::string key(kPendingPrefix);
  key.push_back(static_cast<char>(pending.kind));
  codec::AppendFixed32(pending.partition, &key);
  codec::AppendFixed32(pending.block, &key);
  return key;
}

absl::Status Merger::Load() {
  absl::Status damage;
  const auto visit = [&](std::string_view key, std::string_view) {
    codec::ByteReader reader(key.substr(kPendingPrefix.size()));
    Pending pending;
    pending.kind = static_cast<Kind>(reader.Byte());
    pending.partition = reader.Fixed32();
    pending.block = reader.Fixed32();
    if (!reader.AtEnd()) {
      damage = absl::DataLossError("a record of what is to be merged cannot be read; restore a backup");
      return false;
    }
    pending_.insert(pending);
    return true;
  };
  NINES_RETURN_IF_ERROR(database_.Scan(Family::kMeta, kPendingPrefix, PrefixEnd(kPendingPrefix), visit));
  return damage;
}

std::vector<Merger::Due> Merger::FindDue(
    const std::function<bool(uint32_t number, const DirtyWindow&, int64_t newest_ms)>& is_due) const {
  std::vector<Due> due;
  for (uint32_t number : blocks_.Numbers()) {
    const std::shared_ptr<Block> block = blocks_.Find(number);
    if (block == nullptr) continue;
    MutexLock lock(block->mutex);
    for (const DirtyWindow& dirty : block->dirty) {
      if (!dirty.damaged && is_due(number, dirty, block->newest_ms)) due.push_back({number, dirty.window});
    }
  }
  // In the order of the keys that this writes.
  std::sort(due.begin(), due.end(),
            [](const Due& a, const Due& b) { return std::tie(a.window, a.block) < std::tie(b.window, b.block); });
  return due;
}

absl::Status Merger::MergeAll(const std::vector<Due>& all, const std::function<bool()>& stop) {
  for (const Due& due : all) {
    if (stop()) return absl::OkStatus();
    const absl::Status status = MergeWindow(due);
    if (absl::IsDataLoss(status)) {
      MarkDamaged(due, status);
    } else {
      NINES_RETURN_IF_ERROR(status);
    }
  }
  return absl::OkStatus();
}

absl::Status Merger::MergeBefore(uint32_t window, const std::function<bool()>& stop) {
  return MergeAll(FindDue([&](uint32_t number, const DirtyWindow& dirty, int64_t) {
                    return ClassOfBlock(number) == SeriesClass::kSamples && dirty.window < window;
                  }),
                  stop);
}

bool Merger::IsOver(uint32_t number, Interval span, int64_t wall_ms) const {
  const std::shared_ptr<Block> block = blocks_.Find(number);
  if (block == nullptr) return true;
  MutexLock lock(block->mutex);
  const bool dirty = std::any_of(block->dirty.begin(), block->dirty.end(), [&](const DirtyWindow& one) {
    return !one.damaged && grid_.WindowSpan(one.window).Overlaps(span);
  });
  return !dirty && std::max(block->newest_ms, wall_ms) >= span.end_ms + options_.grace_ms;
}

absl::Status Merger::Run(Now now, const std::function<bool()>& stop) {
  const auto is_due = [&](uint32_t, const DirtyWindow& dirty, int64_t newest_ms) {
    const bool over = std::max(newest_ms, now.wall_ms) >= grid_.WindowSpan(dirty.window).end_ms + options_.grace_ms;
    const bool settled = now.monotonic_ms - dirty.touched_ms >= options_.settle_ms;
    return (over && settled) || dirty.frames >= options_.frames_max;
  };
  NINES_RETURN_IF_ERROR(MergeAll(FindDue(is_due), stop));
  const std::vector<Pending> pending(pending_.begin(), pending_.end());
  for (const Pending& one : pending) {
    if (stop()) return absl::OkStatus();
    if (damaged_pending_.contains(one) || !IsOver(one.block, grid_.PartitionSpan(one.partition), now.wall_ms)) continue;
    const absl::Status status = one.kind == Kind::kHours ? MergeHours(one) : MergeSamples(one);
    if (absl::IsDataLoss(status)) {
      damaged_pending_.insert(one);
      ++damaged_;
    } else {
      NINES_RETURN_IF_ERROR(status);
    }
  }
  return absl::OkStatus();
}

absl::Status Merger::MergeWindow(Due due) {
  const std::shared_ptr<Block> block = blocks_.Find(due.block);
  if (block == nullptr) return absl::OkStatus();
  NINES_RETURN_IF_ERROR(
      reader_.Read(due.block, ~uint64_t{0}, grid_.WindowSpan(due.window), BlockReader::Source::kSealed, &samples_));
  const uint64_t frames_end = reader_.frame_sequence_end();
  const uint32_t partition = grid_.PartitionOfWindow(due.window);
  const SeriesClass series_class = ClassOfBlock(due.block);
  rocks::Batch batch;
  if (samples_.slots() != 0) {
    std::set<std::string> written;
    PutChunks(ChunkFamily(series_class), partition, due.block, Level::kWindow, due.window, &written, batch);
    NINES_RETURN_IF_ERROR(
        DeleteOthers(ChunkFamily(series_class), ChunkPrefix(partition, Level::kWindow, due.window, due.block),
                     ChunkPrefix(partition, Level::kWindow, due.window, due.block + 1), written, batch));
    const uint64_t series = static_cast<uint64_t>(std::popcount(samples_.slots()));
    if (samples_.sample_count() < series * options_.dense_samples) Add({partition, due.block, Kind::kSamples}, batch);
    if (series_class == SeriesClass::kSamples) PutHours(due.block, due.window, batch);
  }
  NINES_RETURN_IF_ERROR(DeleteOthers(Family::kFrames, FramePrefix(due.window, due.block),
                                     FrameKey{due.window, due.block, frames_end}.Encode(), {}, batch));
  NINES_RETURN_IF_ERROR(database_.Write(batch, rocks::Durability::kBuffer));
  ++windows_merged_;
  MutexLock lock(block->mutex);
  std::erase_if(block->dirty, [&](const DirtyWindow& dirty) {
    return dirty.window == due.window && dirty.newest_sequence < frames_end;
  });
  return absl::OkStatus();
}

void Merger::PutChunks(Family family, uint32_t partition, uint32_t block, Level level, uint32_t window,
                       std::set<std::string>* written, rocks::Batch& batch) const {
  std::vector<codec::SlotColumn> columns;
  bool more = true;
  for (uint16_t part = 0; more; ++part) {
    more = false;
    columns.clear();
    const size_t begin = size_t{part} * codec::kSlotSamplesMax;
    for (uint64_t rest = samples_.slots(); rest != 0; rest &= rest - 1) {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
      const BlockSamples::Column& column = samples_.column(slot);
      if (begin >= column.values.size()) continue;
      const size_t count = std::min<size_t>(codec::kSlotSamplesMax, column.values.size() - begin);
      more |= begin + count < column.values.size();
      columns.push_back(
          {slot, std::span(column.times_ms).subspan(begin, count), std::span(column.values).subspan(begin, count)});
    }
    const std::string key = ChunkKey{partition, block, level, window, part}.Encode();
    batch.Put(family, key, codec::EncodeChunk(key, columns, codec::Effort::kSmall));
    written->insert(key);
  }
}

absl::Status Merger::DeleteOthers(Family family, const std::string& from, const std::string& to,
                                  const std::set<std::string>& kept, rocks::Batch& batch) {
  const auto visit = [&](std::string_view key, std::string_view value) {
    DeleteOther(family, key, value, kept, batch);
    return true;
  };
  return database_.Scan(family, from, to, visit, {nullptr, rocks::Cache::kLeave});
}

absl::Status Merger::DeleteOthers(Family family, const Pending& pending, const std::set<std::string>& kept,
                                  rocks::Batch& batch) {
  const auto cursor = database_.OpenCursor(family, nullptr, rocks::Cache::kLeave);
  return WalkAll(*cursor, grid_, pending.partition, pending.block, [&](std::string_view key, std::string_view value) {
    DeleteOther(family, key, value, kept, batch);
    return true;
  });
}

void Merger::DeleteOther(Family family, std::string_view key, std::string_view value, const std::set<std::string>& kept,
                         rocks::Batch& batch) {
  if (!kept.contains(std::string(key))) batch.Delete(family, key);
  // What is kept has just been replaced.
  reclaimer_.Freed(family, key, value.size());
}

void Merger::PutHours(uint32_t block, uint32_t window, rocks::Batch& batch) {
  std::vector<codec::RollupColumn> columns;
  for (uint64_t rest = samples_.slots(); rest != 0; rest &= rest - 1) {
    const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
    Rollup& rollup = columns_[slot];
    rollup.Clear();
    RollUp(samples_.column(slot).times_ms, samples_.column(slot).values, Resolution::kHour, &rollup);
    if (rollup.starts_ms.empty()) continue;
    codec::RollupColumn& column = columns.emplace_back();
    column.slot = slot;
    column.starts_ms = rollup.starts_ms;
    for (int a = 0; a < codec::kAggregateCount; ++a) column.aggregates[a] = rollup.aggregates[a];
  }
  const uint32_t partition = grid_.PartitionOfWindow(window);
  const std::string key = ChunkKey{partition, block, Level::kWindow, window, 0}.Encode();
  batch.Put(Family::kHours, key, codec::EncodeRollupChunk(key, columns, codec::RollupLayout::kJoined));
  Add({partition, block, Kind::kHours}, batch);
}

absl::StatusOr<bool> Merger::IsDense(const Pending& pending) const {
  uint64_t samples = 0, columns = 0;
  const auto visit = [&](std::string_view key, std::string_view value) {
    const auto chunk = codec::ChunkView::Parse(key, value);
    if (!chunk.ok()) return true;  // the merge will say so
    for (uint64_t rest = chunk->slots(); rest != 0; rest &= rest - 1) {
      samples += chunk->count(static_cast<uint32_t>(std::countr_zero(rest)));
      ++columns;
    }
    return true;
  };
  const auto cursor = database_.OpenCursor(ChunkFamily(ClassOfBlock(pending.block)), nullptr, rocks::Cache::kLeave);
  const Interval span = grid_.PartitionSpan(pending.partition);
  NINES_RETURN_IF_ERROR(WalkWindows(*cursor, pending.partition, pending.block, grid_.WindowOf(span.start_ms),
                                    grid_.WindowOf(span.end_ms - 1), visit));
  return samples >= columns * options_.dense_samples;
}

absl::Status Merger::MergeSamples(const Pending& pending) {
  const Interval span = grid_.PartitionSpan(pending.partition);
  const Family family = ChunkFamily(ClassOfBlock(pending.block));
  rocks::Batch batch;
  batch.Delete(Family::kMeta, PendingKey(pending));
  NINES_ASSIGN_OR_RETURN(const bool dense, IsDense(pending));
  if (dense) {
    NINES_RETURN_IF_ERROR(database_.Write(batch, rocks::Durability::kBuffer));
    pending_.erase(pending);
    return absl::OkStatus();
  }
  NINES_RETURN_IF_ERROR(reader_.Read(pending.block, ~uint64_t{0}, span, BlockReader::Source::kSealed, &samples_));
  std::set<std::string> written;
  if (samples_.slots() != 0) {
    PutChunks(family, pending.partition, pending.block, Level::kPartition, 0, &written, batch);
  }
  NINES_RETURN_IF_ERROR(DeleteOthers(family, pending, written, batch));
  NINES_RETURN_IF_ERROR(database_.Write(batch, rocks::Durability::kBuffer));
  pending_.erase(pending);
  ++partitions_merged_;
  return absl::OkStatus();
}

absl::StatusOr<bool> Merger::HasSamples(const Pending& pending) const {
  const auto cursor = database_.OpenCursor(Family::kRaw, nullptr, rocks::Cache::kLeave);
  bool found = false;
  NINES_RETURN_IF_ERROR(
      WalkAll(*cursor, grid_, pending.partition, pending.block, [&](std::string_view, std::string_view) {
        found = true;
        return false;
      }));
  return found;
}

bool Merger::AreSparse(const RollupReader::Columns& hours) const {
  double samples = 0;
  uint64_t buckets = 0;
  for (const Rollup& rollup : hours) {
    buckets += rollup.starts_ms.size();
    for (double count : rollup.aggregates[static_cast<size_t>(codec::Aggregate::kCount)]) samples += count;
  }
  const double hours_of_window =
      static_cast<double>(grid_.window_ms) / static_cast<double>(BucketMs(Resolution::kHour));
  return samples * hours_of_window < static_cast<double>(buckets) * options_.dense_samples;
}

absl::Status Merger::MergeHours(const Pending& pending) {
  for (Rollup& rollup : columns_) rollup.Clear();
  std::vector<Interval> calculated;
  NINES_RETURN_IF_ERROR(rollups_.ReadStored(pending.block, ~uint64_t{0}, grid_.PartitionSpan(pending.partition),
                                            Resolution::kHour, kAllAggregates, &columns_, &calculated));
  rocks::Batch batch;
  std::set<std::string> written;
  // What came late to a partition whose roll-up is calculated does not change that.
  NINES_ASSIGN_OR_RETURN(const bool has_samples, HasSamples(pending));
  if (has_samples && (!calculated.empty() || AreSparse(columns_))) {
    const std::string key = ChunkKey{pending.partition, pending.block, Level::kPartition, 0, 0}.Encode();
    batch.Put(Family::kHours, key, codec::EncodeCalculatedRollup(key));
    written.insert(key);
  } else {
    PutRollups(Family::kHours, pending.partition, pending.block, &columns_, &written, batch);
  }
  NINES_RETURN_IF_ERROR(DeleteOthers(Family::kHours, pending, written, batch));
  batch.Delete(Family::kMeta, PendingKey(pending));
  NINES_RETURN_IF_ERROR(database_.Write(batch, rocks::Durability::kBuffer));
  pending_.erase(pending);
  ++partitions_merged_;
  return absl::OkStatus();
}

void PutRollups(Family family, uint32_t partition, uint32_t block, RollupReader::Columns* rollups,
                std::set<std::string>* written, rocks::Batch& batch) {
  std::vector<codec::RollupColumn> columns;
  for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
    Rollup& rollup = (*rollups)[slot];
    if (rollup.starts_ms.empty()) continue;
    rollup.Finish();
    codec::RollupColumn& column = columns.emplace_back();
    column.slot = slot;
    column.starts_ms = rollup.starts_ms;
    for (int a = 0; a < codec::kAggregateCount; ++a) column.aggregates[a] = rollup.aggregates[a];
  }
  if (columns.empty()) return;
  const std::string key = ChunkKey{partition, block, Level::kPartition, 0, 0}.Encode();
  batch.Put(family, key, codec::EncodeRollupChunk(key, columns, codec::RollupLayout::kApart));
  written->insert(key);
}

void Merger::Add(const Pending& pending, rocks::Batch& batch) {
  if (pending_.insert(pending).second) batch.Put(Family::kMeta, PendingKey(pending), "");
}

void Merger::MarkDamaged(Due due, const absl::Status& status) {
  ++damaged_;
  last_damage_ = status;
  const std::shared_ptr<Block> block = blocks_.Find(due.block);
  if (block == nullptr) return;
  MutexLock lock(block->mutex);
  for (DirtyWindow& dirty : block->dirty) dirty.damaged |= dirty.window == due.window;
}

void Merger::Forget(SeriesClass series_class, uint32_t partition) {
  std::erase_if(pending_, [&](const Pending& one) {
    return one.partition < partition && ClassOfBlock(one.block) == series_class;
  });
}

}  // namespace nines::series
