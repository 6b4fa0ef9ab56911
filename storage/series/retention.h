#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/rocks/database.h"
#include "storage/series/blocks.h"
#include "storage/series/grid.h"
#include "storage/series/merger.h"
#include "storage/series/rollup_reader.h"

namespace nines::series {

// How long what is kept, at least. What is older goes with the partition it is in, when all of that is older.
struct RetentionTimes {
  static constexpr int64_t kDayMs = 86'400'000;
  int64_t samples_ms = 90 * kDayMs;
  int64_t five_minutes_ms = 400 * kDayMs;
  int64_t hours_ms = 3'660 * kDayMs;
  int64_t results_ms = 3'660 * kDayMs;
};

// Drops partitions that are past their time. Before samples go, those roll-ups that were calculated from them are
// stored. Confined to the merger's thread, but for the floors.
class Retention {
 public:
  Retention(rocks::Database& database, const Grid& grid, Blocks& blocks, Merger& merger)
      : database_(database), grid_(grid), blocks_(blocks), merger_(merger) {}

  // Takes over what was dropped before this start.
  absl::Status Load();
  // Drops what is past its time at `wall_ms`, as far as `stop` lets it. `dropped` is called when samples, or results,
  // before a partition are gone with their roll-ups, so that series that had nothing later can go as well.
  absl::Status Run(int64_t wall_ms, const RetentionTimes& times, const std::function<bool()>& stop,
                   const std::function<void(SeriesClass, uint32_t partition)>& dropped);

  // Nothing older is taken any more. Thread-safe.
  int64_t TakenFromMs(SeriesClass series_class) const { return floors_ms_[static_cast<size_t>(series_class)]; }
  // Blocks whose five-minute roll-up could not be made, for a chunk was damaged. Thread-safe.
  uint64_t damaged() const { return damaged_; }
  // Samples before this time have gone into their five-minute roll-up. Thread-safe.
  int64_t SamplesFromMs() const { return samples_from_ms_; }

 private:
  bool HeadReachesBefore(uint32_t partition) const;
  absl::Status RollUpPartition(uint32_t partition, std::span<const Resolution> resolutions,
                               const std::function<bool()>& stop, bool* done);
  absl::Status RollUpBlock(uint32_t partition, uint32_t block, Resolution resolution, RollupReader& reader);
  absl::Status DropBefore(rocks::Family family, uint32_t partition);
  absl::Status DropFrames(SeriesClass series_class, uint32_t partition);
  uint32_t FloorPartition(int64_t wall_ms, int64_t keep_ms) const;
  absl::StatusOr<std::optional<uint32_t>> FirstPartition(rocks::Family family) const;

  rocks::Database& database_;
  const Grid grid_;
  Blocks& blocks_;
  Merger& merger_;
  std::atomic<int64_t> floors_ms_[kSeriesClassCount] = {};
  std::atomic<int64_t> samples_from_ms_ = 0;
  std::atomic<uint64_t> damaged_ = 0;
  uint32_t gone_[kSeriesClassCount] = {};  // told to `dropped`
  // Floors of the last run that came to its end: samples, results, five minutes, hours.
  std::array<uint32_t, 4> completed_ = {};
};

}  // namespace nines::series
