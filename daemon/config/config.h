#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nines/v1/config.pb.h"

namespace nines::config {

// ninesd's settings: checked, every default filled in, paths relative to the working directory.
struct DaemonConfig {
  std::string file;  // where it came from; empty: nowhere, all defaults
  std::string grpc_listen = "127.0.0.1:9460";
  std::string http_listen = "127.0.0.1:9461";
  std::string data_dir = "./data";
  std::vector<std::string> catalogue_files;
  std::string log_level = "info";     // debug, info, warn, error
  std::string log_format = "logfmt";  // logfmt, json
  v1::TlsConfig tls;                  // without files: none
  std::string seal_key_file = "./data/seal.key";
  int64_t late_window_ms = 2 * 86'400'000LL;
  int64_t ahead_window_ms = 600'000;
  int32_t queue_batches_max = 1024;
  int32_t batch_bytes_max = 4 << 20;
  int64_t series_per_provider_max = 2'000'000;
  int64_t retention_samples_ms = 90 * 86'400'000LL;
  int64_t retention_five_minutes_ms = 400 * 86'400'000LL;
  int64_t retention_hours_ms = 3660 * 86'400'000LL;
  int64_t retention_results_ms = 3660 * 86'400'000LL;
  int64_t disk_bytes_max = 0;      // 0: none
  int64_t disk_reserve_bytes = 0;  // 0: by the file system's size
};

// Values that the command line gives instead of the file; empty: none.
struct Overrides {
  std::string grpc_listen;
  std::string http_listen;
  std::string data_dir;
};

// Reads ninesd.yaml. InvalidArgument lists every mistake as "FILE:LINE:COLUMN: what; what to do", one a line. An empty
// `file` gives the defaults.
absl::StatusOr<DaemonConfig> LoadDaemonConfig(const std::string& file, const Overrides& overrides);

// As above, from text.
absl::StatusOr<DaemonConfig> ParseDaemonConfig(const std::string& text, const std::string& file,
                                               const Overrides& overrides);

// "host:port", the host an IPv4 address, an IPv6 address in brackets, or "localhost".
struct ListenAddress {
  std::string host;
  uint16_t port = 0;
  bool loopback = false;
};
absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text);

}  // namespace nines::config
