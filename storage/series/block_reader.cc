#include "storage/series/block_reader.h"

#include <algorithm>
#include <bit>
#include <memory>

#include "base/status_macros.h"
#include "base/text.h"
#include "storage/series/chunk_key.h"
#include "storage/series/chunk_walk.h"
#include "storage/series/rows.h"

namespace nines::series {
namespace {

std::string NameOfChunk(std::string_view key) {
  if (const auto chunk = ChunkKey::Decode(key)) {
    return StrCat("chunk of block ", chunk->block, " in partition ", chunk->partition,
                  chunk->level == Level::kWindow ? StrCat(", window ", chunk->window) : std::string());
  }
  if (const auto frame = FrameKey::Decode(key)) {
    return StrCat("frame ", frame->sequence, " of block ", frame->block, " in window ", frame->window);
  }
  return "chunk with a key that cannot be read";
}

}  // namespace

absl::Status BlockReader::Read(uint32_t block, uint64_t slots, Interval span, Source source, BlockSamples* samples) {
  samples->Clear();
  frame_sequence_end_ = 0;
  span = Intersect(span, {kFirstTimeMs, kEndTimeMs});
  const std::shared_ptr<Block> found = blocks_.Find(block);
  if (found == nullptr || span.empty()) return absl::OkStatus();
  head_.Clear();
  dirty_.clear();
  std::unique_ptr<rocks::Snapshot> snapshot;
  Life life;
  {
    MutexLock lock(found->mutex);
    if (source == Source::kAll) found->head.CopyTo(slots, span, &head_);
    for (uint64_t rest = slots; rest != 0; rest &= rest - 1) {
      const Life& one = found->lives[std::countr_zero(rest)];
      life.first = std::min(life.first, one.first);
      life.last = std::max(life.last, one.last);
    }
    if (life.first <= life.last) {
      snapshot = database_.TakeSnapshot();
      for (const DirtyWindow& dirty : found->dirty) {
        if (grid_.WindowSpan(dirty.window).Overlaps(span)) dirty_.push_back(dirty.window);
      }
    }
  }
  if (snapshot != nullptr) {
    const Interval known = {grid_.PartitionSpan(life.first).start_ms, grid_.PartitionSpan(life.last).end_ms};
    NINES_RETURN_IF_ERROR(ReadChunks(block, slots, Intersect(span, known), *snapshot, samples));
    for (uint32_t window : dirty_) {
      NINES_RETURN_IF_ERROR(ReadFrames(block, window, slots, span, *snapshot, samples));
    }
  }
  for (uint64_t rest = head_.slots(); rest != 0; rest &= rest - 1) {
    const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
    const BlockSamples::Column& column = head_.column(slot);
    for (size_t i = 0; i < column.times_ms.size(); ++i) samples->Add(slot, column.times_ms[i], column.values[i]);
  }
  samples->Finish();
  return absl::OkStatus();
}

absl::Status BlockReader::ReadChunks(uint32_t block, uint64_t slots, Interval span, const rocks::Snapshot& snapshot,
                                     BlockSamples* samples) {
  if (span.empty()) return absl::OkStatus();
  const std::unique_ptr<rocks::Cursor> cursor =
      database_.OpenCursor(ChunkFamily(ClassOfBlock(block)), &snapshot, cache_);
  for (uint32_t p = grid_.PartitionOf(span.start_ms); p <= grid_.PartitionOf(span.end_ms - 1); ++p) {
    absl::Status damage;
    const auto add = [&](std::string_view key, std::string_view value) {
      damage = Add(key, value, slots, span, samples);
      return damage.ok();
    };
    NINES_RETURN_IF_ERROR(WalkPartition(*cursor, p, block, add));
    NINES_RETURN_IF_ERROR(damage);
    const Interval part = Intersect(span, grid_.PartitionSpan(p));
    NINES_RETURN_IF_ERROR(
        WalkWindows(*cursor, p, block, grid_.WindowOf(part.start_ms), grid_.WindowOf(part.end_ms - 1), add));
    NINES_RETURN_IF_ERROR(damage);
  }
  return absl::OkStatus();
}

absl::Status BlockReader::ReadFrames(uint32_t block, uint32_t window, uint64_t slots, Interval span,
                                     const rocks::Snapshot& snapshot, BlockSamples* samples) {
  absl::Status damage;
  const auto visit = [&](std::string_view key, std::string_view value) {
    if (const auto frame = FrameKey::Decode(key)) {
      frame_sequence_end_ = std::max(frame_sequence_end_, frame->sequence + 1);
    }
    damage = Add(key, value, slots, span, samples);
    return damage.ok();
  };
  NINES_RETURN_IF_ERROR(database_.Scan(rocks::Family::kFrames, FramePrefix(window, block),
                                       FramePrefix(window, block + 1), visit, {&snapshot, cache_}));
  return damage;
}

absl::Status BlockReader::Add(std::string_view key, std::string_view value, uint64_t slots, Interval span,
                              BlockSamples* samples) {
  absl::StatusOr<codec::ChunkView> chunk = codec::ChunkView::Parse(key, value);
  if (!chunk.ok()) return Annotate(chunk.status(), NameOfChunk(key));
  for (uint64_t rest = slots & chunk->slots(); rest != 0; rest &= rest - 1) {
    const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
    const auto times = chunk->Times(slot);
    if (!times.ok()) return Annotate(times.status(), NameOfChunk(key));
    const auto begin = std::lower_bound(times->begin(), times->end(), span.start_ms);
    const auto end = std::lower_bound(begin, times->end(), span.end_ms);
    if (begin == end) continue;
    const std::span<const int64_t> taken(begin, end);
    absl::Status status;
    if (taken.size() == times->size()) {
      status = chunk->Values(slot, samples->AddColumn(slot, taken));
    } else {
      values_.resize(times->size());
      status = chunk->Values(slot, values_.data());
      std::copy_n(values_.begin() + (begin - times->begin()), taken.size(), samples->AddColumn(slot, taken));
    }
    if (!status.ok()) return Annotate(status, NameOfChunk(key));
  }
  return absl::OkStatus();
}

}  // namespace nines::series
