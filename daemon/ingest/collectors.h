#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/strong_id.h"
#include "daemon/ingest/batch.h"

namespace nines::ingest {

// One collector, for /metrics and status.
struct CollectorStatus {
  ProviderId provider;
  std::string collector;
  std::string version;
  bool connected = false;
  int64_t last_batch_ms = 0;  // when one became durable last; 0 = never since the daemon started
  uint64_t spool_bytes = 0, spool_bytes_max = 0, spool_dropped_records = 0, source_errors = 0;
};

// What is known about each collector that has connected since the daemon started. Thread-safe.
class CollectorBoard {
 public:
  // Each Connected() is followed by one Disconnected(); the streams of one collector can overlap.
  void Connected(const ProviderId& provider, const std::string& collector, const std::string& version);
  void Disconnected(const ProviderId& provider, const std::string& collector);
  void BatchDurable(const ledger::StreamKey& stream, int64_t now_ms, const std::optional<CollectorHealth>& health);

  std::vector<CollectorStatus> All() const;  // ordered by provider and collector
  uint64_t streams() const;

 private:
  struct Entry {
    CollectorStatus status;
    int streams = 0;
  };
  Entry& Of(const ProviderId& provider, const std::string& collector) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::map<std::pair<ProviderId, std::string>, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::ingest
