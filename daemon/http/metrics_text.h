#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/http/process_stats.h"
#include "daemon/http/request_counters.h"
#include "daemon/ingest/ingest.h"
#include "daemon/live/live.h"
#include "storage/series/store.h"

namespace nines::http {

// Everything that /metrics tells, as of one moment.
struct MetricsInput {
  std::shared_ptr<const live::Snapshot> snapshot = {};
  live::Live::Stats live = {};
  ingest::Stats ingest = {};
  std::vector<ingest::CollectorStatus> collectors = {};
  series::StoreStats series = {};
  uint64_t disk_bytes = 0;
  ServerStats http = {};
  ProcessStats process = {};
  std::string version = {};
};

// Prometheus text format 0.0.4; docs/metrics.md lists the metrics. Milliseconds come out as exact decimal seconds.
// Families without a sample are left out. The same input gives the same text. Pure.
std::string MetricsText(const MetricsInput& input);

}  // namespace nines::http
