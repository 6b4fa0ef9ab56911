#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/interval.h"
#include "base/strong_id.h"
#include "storage/codec/sample.h"
#include "storage/rocks/database.h"
#include "storage/series/grid.h"
#include "storage/series/index.h"
#include "storage/series/labels.h"
#include "storage/series/merger.h"
#include "storage/series/reclaimer.h"
#include "storage/series/retention.h"
#include "storage/series/rollup_reader.h"
#include "storage/series/rows.h"
#include "storage/series/writer.h"

namespace nines::series {

using Sample = codec::Sample;  // time_ms, value

struct StoreStats {
  uint64_t series = 0;
  uint64_t index_bytes = 0;
  uint64_t head_samples = 0;
  uint64_t head_bytes = 0;
  uint64_t log_bytes = 0;          // not cut yet
  uint64_t dirty_windows = 0;      // of a block each: wait for being merged
  uint64_t reclaimable_bytes = 0;  // deleted or replaced by merging, and still on the disk
  uint64_t frames_written = 0;     // the rest since the start
  uint64_t windows_merged = 0;
  uint64_t partitions_merged = 0;
  uint64_t series_removed = 0;
  uint64_t damaged = 0;  // records and chunks that were found damaged, and left out or as they are
};

// The time series: labels, index, head (in memory, backed by a log), frames, chunks, roll-ups.
//
// Writing is done by one thread, in two steps, so that many batches become durable in one write together with what else
// belongs to them (the positions of their streams):
//   Log(rows, note)  makes them durable, or fails and leaves nothing; new series are written before;
//   Append(rows)     makes them visible to readers.
// Another thread keeps house: Tend(). Reading is thread-safe and sees every appended sample. Of two samples of one
// series at one time the one appended last stands. Samples may come in any order of time; windows are the caller's
// business.
class Store {
 public:
  struct Options {
    Grid grid;  // of a new data directory; an old one keeps its own
    Writer::Options writer;
    Merger::Options merger;
    Reclaimer::Options reclaimer;
    RetentionTimes retention;
  };
  // What the owner has kept in the log beside samples.
  struct Notes {
    std::function<absl::Status(std::string_view note)> recovered;  // each, in order
    // The log is to be cut: puts into the batch what the notes so far came to.
    std::function<void(rocks::Batch&)> on_cut;
  };
  // Recovers the head from the log, which lies in a folder of the database's directory. The clock and the database must
  // outlive the store.
  static absl::StatusOr<std::unique_ptr<Store>> Open(rocks::Database& database, const Clock& clock,
                                                     const Options& options, const Notes& notes = {});
  ~Store();
  // Records that were found damaged by Open() and left out: which, and what that means.
  const std::vector<std::string>& recovery_damage() const;

  // The id of a label set; a new one is registered in `batch` and visible to Select() at once. Results of checks are
  // told from samples by their name, kCheckResultName. Writer thread.
  SeriesId Resolve(const Labels& labels, rocks::Batch& batch);
  // A series that was silent past its retention is removed by Maintain(). Whoever keeps ids asks again when
  // removals() has changed.
  bool Contains(SeriesId series) const;
  uint64_t removals() const;
  std::optional<SeriesId> Find(const Labels& labels) const;
  // How many series carry provider="…".
  uint64_t SeriesOfProvider(std::string_view provider) const;
  // Samples, or results, from before this time are past their retention and not to be appended.
  int64_t TakenFromMs(SeriesClass series_class) const;

  // Writer thread. The series are there, times are within [kFirstTimeMs, kEndTimeMs).
  absl::Status Log(const Rows& rows, std::string_view note = {});
  void Append(const Rows& rows);
  // Writer thread, after Append(): seals heads and cuts the log where it is time to, a bounded piece of work a call. On
  // an error of the disk nothing is lost: call it again before more is appended.
  absl::Status Maintain();
  // Writer thread, before the end: leaves nothing in the log, so that the next start has nothing to recover.
  absl::Status Close();

  // A consistent copy of the database and the log into `directory`, which must not exist, while everything runs.
  absl::Status Backup(const std::string& directory);

  // Housekeeping thread, now and then: merges, rolls up, drops what is past its retention, until `stop` says so.
  absl::Status Tend(const std::function<bool()>& stop);
  void SetRetention(const RetentionTimes& times);

  // Samples of [from, to), oldest first, one a time stamp.
  absl::Status Read(SeriesId series, Interval span, std::vector<Sample>* samples) const;
  // The latest sample before `time_ms`.
  absl::StatusOr<std::optional<Sample>> LastBefore(SeriesId series, int64_t time_ms) const;
  // Earliest sample at or after `time_ms`.
  absl::StatusOr<std::optional<Sample>> FirstFrom(SeriesId series, int64_t time_ms) const;

  // The samples of many series in `span`, block by block, those with none left out. What is passed to `visit` lives
  // until it returns; false ends the scan.
  using VisitSamples = std::function<bool(SeriesId, std::span<const int64_t> times_ms, std::span<const double> values)>;
  absl::Status Scan(std::span<const SeriesId> series, Interval span, const VisitSamples& visit) const;
  // The same for buckets that start in `span`; only aggregates of `set` are filled.
  using VisitRollup = std::function<bool(SeriesId, const Rollup&)>;
  absl::Status ScanRollups(std::span<const SeriesId> series, Interval span, Resolution resolution, AggregateSet set,
                           const VisitRollup& visit) const;

  // Series that match all matchers, ordered by labels. At least one matcher must not match the empty text.
  absl::StatusOr<std::vector<SeriesId>> Select(std::span<const Matcher> matchers) const;
  Labels LabelsOf(SeriesId series) const;
  StoreStats Stats() const;

  // Reads everything that is stored. What is damaged is named in `damage`, at most 1000 of them.
  struct Verification {
    uint64_t series = 0, chunks = 0, frames = 0, rollups = 0, samples = 0;
    uint64_t damaged = 0;
    std::vector<std::string> damage;
  };
  absl::StatusOr<Verification> Verify() const;

 private:
  class Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The bits of Prometheus' staleness marker, a NaN.
inline constexpr uint64_t kStaleBits = 0x7ff0000000000002;

// Results of checks are series of their own: nines_check_result{provider=…, check=…} with 1 up, 0.5 degraded, 0 down
// and the staleness marker.
inline constexpr char kCheckResultName[] = "nines_check_result";
Labels CheckResultLabels(const ProviderId& provider, const CheckId& check);

}  // namespace nines::series
