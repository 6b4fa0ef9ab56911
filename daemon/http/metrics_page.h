#pragma once

#include <functional>
#include <string>

#include "daemon/http/request_counters.h"
#include "daemon/ingest/ingest.h"
#include "daemon/live/live.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::http {

// /metrics of the daemon: asks every part, and renders what they say. Thread-safe; the parts outlive it.
class MetricsPage {
 public:
  struct Parts {
    live::Live& live;
    const ingest::Ingest& ingest;
    const series::Store& store;
    const rocks::Database& database;
    std::function<ServerStats()> http;
  };
  explicit MetricsPage(Parts parts);

  std::string Text() const;

 private:
  Parts parts_;
};

}  // namespace nines::http
