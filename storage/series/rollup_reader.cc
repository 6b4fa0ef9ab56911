#include "storage/series/rollup_reader.h"

#include <algorithm>
#include <bit>
#include <memory>

#include "base/status_macros.h"
#include "storage/series/chunk_key.h"
#include "storage/series/chunk_walk.h"
#include "storage/series/rows.h"

namespace nines::series {
namespace {

// Adds an interval that does not begin before those that are there.
void AddInterval(Interval span, std::vector<Interval>* spans) {
  if (span.empty()) return;
  if (!spans->empty() && spans->back().end_ms >= span.start_ms) {
    spans->back().end_ms = std::max(spans->back().end_ms, span.end_ms);
  } else {
    spans->push_back(span);
  }
}

// The buckets that start in it, to their ends.
Interval WholeBuckets(Interval span, Resolution resolution) {
  const int64_t bucket_ms = BucketMs(resolution);
  const auto next = [bucket_ms](int64_t time_ms) { return (time_ms + bucket_ms - 1) / bucket_ms * bucket_ms; };
  return {next(span.start_ms), next(span.end_ms)};
}

}  // namespace

absl::Status RollupReader::Read(uint32_t block, uint64_t slots, Interval span, Resolution resolution, AggregateSet set,
                                Columns* columns) {
  for (Rollup& rollup : *columns) rollup.Clear();
  span = Intersect(Intersect(span, {kFirstTimeMs, kEndTimeMs}), Known(block, slots));
  if (span.empty()) return absl::OkStatus();
  // Before what is stored: a window that is merged meanwhile is then in both, and not in neither.
  const std::vector<Interval> fresh = NotStored(block, span, resolution);
  std::vector<Interval> calculated = fresh;
  int64_t from_ms = span.start_ms;
  for (const Interval& part : fresh) {
    // A bucket that is calculated stands in place of the stored one, also where it has no number any more.
    NINES_RETURN_IF_ERROR(ReadStored(block, slots, {from_ms, part.start_ms}, resolution, set, columns, &calculated));
    from_ms = std::max(from_ms, part.end_ms);
  }
  NINES_RETURN_IF_ERROR(ReadStored(block, slots, {from_ms, span.end_ms}, resolution, set, columns, &calculated));
  for (const Interval& part : calculated) {
    NINES_RETURN_IF_ERROR(Calculate(block, slots, WholeBuckets(part, resolution), resolution, set, columns));
  }
  for (uint64_t rest = slots; rest != 0; rest &= rest - 1) (*columns)[std::countr_zero(rest)].Finish();
  return absl::OkStatus();
}

Interval RollupReader::Known(uint32_t block, uint64_t slots) const {
  const std::shared_ptr<Block> found = blocks_.Find(block);
  if (found == nullptr) return {};
  Life life;
  MutexLock lock(found->mutex);
  for (uint64_t rest = slots; rest != 0; rest &= rest - 1) {
    life.first = std::min(life.first, found->lives[std::countr_zero(rest)].first);
    life.last = std::max(life.last, found->lives[std::countr_zero(rest)].last);
  }
  if (!found->head.empty()) {
    life.first = std::min(life.first, grid_.PartitionOf(found->head.first_ms()));
    life.last = std::max(life.last, grid_.PartitionOf(found->head.last_ms()));
  }
  if (life.first > life.last) return {};
  return {grid_.PartitionSpan(life.first).start_ms, grid_.PartitionSpan(life.last).end_ms};
}

std::vector<Interval> RollupReader::NotStored(uint32_t block, Interval span, Resolution resolution) const {
  std::vector<Interval> parts;
  const std::shared_ptr<Block> found = blocks_.Find(block);
  if (found == nullptr) return parts;
  if (resolution == Resolution::kFiveMinutes) {
    AddInterval({std::max(span.start_ms, raw_from_ms_), span.end_ms}, &parts);
  } else {
    std::vector<uint32_t> windows;
    MutexLock lock(found->mutex);
    for (const DirtyWindow& dirty : found->dirty) windows.push_back(dirty.window);
    if (!found->head.empty()) {
      const uint32_t last = grid_.WindowOf(found->head.last_ms());
      for (uint32_t w = grid_.WindowOf(found->head.first_ms()); w <= last; ++w) windows.push_back(w);
    }
    std::sort(windows.begin(), windows.end());
    for (uint32_t window : windows) AddInterval(Intersect(grid_.WindowSpan(window), span), &parts);
  }
  for (Interval& part : parts) part = WholeBuckets(part, resolution);
  return parts;
}

absl::Status RollupReader::ReadStored(uint32_t block, uint64_t slots, Interval span, Resolution resolution,
                                      AggregateSet set, Columns* columns, std::vector<Interval>* calculated) {
  if (span.empty()) return absl::OkStatus();
  const auto cursor = database_.OpenCursor(RollupFamily(resolution), nullptr, rocks::Cache::kFill);
  for (uint32_t p = grid_.PartitionOf(span.start_ms); p <= grid_.PartitionOf(span.end_ms - 1); ++p) {
    const Interval part = Intersect(span, grid_.PartitionSpan(p));
    // A window's chunk stands in place of what the partition's says of it.
    std::vector<Interval> apart;
    absl::Status damage;
    const auto add_window = [&](std::string_view key, std::string_view value) {
      const auto decoded = ChunkKey::Decode(key);
      if (!decoded.has_value()) {
        damage = absl::DataLossError(StrCat("roll-up of block ", block, ": its key cannot be read"));
        return false;
      }
      const Interval window = Intersect(grid_.WindowSpan(decoded->window), part);
      apart.push_back(window);
      damage = AddChunk(key, value, block, slots, {&window, 1}, set, columns, calculated);
      return damage.ok();
    };
    NINES_RETURN_IF_ERROR(
        WalkWindows(*cursor, p, block, grid_.WindowOf(part.start_ms), grid_.WindowOf(part.end_ms - 1), add_window));
    NINES_RETURN_IF_ERROR(damage);
    std::vector<Interval> rest;
    int64_t from_ms = part.start_ms;
    for (const Interval& window : apart) {
      if (window.start_ms > from_ms) rest.push_back({from_ms, window.start_ms});
      from_ms = window.end_ms;
    }
    if (from_ms < part.end_ms) rest.push_back({from_ms, part.end_ms});
    NINES_RETURN_IF_ERROR(WalkPartition(*cursor, p, block, [&](std::string_view key, std::string_view value) {
      damage = AddChunk(key, value, block, slots, rest, set, columns, calculated);
      return damage.ok();
    }));
    NINES_RETURN_IF_ERROR(damage);
  }
  return absl::OkStatus();
}

absl::Status RollupReader::AddChunk(std::string_view key, std::string_view value, uint32_t block, uint64_t slots,
                                    std::span<const Interval> spans, AggregateSet set, Columns* columns,
                                    std::vector<Interval>* calculated) {
  const auto where = [&] { return StrCat("roll-up of block ", block); };
  auto chunk = codec::RollupChunkView::Parse(key, value);
  if (!chunk.ok()) return Annotate(chunk.status(), where());
  if (chunk->calculated()) calculated->insert(calculated->end(), spans.begin(), spans.end());
  for (uint64_t rest = slots & chunk->slots(); rest != 0; rest &= rest - 1) {
    const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
    starts_.clear();
    if (absl::Status s = chunk->Starts(slot, &starts_); !s.ok()) return Annotate(s, where());
    Rollup& rollup = (*columns)[slot];
    for (int a = -1; a < codec::kAggregateCount; ++a) {
      if (a >= 0) {
        if ((set >> a & 1) == 0) continue;
        values_.clear();
        absl::Status s = chunk->Values(slot, static_cast<codec::Aggregate>(a), &values_);
        if (!s.ok()) return Annotate(s, where());
      }
      for (const Interval& span : spans) {
        const auto from = std::lower_bound(starts_.begin(), starts_.end(), span.start_ms) - starts_.begin();
        const auto to = std::lower_bound(starts_.begin() + from, starts_.end(), span.end_ms) - starts_.begin();
        if (a < 0) {
          rollup.starts_ms.insert(rollup.starts_ms.end(), starts_.begin() + from, starts_.begin() + to);
        } else {
          rollup.aggregates[a].insert(rollup.aggregates[a].end(), values_.begin() + from, values_.begin() + to);
        }
      }
    }
  }
  return absl::OkStatus();
}

absl::Status RollupReader::Calculate(uint32_t block, uint64_t slots, Interval span, Resolution resolution,
                                     AggregateSet set, Columns* columns) {
  Rollup rollup;
  // A window at a time, so that a long span does not fill the memory.
  while (!span.empty()) {
    const Interval window = grid_.WindowSpan(grid_.WindowOf(span.start_ms));
    const Interval part = Intersect(span, window);
    span.start_ms = window.end_ms;
    NINES_RETURN_IF_ERROR(samples_.Read(block, slots, part, BlockReader::Source::kAll, &scratch_));
    for (uint64_t rest = scratch_.slots(); rest != 0; rest &= rest - 1) {
      const int slot = std::countr_zero(rest);
      const BlockSamples::Column& column = scratch_.column(static_cast<uint32_t>(slot));
      rollup.Clear();
      RollUp(column.times_ms, column.values, resolution, &rollup);
      Rollup& out = (*columns)[slot];
      out.starts_ms.insert(out.starts_ms.end(), rollup.starts_ms.begin(), rollup.starts_ms.end());
      for (int a = 0; a < codec::kAggregateCount; ++a) {
        if ((set >> a & 1) == 0) continue;
        out.aggregates[a].insert(out.aggregates[a].end(), rollup.aggregates[a].begin(), rollup.aggregates[a].end());
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace nines::series
