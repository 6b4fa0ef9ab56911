#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

enum class ExitWhen { kTold, kDone };

// A collector's parts, put together: sources → recorder → spool → stream. Runs on one thread, beside gRPC's own.
class Collector {
 public:
  // `config` is one that LoadCollectorConfig() gave. Errors say what is wrong with it, with the certificates or the
  // spool.
  static absl::StatusOr<std::unique_ptr<Collector>> Create(const v1::CollectorConfig& config,
                                                           const std::filesystem::path& config_dir, const Clock& clock);
  // How many sources `config` stands for; the errors of Create() that come from them. Touches nothing else.
  static absl::StatusOr<size_t> CountSources(const v1::CollectorConfig& config, const std::filesystem::path& config_dir,
                                             const Clock& clock);
  ~Collector();

  // Until SIGTERM or SIGINT, or with kDone until all replay and drop sources are at their end and the daemon has
  // acknowledged everything. Then stops the sources, and gives the daemon a moment to acknowledge what is left. A
  // second signal kills. Call once. FailedPrecondition: with kDone, a source could not read all it was to.
  absl::Status Run(ExitWhen exit_when);

 private:
  class Impl;
  explicit Collector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::collector
