#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "storage/rocks/database.h"
#include "storage/series/block_reader.h"
#include "storage/series/blocks.h"
#include "storage/series/chunk_key.h"
#include "storage/series/grid.h"
#include "storage/series/reclaimer.h"
#include "storage/series/rollup_reader.h"

namespace nines::series {

// Makes long-lived chunks out of frames once their window is over, with the window's hourly roll-up beside them; and
// one chunk for a partition out of the windows of sparse series, and of all hourly roll-ups, once the partition is
// over. What comes late makes its window dirty again, and it is merged again. Confined to one thread, but for the
// counters.
class Merger {
 public:
  struct Options {
    int64_t grace_ms = 10 * 60 * 1000;  // how long after its end a window is over
    int64_t settle_ms = 20 * 1000;      // and for how long nothing must have come for it
    uint32_t frames_max = 512;          // more than these are merged although it is not over
    uint32_t dense_samples = 240;       // a window's samples of a series from which on its chunk stays as it is, and
                                        // its hourly roll-up is stored
  };
  struct Now {
    int64_t wall_ms = 0;
    int64_t monotonic_ms = 0;
  };
  Merger(rocks::Database& database, const Grid& grid, Blocks& blocks, Reclaimer& reclaimer, const Options& options);

  // Reads which partitions are to be merged. Before the first Run().
  absl::Status Load();
  // Merges what is due, until `stop` says so. A chunk that is damaged is left as it is, and counted; the errors are
  // those of the database.
  absl::Status Run(Now now, const std::function<bool()>& stop);
  // Merges every window of samples before this one, however lately something came for it.
  absl::Status MergeBefore(uint32_t window, const std::function<bool()>& stop);
  // Forgets the partitions before this one: they are dropped.
  void Forget(SeriesClass series_class, uint32_t partition);

  uint64_t windows_merged() const { return windows_merged_; }
  uint64_t partitions_merged() const { return partitions_merged_; }
  uint64_t damaged() const { return damaged_; }

 private:
  // A partition of one block that is to be merged when it is over.
  enum class Kind : char { kSamples = 's', kHours = 'h' };
  struct Pending {
    uint32_t partition;
    uint32_t block;
    Kind kind;
    friend auto operator<=>(const Pending&, const Pending&) = default;
  };
  struct Due {
    uint32_t block;
    uint32_t window;
  };

  static std::string PendingKey(const Pending& pending);
  std::vector<Due> FindDue(
      const std::function<bool(uint32_t number, const DirtyWindow&, int64_t newest_ms)>& is_due) const;
  absl::Status MergeAll(const std::vector<Due>& all, const std::function<bool()>& stop);
  bool IsOver(uint32_t block, Interval span, int64_t wall_ms) const;
  absl::Status MergeWindow(Due due);
  // Whether the windows of a partition are dense enough to stay as they are.
  absl::StatusOr<bool> IsDense(const Pending& pending) const;
  absl::Status MergeSamples(const Pending& pending);
  absl::Status MergeHours(const Pending& pending);
  // Whether the samples of the partition are not dropped yet.
  absl::StatusOr<bool> HasSamples(const Pending& pending) const;
  // Whether these samples are so few that their hourly roll-up is not worth its bytes while they are there.
  bool AreSparse(const RollupReader::Columns& hours) const;
  // Puts `samples_` as chunks.
  void PutChunks(rocks::Family family, uint32_t partition, uint32_t block, Level level, uint32_t window,
                 std::set<std::string>* written, rocks::Batch& batch) const;
  // Deletes what lies in [from, to) and was not just written.
  absl::Status DeleteOthers(rocks::Family family, const std::string& from, const std::string& to,
                            const std::set<std::string>& kept, rocks::Batch& batch);
  // The same for all that the block has in the partition.
  absl::Status DeleteOthers(rocks::Family family, const Pending& pending, const std::set<std::string>& kept,
                            rocks::Batch& batch);
  void DeleteOther(rocks::Family family, std::string_view key, std::string_view value,
                   const std::set<std::string>& kept, rocks::Batch& batch);
  void PutHours(uint32_t block, uint32_t window, rocks::Batch& batch);
  void Add(const Pending& pending, rocks::Batch& batch);
  void MarkDamaged(Due due, const absl::Status& status);

  rocks::Database& database_;
  const Grid grid_;
  Blocks& blocks_;
  Reclaimer& reclaimer_;
  const Options options_;
  BlockReader reader_;
  RollupReader rollups_;
  BlockSamples samples_;
  RollupReader::Columns columns_;
  std::set<Pending> pending_;
  absl::Status last_damage_;
  std::set<Pending> damaged_pending_;  // left as they are until the next start
  std::atomic<uint64_t> windows_merged_ = 0;
  std::atomic<uint64_t> partitions_merged_ = 0;
  std::atomic<uint64_t> damaged_ = 0;
};

// Puts roll-ups as the one chunk of a partition, and adds its key to `written`.
void PutRollups(rocks::Family family, uint32_t partition, uint32_t block, RollupReader::Columns* rollups,
                std::set<std::string>* written, rocks::Batch& batch);

}  // namespace nines::series
