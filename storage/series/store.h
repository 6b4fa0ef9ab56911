#pragma once

#include <cstdint>
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
#include "storage/codec/xor_samples.h"
#include "storage/rocks/database.h"
#include "storage/series/index.h"
#include "storage/series/labels.h"
#include "storage/series/point.h"

namespace nines::series {

using Sample = codec::Sample;  // time_ms, value

struct StoreStats {
  uint64_t series = 0;
  uint64_t head_samples = 0;
  uint64_t head_bytes = 0;
  uint64_t log_bytes = 0;       // logged since the last checkpoint
  uint64_t chunks_written = 0;  // since start
};

// The time series: labels, index, head (open chunks in memory, backed by a log), sealed chunks.
//
// Writing is done by one thread, in two steps, so that many batches become durable in one write together with facts and
// stream positions:
//   Log(points, batch)  puts them into `batch`; then the caller writes the batch with Durability::kSync; then
//   Append(points)      makes them visible to readers.
// Reading is thread-safe and sees every appended sample. Of two samples of one series at one time the one appended last
// stands. Samples may come in any order of time; windows are the caller's business.
class Store {
 public:
  struct Options {
    // The head is written to chunks, and the log cut, when the log has grown past this.
    uint64_t checkpoint_log_bytes = 64 << 20;
    // One call of Maintain() writes about this much of the head, so that it never holds up ingest for long.
    uint64_t checkpoint_step_bytes = 4 << 20;
    // Full chunks wait in memory until they are this much together.
    uint64_t ready_chunk_bytes = 256 << 10;
  };
  // Recovers the head from the log.
  static absl::StatusOr<std::unique_ptr<Store>> Open(rocks::Database& database, const Options& options);
  ~Store();

  // The id of a label set; a new one is registered in `batch` and visible to Select() at once. Writer thread.
  SeriesId Resolve(const Labels& labels, rocks::Batch& batch);
  std::optional<SeriesId> Find(const Labels& labels) const;
  // How many series carry provider="…".
  uint64_t SeriesOfProvider(std::string_view provider) const;

  // Writer thread. Points of all series mixed; their order is the order of recording.
  void Log(std::span<const Point> points, rocks::Batch& batch);
  void Append(std::span<const Point> points);
  // Writer thread, after Append(): stores chunks and cuts the log where it is time to, a bounded piece of work a call.
  // Errors of the disk; after one it stores nothing any more and answers the same.
  absl::Status Maintain();

  // Samples of [from, to), oldest first, one a time stamp.
  absl::Status Read(SeriesId series, Interval span, std::vector<Sample>* samples) const;
  // The latest sample before `time_ms`.
  absl::StatusOr<std::optional<Sample>> LastBefore(SeriesId series, int64_t time_ms) const;
  // Earliest sample at or after `time_ms`.
  absl::StatusOr<std::optional<Sample>> FirstFrom(SeriesId series, int64_t time_ms) const;

  // Series that match all matchers, ordered by labels. At least one matcher must not match the empty text.
  absl::StatusOr<std::vector<SeriesId>> Select(std::span<const Matcher> matchers) const;
  Labels LabelsOf(SeriesId series) const;
  StoreStats Stats() const;

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
