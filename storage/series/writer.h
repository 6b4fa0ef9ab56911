#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "storage/rocks/database.h"
#include "storage/series/block_samples.h"
#include "storage/series/blocks.h"
#include "storage/series/grid.h"
#include "storage/series/log.h"
#include "storage/series/rows.h"

namespace nines::series {

// The way of samples into the log, from there into the heads of their blocks, and out of these into frames. Confined to
// the writing thread, but for the counters.
//
// The log is cut where no head needs it any more: heads that are full leave on their own, and those that hold an old
// part of the log are sealed when it has grown too long or too old.
class Writer {
 public:
  struct Options {
    uint64_t log_bytes_max = 160 << 20;
    int64_t log_age_max_ms = 60 * 60 * 1000;
    // One call of Maintain() seals about this much, so that it never holds up ingest for long.
    uint64_t step_bytes = 4 << 20;
    uint32_t head_pages = 6;  // a head of more is sealed
  };
  Writer(rocks::Database& database, const Grid& grid, Blocks& blocks, const Options& options);

  struct Recovery {
    std::function<bool(uint32_t id)> known;              // whether there is a series of that id
    std::function<absl::Status(std::string_view)> note;  // takes the notes, in order
    std::function<void(std::string)> damaged;            // is told what was left out
  };
  // Opens the log and reads it into the heads.
  absl::Status Recover(const std::string& log_directory, const Recovery& recovery);

  // Makes the rows and the note durable.
  absl::Status Log(const Rows& rows, std::string_view note);
  // The rows that were logged last. Their blocks are there.
  void Append(const Rows& rows, int64_t monotonic_ms);
  // Called for the batch with which the log is cut: it takes over what notes before the cut said.
  void OnCut(std::function<void(rocks::Batch&)> hook) { on_cut_ = std::move(hook); }
  // A copy of the log and, by `copy_database`, of the database that belong together. What is logged meanwhile may be in
  // it or not; the log is not cut meanwhile, for the database would then say of samples that they are in it which are
  // in neither copy. Any thread.
  absl::Status Backup(const std::string& log_directory, const std::function<absl::Status()>& copy_database);
  // The block was removed.
  void Forget(uint32_t number);
  // Seals heads that are full, and cuts the log where it is time to. An error of the disk changes nothing: call it
  // again.
  absl::Status Maintain(int64_t monotonic_ms);
  // Seals everything, cuts the log, and leaves nothing of the database in memory only.
  absl::Status Close(int64_t monotonic_ms);

  uint64_t log_bytes() const { return log_bytes_; }
  uint64_t frames_written() const { return frames_written_; }

 private:
  // What of a row goes to one block: neighbouring series.
  struct RowPiece {
    Block* block;
    int64_t time_ms;
    uint32_t first;  // id
    uint32_t count;
    const double* values;
  };
  // A piece of the log: several records.
  struct Piece {
    uint64_t first = 0;
    uint64_t bytes = 0;
    int64_t monotonic_ms = 0;  // of the first
  };
  // A walk over the blocks, to seal what was logged before `cut`.
  struct Walk {
    uint64_t cut = 0;
    std::vector<uint32_t> blocks;
    size_t next = 0;

    bool at_end() const { return next == blocks.size(); }
  };
  struct Sealed {
    uint32_t number;
    std::shared_ptr<Block> block;
    std::vector<std::pair<uint32_t, uint64_t>> frames;  // window, sequence
    std::array<Life, kBlockSeries> lives;
  };

  // Leaves out what is of series that were removed since, or whose record is damaged, which is named elsewhere.
  static void LeaveOut(const std::function<bool(uint32_t id)>& known, Rows* rows);
  void AppendRows(const Rows& rows, uint64_t log);
  static bool IsFull(const Block& block) ABSL_SHARED_LOCKS_REQUIRED(block.mutex);
  void FindPieces(const Rows& rows);
  Block& BlockAt(uint32_t number);
  static void PrefetchBlock(const Block& block);
  static void PrefetchTail(const Block& block);
  void PrefetchHead(uint32_t number) const;
  void CountLogged(uint64_t number, uint64_t bytes, int64_t monotonic_ms);
  void BeginWalk(int64_t monotonic_ms);
  // Seals a bounded part of what the walk has before it.
  absl::Status ContinueWalk(int64_t monotonic_ms);
  absl::Status EndWalk() ABSL_EXCLUSIVE_LOCKS_REQUIRED(cut_mutex_);
  absl::Status SealFull(int64_t monotonic_ms);
  absl::Status CutLog(uint64_t cut) ABSL_EXCLUSIVE_LOCKS_REQUIRED(cut_mutex_);
  // Encodes a block's head into `batch_`. It is emptied once the batch is written.
  void Seal(uint32_t number, const std::shared_ptr<Block>& block);
  void PutFrames(uint32_t window, size_t* begins, Sealed& sealed);
  absl::Status WriteSealed(int64_t monotonic_ms);

  rocks::Database& database_;
  const Grid grid_;
  Blocks& blocks_;
  const Options options_;
  // Blocks by their place among those of their class, found once.
  std::array<std::vector<std::shared_ptr<Block>>, kSeriesClassCount> known_;
  std::vector<RowPiece> pieces_to_append_;
  PagePool pool_;
  std::unique_ptr<series::Log> log_;
  Mutex cut_mutex_;  // held while the log is cut, or must not be
  std::function<void(rocks::Batch&)> on_cut_;
  std::string record_;
  uint64_t log_cut_ = 1;
  std::deque<Piece> pieces_;
  std::optional<Walk> walk_;
  std::vector<uint32_t> full_;
  uint64_t next_sequence_ = 1;
  uint64_t sequence_limit_ = 1;
  BlockSamples samples_;
  rocks::Batch batch_;
  std::vector<Sealed> sealed_;  // in batch_
  std::atomic<uint64_t> log_bytes_ = 0;
  std::atomic<uint64_t> frames_written_ = 0;
};

}  // namespace nines::series
