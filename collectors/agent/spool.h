#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "collectors/agent/spool_segment.h"
#include "nines/v1/spool.pb.h"

namespace nines::collector {

enum class WhenFull { kWait, kDropOldest };

struct SpoolOptions {
  std::filesystem::path directory;  // made if it is not there
  int64_t bytes_max = 1 << 30;
  int64_t age_max_ms = 7 * 86'400'000LL;
  WhenFull when_full = WhenFull::kWait;
  int64_t segment_bytes = 16 << 20;
};

// What a collector has gathered and the daemon has not acknowledged: records in segment files, and the file `meta`.
// Survives kill -9 at any instant. What Sync() has not reached may be lost with the machine's power; it is never handed
// out for sending before, so that no sequence number ever stands for two records. Confined to the agent's io_context.
class Spool {
 public:
  // Recovers what is there. FailedPrecondition while another process has it open, or if it is of an unknown version.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(SpoolOptions options, const Clock& clock);
  // Writes `meta`.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  // Makes ready for one Append() of at most `record_bytes`, dropping what is too old, and the oldest if the policy says
  // so. The segment that it will go into: with a new one the numbering of series and checks begins anew. None: full,
  // wait for an acknowledgement.
  absl::StatusOr<std::optional<uint64_t>> Reserve(int64_t record_bytes);
  // Sets the record's sequence number and time. On an error nothing was appended, and the same record may be tried
  // again.
  absl::Status Append(v1::SpoolRecord* record);
  absl::Status Sync();

  // Everything up to `sequence` is durable at the daemon; deletes the segments that hold nothing else.
  void Acknowledge(uint64_t sequence);
  // The daemon has forgotten what came after `sequence`: what is left of it here counts as unacknowledged again.
  void Rewind(uint64_t sequence);
  // Numbers from another history are known to the daemon under this epoch: go on under a new one.
  absl::Status RenewEpoch();

  // Where a reader stands. The default is the oldest record.
  struct Position {
    uint64_t segment = 0;
    int64_t offset = 0;
  };
  // The next record, acknowledged or not, durable on this disk; false at the end. A damaged rest of a segment is named
  // in the log, counted and skipped; DataLoss while it is the segment that is being written.
  absl::StatusOr<bool> Read(Position* position, v1::SpoolRecord* record);

  uint64_t epoch() const { return meta_.epoch(); }
  uint64_t last_sequence() const { return meta_.next_sequence() - 1; }
  uint64_t acked_sequence() const { return meta_.acked_sequence(); }
  // Nothing up to here will be acknowledged any more: it was dropped.
  uint64_t dropped_through() const { return dropped_through_; }
  uint64_t dropped_records() const { return meta_.dropped_records(); }
  uint64_t damaged_segments() const { return damaged_segments_; }
  int64_t bytes() const { return bytes_; }
  int64_t bytes_max() const { return options_.bytes_max; }
  uint64_t source_errors() const { return meta_.source_errors(); }
  void CountSourceError() { meta_.set_source_errors(meta_.source_errors() + 1); }
  // As of the last record that was appended.
  std::string cursor(const std::string& source) const;

 private:
  struct Segment {
    std::filesystem::path path;
    int64_t bytes = 0;  // good ones; the readers' end
    int64_t file_bytes = 0;
    uint64_t last_sequence = 0;
    uint64_t records = 0;
    int64_t last_spooled_ms = 0;
    int64_t registration_bytes = 0;
  };
  using Segments = std::map<uint64_t, Segment>;

  Spool(SpoolOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
  absl::Status Recover();
  absl::Status LoadMeta();
  absl::Status WriteMeta();
  absl::Status RecoverSegment(uint64_t first, const std::filesystem::path& path, bool is_last);
  absl::Status StartSegment();
  absl::Status EndSegment();
  bool SegmentIsDue() const;
  bool IsActive(Segments::iterator segment) const;
  // Those that hold only acknowledged records; those too old; then the oldest until `bytes_wanted` fit.
  absl::Status DropOld();
  absl::Status DropSegment(Segments::iterator segment);

  const SpoolOptions options_;
  const Clock& clock_;
  v1::SpoolMeta meta_;  // up to date in memory; on disk as of the last WriteMeta()
  File lock_;
  Segments segments_;  // by the sequence number their first record has, or would have
  File active_;        // the last of segments_, or not open
  bool unsynced_ = false;
  bool active_is_damaged_ = false;
  File reader_;
  uint64_t reader_segment_ = 0;
  int64_t bytes_ = 0;
  uint64_t dropped_through_ = 0;
  uint64_t damaged_segments_ = 0;
  absl::Duration meta_written_at_ = absl::ZeroDuration();
};

}  // namespace nines::collector
