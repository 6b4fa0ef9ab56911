#include "daemon/http/metrics_page.h"

#include <utility>

#include "base/version.h"
#include "daemon/http/metrics_text.h"

namespace nines::http {

MetricsPage::MetricsPage(Parts parts) : parts_(std::move(parts)) {}

std::string MetricsPage::Text() const {
  return MetricsText({.snapshot = parts_.live.Now(),
                      .live = parts_.live.stats(),
                      .ingest = parts_.ingest.stats(),
                      .collectors = parts_.ingest.collectors(),
                      .series = parts_.store.Stats(),
                      .disk_bytes = parts_.database.DiskBytes(),
                      .http = parts_.http(),
                      .process = ReadProcessStats(),
                      .version = std::string(Version())});
}

}  // namespace nines::http
