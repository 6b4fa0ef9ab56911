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
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::ingest {

// Same numbers as nines.v1.RefusalReason.
enum class RefusalReason : uint8_t {
  kTooOld = 1, kTooFarAhead = 2, kMalformed = 3, kInvalidFact = 4, kNotAllowed = 5, kTooManySeries = 6
};
inline constexpr int kRefusalReasonCount = 7;
std::string_view RefusalReasonName(RefusalReason reason);  // "too_old"

struct Refusal {
  uint64_t sequence = 0;
  RefusalReason reason = RefusalReason::kMalformed;
  uint64_t count = 1;
  std::string message;
  std::string fact_source;
  std::string fact_id;
};

// A series as one sender's session knows it: the labels, and the id once the writer thread has resolved it.
struct SessionSeries;

// One batch of one sender in the daemon's own words, checked for form.
struct Batch {
  ledger::StreamKey stream;  // empty collector: not part of a stream, no duplicate check
  uint64_t sequence = 0;
  struct Point {
    std::shared_ptr<SessionSeries> series;
    int64_t time_ms;
    double value;
  };
  std::vector<Point> points;
  struct Results {
    CheckId check;
    std::shared_ptr<SessionSeries> series;
    std::vector<series::Sample> samples;
  };
  std::vector<Results> results;
  std::vector<ledger::NewFact> facts;
  std::vector<Refusal> refusals;  // found while the form was checked
};

// What became of a batch, once it is durable.
struct Outcome {
  absl::Status status;  // not OK: nothing of it is stored; send it again
  bool duplicate = false;
  std::vector<Refusal> refusals;
  std::vector<ledger::Recorded> recorded;  // one for each fact that was not refused
};

// Counters for /metrics. All monotonic but the gauges.
struct Stats {
  uint64_t batches = 0, duplicate_batches = 0, sequence_gaps = 0;
  uint64_t samples = 0, results = 0, facts = 0;
  uint64_t refused[kRefusalReasonCount] = {};
  uint64_t commits = 0;        // group commits
  double commit_seconds = 0;   // sum of their durations
  uint64_t queue_batches = 0;  // gauge: waiting now
  uint64_t streams = 0;        // gauge: open now
};

// One connected collector, for /metrics and status.
struct CollectorStatus {
  ProviderId provider;
  std::string collector;
  std::string version;
  bool connected = false;
  int64_t last_batch_ms = 0;
  uint64_t spool_bytes = 0, spool_bytes_max = 0, spool_dropped_records = 0, source_errors = 0;
};

// The one way in, for every protocol: checks, recognises duplicates, makes durable, publishes, answers. Thread-safe.
class Ingest {
 public:
  // Whoever keeps derived state. Called on the writer thread after a group commit, before its batches are answered.
  struct Listener {
    std::function<void(const ProviderId&, const CheckId&, std::span<const series::Sample>)> on_results;
    std::function<void()> on_facts;
  };
  struct Options {
    int64_t late_window_ms = 2 * 86'400'000LL;
    int64_t ahead_window_ms = 600'000;
    size_t queue_batches_max = 1024;
    uint64_t series_per_provider_max = 2'000'000;
  };
  Ingest(rocks::Database& database, series::Store& store, ledger::Ledger& ledger, catalogue::Cache& catalogue,
         const Clock& clock, Options options);
  ~Ingest();
  void SetListener(Listener listener);  // before Start()
  void Start();
  // Commits what is queued, answers it, and refuses what comes after with Unavailable. Idempotent.
  void Stop();
  // The windows may change while it runs (SIGHUP).
  void SetOptions(const Options& options);

  // Hands a batch over. False: the queue is full; `room` will be called once when there is space again, from another
  // thread, and the batch is left in `batch`. Otherwise `done` is called once, on the writer thread, when the batch is durable or has failed.
  bool Submit(Batch& batch, std::function<void(Outcome)> done, std::function<void()> room);

  // Records facts of people together, and returns when they are durable (or refused: InvalidArgument, all or nothing).
  absl::StatusOr<std::vector<ledger::Recorded>> RecordFacts(std::vector<ledger::NewFact> facts);

  Stats stats() const;
  std::vector<CollectorStatus> collectors() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::ingest
