#include "daemon/ingest/collectors.h"

namespace nines::ingest {

CollectorBoard::Entry& CollectorBoard::Of(const ProviderId& provider, const std::string& collector) {
  Entry& entry = entries_[{provider, collector}];
  entry.status.provider = provider;
  entry.status.collector = collector;
  return entry;
}

void CollectorBoard::Connected(const ProviderId& provider, const std::string& collector, const std::string& version) {
  MutexLock lock(mutex_);
  Entry& entry = Of(provider, collector);
  ++entry.streams;
  entry.status.version = version;
  entry.status.connected = true;
}

void CollectorBoard::Disconnected(const ProviderId& provider, const std::string& collector) {
  MutexLock lock(mutex_);
  Entry& entry = Of(provider, collector);
  --entry.streams;
  entry.status.connected = entry.streams > 0;
}

void CollectorBoard::BatchDurable(const ledger::StreamKey& stream, int64_t now_ms,
                                  const std::optional<CollectorHealth>& health) {
  MutexLock lock(mutex_);
  CollectorStatus& status = Of(stream.provider, stream.collector).status;
  status.last_batch_ms = now_ms;
  if (!health) return;
  status.spool_bytes = health->spool_bytes;
  status.spool_bytes_max = health->spool_bytes_max;
  status.spool_dropped_records = health->spool_dropped_records;
  status.source_errors = health->source_errors;
}

std::vector<CollectorStatus> CollectorBoard::All() const {
  MutexLock lock(mutex_);
  std::vector<CollectorStatus> all;
  all.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) all.push_back(entry.status);
  return all;
}

uint64_t CollectorBoard::streams() const {
  MutexLock lock(mutex_);
  uint64_t sum = 0;
  for (const auto& [key, entry] : entries_) sum += entry.streams;
  return sum;
}

}  // namespace nines::ingest
