#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/figures.h"
#include "tests/bench/fleet_load.h"
#include "tests/bench/push_sink.h"

namespace nines::bench {

struct PushFlags {
  int collectors = 2;
  int providers = 1;
  int in_flight_max = 32;
  int rows_per_batch = 500;

  void AddTo(CLI::App& command);
};

// The fleet cut into streams.
struct PushLoad {
  std::unique_ptr<FleetLoad> load;
  std::vector<PushStream*> streams;  // belong to `load`
};
// Collectors are "bench-1", … of the providers in turn; at least one a provider.
absl::StatusOr<PushLoad> OpenPushLoad(const std::string& grpc_address, const PushFlags& flags,
                                      const FleetLoadOptions& options, std::atomic<int64_t>& acknowledged);
// ack_median_ms, ack_p99_ms, ack_max_ms.
void AddLatencies(PushLoad& load, Figures& figures);

}  // namespace nines::bench
