#include "storage/series/retention.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "storage/codec/bytes.h"
#include "storage/series/chunk_key.h"
#include "storage/series/chunk_walk.h"
#include "storage/series/meta.h"

namespace nines::series {

using rocks::Family;

namespace {

constexpr const char* kFloorKeys[kSeriesClassCount] = {"series.samples_from_ms", "series.results_from_ms"};
constexpr size_t kBatchBytes = 1 << 20;

}  // namespace

absl::Status Retention::Load() {
  for (int i = 0; i < kSeriesClassCount; ++i) {
    NINES_ASSIGN_OR_RETURN(const uint64_t floor_ms, ReadNumber(database_, kFloorKeys[i], 0));
    floors_ms_[i] = static_cast<int64_t>(floor_ms);
  }
  // What is below is gone, or will be rolled up and dropped by the first run.
  NINES_ASSIGN_OR_RETURN(const std::optional<uint32_t> first, FirstPartition(Family::kRaw));
  samples_from_ms_ =
      std::min<int64_t>(floors_ms_[0], first.has_value() ? grid_.PartitionSpan(*first).start_ms : floors_ms_[0].load());
  return absl::OkStatus();
}

uint32_t Retention::FloorPartition(int64_t wall_ms, int64_t keep_ms) const {
  return keep_ms >= wall_ms ? 0 : grid_.PartitionOf(wall_ms - keep_ms);
}

absl::StatusOr<std::optional<uint32_t>> Retention::FirstPartition(Family family) const {
  const auto cursor = database_.OpenCursor(family, nullptr, rocks::Cache::kLeave);
  cursor->Seek("");
  NINES_RETURN_IF_ERROR(cursor->status());
  if (!cursor->valid()) return std::optional<uint32_t>();
  codec::ByteReader reader(cursor->key());
  return std::optional<uint32_t>(reader.Fixed32());
}

absl::Status Retention::Run(int64_t wall_ms, const RetentionTimes& times, const std::function<bool()>& stop,
                            const std::function<void(SeriesClass, uint32_t partition)>& dropped) {
  const uint32_t samples = FloorPartition(wall_ms, times.samples_ms);
  const uint32_t five_minutes = FloorPartition(wall_ms, times.five_minutes_ms);
  const uint32_t hours = FloorPartition(wall_ms, times.hours_ms);
  const uint32_t results = FloorPartition(wall_ms, times.results_ms);
  const std::array<uint32_t, 4> wanted = {samples, results, five_minutes, hours};
  if (wanted == completed_) return absl::OkStatus();
  const uint32_t floors[kSeriesClassCount] = {samples, results};
  // First of all nothing older comes in any more.
  for (int i = 0; i < kSeriesClassCount; ++i) {
    const int64_t floor_ms = grid_.PartitionSpan(floors[i]).start_ms;
    if (floor_ms <= floors_ms_[i]) continue;
    rocks::Batch batch;
    PutNumber(kFloorKeys[i], static_cast<uint64_t>(floor_ms), batch);
    NINES_RETURN_IF_ERROR(database_.Write(batch, rocks::Durability::kBuffer));
    floors_ms_[i] = floor_ms;
  }
  // What came late may still be on its way into the roll-ups; it is there within the age that the log can have.
  if (HeadReachesBefore(samples)) return absl::OkStatus();
  NINES_RETURN_IF_ERROR(merger_.MergeBefore(grid_.WindowOf(grid_.PartitionSpan(samples).start_ms), stop));
  NINES_ASSIGN_OR_RETURN(std::optional<uint32_t> first, FirstPartition(Family::kRaw));
  while (first.has_value() && *first < samples) {
    bool done = true;
    std::vector<Resolution> wanted_still;
    if (*first >= hours) wanted_still.push_back(Resolution::kHour);
    if (*first >= five_minutes) wanted_still.push_back(Resolution::kFiveMinutes);
    NINES_RETURN_IF_ERROR(RollUpPartition(*first, wanted_still, stop, &done));
    if (!done || stop()) return absl::OkStatus();
    samples_from_ms_ = grid_.PartitionSpan(*first).end_ms;
    NINES_RETURN_IF_ERROR(DropBefore(Family::kRaw, *first + 1));
    NINES_ASSIGN_OR_RETURN(first, FirstPartition(Family::kRaw));
  }
  NINES_RETURN_IF_ERROR(DropFrames(SeriesClass::kSamples, samples));
  NINES_RETURN_IF_ERROR(DropFrames(SeriesClass::kResults, results));
  NINES_RETURN_IF_ERROR(DropBefore(Family::kResults, results));
  NINES_RETURN_IF_ERROR(DropBefore(Family::kFiveMinutes, five_minutes));
  NINES_RETURN_IF_ERROR(DropBefore(Family::kHours, hours));
  const uint32_t gone[kSeriesClassCount] = {std::min({samples, five_minutes, hours}), results};
  for (int i = 0; i < kSeriesClassCount; ++i) {
    if (gone[i] <= gone_[i]) continue;
    merger_.Forget(static_cast<SeriesClass>(i), gone[i]);
    dropped(static_cast<SeriesClass>(i), gone[i]);
    gone_[i] = gone[i];
  }
  completed_ = wanted;
  return absl::OkStatus();
}

bool Retention::HeadReachesBefore(uint32_t partition) const {
  const int64_t from_ms = grid_.PartitionSpan(partition).start_ms;
  for (uint32_t number : blocks_.Numbers()) {
    const std::shared_ptr<Block> block = blocks_.Find(number);
    if (block == nullptr || ClassOfBlock(number) != SeriesClass::kSamples) continue;
    MutexLock lock(block->mutex);
    if (!block->head.empty() && block->head.first_ms() < from_ms) return true;
  }
  return false;
}

absl::Status Retention::RollUpPartition(uint32_t partition, std::span<const Resolution> resolutions,
                                        const std::function<bool()>& stop, bool* done) {
  RollupReader reader(database_, grid_, blocks_, /*raw_from_ms=*/0);
  for (uint32_t block : blocks_.Numbers()) {
    if (ClassOfBlock(block) != SeriesClass::kSamples) continue;
    for (const Resolution resolution : resolutions) {
      if (stop()) {
        *done = false;
        return absl::OkStatus();
      }
      const absl::Status status = RollUpBlock(partition, block, resolution, reader);
      // What is damaged cannot be rolled up, and its time is over.
      if (absl::IsDataLoss(status)) {
        ++damaged_;
        continue;
      }
      NINES_RETURN_IF_ERROR(status);
    }
  }
  return absl::OkStatus();
}

absl::Status Retention::RollUpBlock(uint32_t partition, uint32_t block, Resolution resolution, RollupReader& reader) {
  const Interval span = grid_.PartitionSpan(partition);
  RollupReader::Columns columns;
  if (resolution == Resolution::kHour) {
    std::vector<Interval> calculated;
    NINES_RETURN_IF_ERROR(reader.ReadStored(block, ~uint64_t{0}, span, resolution, /*set=*/0, &columns, &calculated));
    if (calculated.empty()) return absl::OkStatus();
  }
  NINES_RETURN_IF_ERROR(reader.Read(block, ~uint64_t{0}, span, resolution, kAllAggregates, &columns));
  rocks::Batch batch;
  std::set<std::string> written;
  const Family family = RollupFamily(resolution);
  if (resolution == Resolution::kHour) {
    // With the windows that came late, which the roll-up has now.
    const auto visit = [&](std::string_view key, std::string_view) {
      batch.Delete(family, key);
      return true;
    };
    const auto cursor = database_.OpenCursor(family, nullptr, rocks::Cache::kLeave);
    NINES_RETURN_IF_ERROR(WalkAll(*cursor, grid_, partition, block, visit));
  }
  PutRollups(family, partition, block, &columns, &written, batch);
  return database_.Write(batch, rocks::Durability::kBuffer);
}

absl::Status Retention::DropBefore(Family family, uint32_t partition) {
  const std::string end = PartitionPrefix(partition);
  NINES_ASSIGN_OR_RETURN(const std::optional<uint32_t> first, FirstPartition(family));
  if (!first.has_value() || *first >= partition) return absl::OkStatus();
  NINES_RETURN_IF_ERROR(database_.DropFiles(family, "", end));
  // The rest shares files with what stays.
  rocks::Batch batch;
  absl::Status failed;
  const auto visit = [&](std::string_view key, std::string_view) {
    batch.Delete(family, key);
    if (batch.bytes() < kBatchBytes) return true;
    failed = database_.Write(batch, rocks::Durability::kBuffer);
    batch.Clear();
    return failed.ok();
  };
  NINES_RETURN_IF_ERROR(database_.Scan(family, "", end, visit, {nullptr, rocks::Cache::kLeave}));
  NINES_RETURN_IF_ERROR(failed);
  return database_.Write(batch, rocks::Durability::kBuffer);
}

absl::Status Retention::DropFrames(SeriesClass series_class, uint32_t partition) {
  const uint32_t first_kept = grid_.WindowOf(grid_.PartitionSpan(partition).start_ms);
  for (uint32_t number : blocks_.Numbers()) {
    if (ClassOfBlock(number) != series_class) continue;
    const std::shared_ptr<Block> block = blocks_.Find(number);
    if (block == nullptr) continue;
    std::vector<uint32_t> windows;
    {
      MutexLock lock(block->mutex);
      for (const DirtyWindow& dirty : block->dirty) {
        if (dirty.window < first_kept) windows.push_back(dirty.window);
      }
    }
    if (windows.empty()) continue;
    rocks::Batch batch;
    for (uint32_t window : windows) {
      const auto visit = [&](std::string_view key, std::string_view) {
        batch.Delete(Family::kFrames, key);
        return true;
      };
      NINES_RETURN_IF_ERROR(database_.Scan(Family::kFrames, FramePrefix(window, number),
                                           FramePrefix(window, number + 1), visit, {nullptr, rocks::Cache::kLeave}));
    }
    NINES_RETURN_IF_ERROR(database_.Write(batch, rocks::Durability::kBuffer));
    MutexLock lock(block->mutex);
    std::erase_if(block->dirty, [&](const DirtyWindow& dirty) { return dirty.window < first_kept; });
  }
  return absl::OkStatus();
}

}  // namespace nines::series
