#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "daemon/catalogue/cache.h"
#include "daemon/ingest/batch.h"
#include "daemon/ingest/collectors.h"
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::ingest {

// Counters for /metrics. All monotonic but the gauges.
struct Stats {
  uint64_t batches = 0, duplicate_batches = 0, sequence_gaps = 0;
  uint64_t samples = 0, results = 0, facts = 0;
  uint64_t refused[kRefusalReasonCount] = {};
  uint64_t commits = 0;         // group commits
  uint64_t failed_commits = 0;  // whose batches were answered with the error of the storage
  double commit_seconds = 0;    // sum of their durations
  uint64_t queue_batches = 0;   // gauge: waiting now
  uint64_t streams = 0;         // gauge: open now
  bool waits_for_room = false;  // the disk is full, and senders wait
};

struct Options {
  int64_t late_window_ms = 2 * 86'400'000LL;
  int64_t ahead_window_ms = 600'000;
  size_t queue_batches_max = 1024;
  size_t queue_bytes_max = 256 << 20;
  uint64_t series_per_provider_max = 2'000'000;
};

// Whoever keeps derived state. Called on the writer thread after a group commit, before its batches are answered.
struct Listener {
  std::function<void(const ProviderId&, const CheckId&, std::span<const series::Sample>)> on_results;
  std::function<void()> on_facts;
};

// The one way in, for every protocol: checks, recognises duplicates, makes durable, publishes, answers. Thread-safe.
//
// One thread of its own writes: it takes what is queued, puts it into one synced write, and answers. A write that fails
// is answered to every batch of its group; nothing of them is visible, and senders send them again.
class Ingest {
 public:
  using Stats = ingest::Stats;
  using Options = ingest::Options;
  using Listener = ingest::Listener;

  Ingest(rocks::Database& database, series::Store& store, ledger::Ledger& ledger, catalogue::Cache& catalogue,
         const Clock& clock, Options options);
  ~Ingest();
  void SetListener(Listener listener);  // before Start()
  // Asked before a group is written, once a second at most; while it answers an error nothing is taken from the queue, so
  // that senders wait. Before Start().
  void SetRoom(std::function<absl::Status()> has_room);
  void Start();
  // Commits what is queued, answers it, and refuses what comes after with Unavailable. Idempotent.
  void Stop();
  // The windows and limits may change while it runs (SIGHUP).
  void SetOptions(const Options& options);

  // Hands a batch over. False: the queue is full; `room` will be called once when there is space again, from the writer
  // thread, and the batch is left in `batch`. Otherwise `done` is called once, on the writer thread, in the order of
  // submission, when the batch is durable or has failed; after Stop() at once, on the caller's. Neither may block or
  // call RecordFacts().
  bool Submit(Batch& batch, std::function<void(Outcome)> done, std::function<void()> room);

  // Records facts together, and returns when they are durable. InvalidArgument (or PermissionDenied, for a fact of a
  // provider about what is not its own) lists what is wrong with them: all or nothing. Between Start() and Stop(),
  // never on the writer thread.
  absl::StatusOr<std::vector<ledger::Recorded>> RecordFacts(std::vector<ledger::NewFact> facts);

  Stats stats() const;
  CollectorBoard& board();
  std::vector<CollectorStatus> collectors() const;
  // The storage's last error, or that there is no room; OK again after a write that went well.
  absl::Status healthy() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::ingest
