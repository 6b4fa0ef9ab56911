#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <filesystem>
#include <memory>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "collectors/agent/scheduler.h"
#include "collectors/agent/spool.h"
#include "collectors/agent/spool_recorder.h"
#include "collectors/agent/stream_client.h"
#include "collectors/collector_config.h"
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

  // Until SIGTERM or SIGINT, or with kDone until all replay and drop sources are at their end and the daemon has
  // acknowledged everything. Then stops the sources, and gives the daemon a moment to acknowledge what is left. A
  // second signal kills. Call once. FailedPrecondition: with kDone, a source could not read all it was to.
  absl::Status Run(ExitWhen exit_when);

 private:
  explicit Collector(const Clock& clock) : clock_(clock), signals_(io_) {}

  boost::asio::awaitable<void> StopWhenDone();
  boost::asio::awaitable<void> Stop();
  boost::asio::awaitable<void> AwaitAcknowledgement();
  void BeginStop();

  const Clock& clock_;
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<SpoolRecorder> recorder_;
  std::unique_ptr<StreamClient> stream_;
  std::unique_ptr<Scheduler> scheduler_;
  bool is_stopping_ = false;
};

}  // namespace nines::collector
