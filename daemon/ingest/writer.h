#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "daemon/catalogue/cache.h"
#include "daemon/ingest/ingest.h"
#include "daemon/ingest/queue.h"

namespace nines::ingest {

// Makes groups of batches durable and visible. Commit() is confined to the writer thread; the rest is thread-safe.
class Writer {
 public:
  Writer(rocks::Database& database, series::Store& store, ledger::Ledger& ledger, catalogue::Cache& catalogue,
         const Clock& clock, const Options& options);

  void SetListener(Listener listener) { listener_ = std::move(listener); }  // before the first Commit()
  void SetOptions(const Options& options);

  // All of the group in one synced write (facts, which are few, in one before it), then answers every item. Refused parts are left out; a failed write answers
  // each item with Unavailable, and nothing of the group is visible.
  void Commit(std::vector<Item>& group);

  Stats stats() const;
  absl::Status healthy() const;
  CollectorBoard& board() { return board_; }

 private:
  // What one item adds to the group.
  struct Prepared {
    Outcome outcome;
    uint64_t samples = 0, results = 0;
    bool gap = false;
  };
  using StreamPosition = std::tuple<ProviderId, std::string, uint64_t>;

  Prepared Prepare(Item& item, const catalogue::Catalogue* catalogue);
  void Register(Batch& batch);
  bool IsDuplicate(const Batch& batch, bool* gap);
  void TakeSamples(const Batch& batch, Prepared& prepared);
  // Adds a row to `rows_` without the series that are refused; how many are left.
  uint32_t TakeRow(std::span<const uint32_t> numbers, const double* values, Session& session, RefusalList& refusals);
  void TakeResults(Batch& batch, Prepared& prepared);
  void TakeFacts(const Item& item, const catalogue::Catalogue& catalogue, Prepared& prepared);
  // Null: resolved. Otherwise why nothing is taken under it.
  const Session::Refused* Resolve(Session::Slots& slots, const Session& session, uint32_t number,
                                  const absl::flat_hash_map<uint32_t, Session::Refused>& refused);
  // A series of the session that was removed, for it was silent past its retention, breaks it: the sender registers its
  // series anew.
  void NoticeRemoved(Session& session) const;
  // False: the row is outside of the windows, and refused.
  bool IsTaken(const series::Rows::Row& row, RefusalList& refusals) const;
  absl::Status WriteFacts();
  absl::Status LogSamples();
  // Answers a group that could not be made durable, or only its facts.
  void Fail(std::vector<Item>& group, std::vector<Prepared>& prepared, bool facts_durable, const absl::Status& status);
  void Publish(const std::vector<Item>& group, const std::vector<Prepared>& prepared);
  void Count(const std::vector<Item>& group, const std::vector<Prepared>& prepared, absl::Duration took);
  void SetHealth(const absl::Status& status);

  rocks::Database& database_;
  series::Store& store_;
  ledger::Ledger& ledger_;
  catalogue::Cache& catalogue_;
  const Clock& clock_;
  Listener listener_;
  CollectorBoard board_;

  // Confined to the writer thread.
  // New label sets. They are known to the store from the moment they are resolved, so that they are kept here until
  // their own write has succeeded, whatever becomes of the samples.
  rocks::Batch registrations_;
  rocks::Batch facts_;                         // of the group
  series::Rows rows_;                          // of the group
  bool logged_ = false;                        // it had something for the log
  std::map<StreamPosition, uint64_t> staged_;  // stream positions of the group
  Options now_options_;                        // for the group
  int64_t now_ms_ = 0;
  int64_t oldest_ms_ = 0;   // of samples that are taken
  int64_t newest_ms_ = 0;
  Session::Refused too_many_;

  mutable Mutex mutex_;
  Options options_ ABSL_GUARDED_BY(mutex_);
  Stats stats_ ABSL_GUARDED_BY(mutex_);
  absl::Status health_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::ingest
