#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "daemon/live/live.h"
#include "daemon/report/report.h"

namespace nines::watch {

struct Change {
  TargetId target;
  sla::State state = sla::State::kUnknown;
  int64_t since_ms = 0;
  friend bool operator==(const Change&, const Change&) = default;
};

// Where a watcher has got to: everything up to the change `sequence` of the daemon's run `run`, which was at `time_ms`.
struct Cursor {
  int64_t run = 0;
  uint64_t sequence = 0;
  int64_t time_ms = 0;
  friend bool operator==(const Cursor&, const Cursor&) = default;
};

struct Batch {
  std::vector<Change> changes;
  Cursor cursor;  // after them
};

// Finds changes of targets' states by looking once a second, and keeps the newest of them for watchers, so many and no
// more. A watcher that was away longer, or comes from an earlier run of the daemon, gets what it missed from the
// history. Thread-safe.
class Feed {
 public:
  struct Options {
    size_t changes_max = 65'536;  // kept for watchers
  };
  // What a watcher's cursor may be older than now at most.
  static constexpr int64_t kResumeMs = 31 * 86'400'000LL;
  // History is told from so long before a cursor on: what came in late, and was not seen then, may lie there.
  static constexpr int64_t kLateMs = 3'600'000;

  Feed(live::Live& live, const report::Reporter& reporter, const Clock& clock, Options options);
  ~Feed();

  void Start();  // the thread that looks
  void Stop();   // ends it, and every wait; idempotent

  // Looks now. Errors are the store's; the next look finds what this one did not.
  absl::Status Look();

  // Looks, and gives the states that were seen with the cursor behind them.
  absl::StatusOr<Batch> Begin(const report::Filter& filter);
  // What came after the cursor, at most `changes_max` changes unless they come from the history. OutOfRange for a
  // cursor that is too old.
  absl::StatusOr<Batch> After(const Cursor& cursor, const report::Filter& filter, size_t changes_max);
  // Until there is something after the cursor, `timeout` has passed, or it stops. False: it stops.
  bool Wait(const Cursor& cursor, absl::Duration timeout);

 private:
  struct Known {
    sla::State state = sla::State::kUnknown;
    int64_t since_ms = 0;
  };
  struct Entry {
    Change change;
    std::shared_ptr<const catalogue::Catalogue> catalogue;  // in which the target is
  };

  void Run();
  absl::StatusOr<std::vector<Change>> ChangesOf(const live::TargetStatus& status, const Known& known, int64_t now_ms)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(looking_);
  Cursor Newest() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // From the history.
  absl::StatusOr<Batch> Missed(const Cursor& cursor, const report::Filter& filter);

  live::Live& live_;
  const report::Reporter& reporter_;
  const Clock& clock_;
  const Options options_;
  const int64_t run_;

  Mutex looking_;  // one look at a time; taken before mutex_
  std::map<TargetId, Known> known_ ABSL_GUARDED_BY(looking_);
  std::shared_ptr<const catalogue::Catalogue> catalogue_ ABSL_GUARDED_BY(looking_);  // of known_
  int64_t looked_ms_ ABSL_GUARDED_BY(looking_) = 0;

  Mutex mutex_;
  CondVar news_;
  std::deque<Entry> kept_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_sequence_ ABSL_GUARDED_BY(mutex_) = 0;  // of kept_.back()
  int64_t last_ms_ ABSL_GUARDED_BY(mutex_) = 0;         // of the last look
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace nines::watch
