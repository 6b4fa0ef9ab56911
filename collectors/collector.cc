#include "collectors/collector.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>

#include "base/status_macros.h"
#include "base/version.h"
#include "wire/channel.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

// Longer than the timeout of a source by default: a probe that is cut short would count as an outage.
constexpr absl::Duration kSourcesMayTake = absl::Seconds(15);
constexpr absl::Duration kAcknowledgementMayTake = absl::Seconds(2);
constexpr std::chrono::milliseconds kLookAgain(100);

// What a coroutine throws is a mistake of this program.
void Rethrow(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(const v1::CollectorConfig& config,
                                                             const std::filesystem::path& config_dir,
                                                             const Clock& clock) {
  std::unique_ptr<Collector> collector(new Collector(clock));
  NINES_ASSIGN_OR_RETURN(std::vector<ConfiguredSource> sources,
                         MakeSources(config, {collector->io_, clock, config_dir}));
  NINES_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, wire::Connect(config.daemon(), config.tls()));
  SpoolOptions spool;
  spool.directory = config.spool_dir();
  spool.bytes_max = config.spool().bytes_max();
  spool.age_max_ms = wire::ToMs(config.spool().age_max());
  spool.when_full = config.spool().when_full() == "drop_oldest" ? WhenFull::kDropOldest : WhenFull::kWait;
  NINES_ASSIGN_OR_RETURN(collector->spool_, Spool::Open(std::move(spool), clock));
  Spool* opened = collector->spool_.get();
  collector->recorder_ = std::make_unique<SpoolRecorder>(collector->io_, *opened);
  StreamOptions stream;
  stream.collector_id = config.collector_id();
  stream.provider_id = config.provider_id();
  stream.daemon = config.daemon();
  collector->stream_ = std::make_unique<StreamClient>(collector->io_, *opened, *collector->recorder_, clock,
                                                      std::move(channel), std::move(stream));
  collector->scheduler_ = std::make_unique<Scheduler>(collector->io_, *collector->recorder_, clock,
                                                      [opened] { opened->CountSourceError(); });
  for (ConfiguredSource& entry : sources) collector->scheduler_->Add(std::move(entry.source), entry.first_run);
  return collector;
}

absl::Status Collector::Run(ExitWhen exit_when) {
  spdlog::info("nines-collector {}: {} bytes in the spool, {} records not acknowledged", Version(), spool_->bytes(),
               spool_->last_sequence() - spool_->acked_sequence());
  signals_.add(SIGTERM);
  signals_.add(SIGINT);
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (!error) BeginStop();
  });
  boost::asio::co_spawn(io_, recorder_->Run(), Rethrow);
  boost::asio::co_spawn(io_, stream_->Run(), Rethrow);
  boost::asio::co_spawn(io_, scheduler_->Run(), Rethrow);
  if (exit_when == ExitWhen::kDone) boost::asio::co_spawn(io_, StopWhenDone(), Rethrow);
  io_.run();
  spdlog::info("stopped; {} records not acknowledged stay in the spool",
               spool_->last_sequence() - spool_->acked_sequence());
  if (exit_when == ExitWhen::kDone && scheduler_->HasFailed()) {
    return absl::FailedPreconditionError("not everything could be read; see the log");
  }
  return absl::OkStatus();
}

boost::asio::awaitable<void> Collector::StopWhenDone() {
  while (!is_stopping_) {
    if (!scheduler_->AtEnd()) {
      co_await scheduler_->changed().WaitFor(kLookAgain);
      continue;
    }
    const auto answered = co_await recorder_->Acknowledged();
    if (answered.ok() && scheduler_->AtEnd()) BeginStop();
  }
}

void Collector::BeginStop() {
  if (is_stopping_) return;
  is_stopping_ = true;
  boost::system::error_code ignored;
  signals_.cancel(ignored);
  signals_.clear(ignored);
  boost::asio::co_spawn(io_, Stop(), Rethrow);
}

boost::asio::awaitable<void> Collector::Stop() {
  scheduler_->Stop();
  recorder_->Stop();
  const absl::Duration started = clock_.Monotonic();
  while (scheduler_->running() > 0) {
    if (clock_.Monotonic() - started > kSourcesMayTake) {
      // Nothing is lost by a sudden end: the spool is made for it.
      spdlog::warn("{} sources do not end; stopping without them", scheduler_->running());
      recorder_->Stop();
      spool_.reset();
      spdlog::shutdown();
      std::_Exit(EXIT_SUCCESS);
    }
    co_await scheduler_->changed().WaitFor(kLookAgain);
  }
  recorder_->Stop();  // what the last runs added
  co_await AwaitAcknowledgement();
  stream_->Stop();
}

boost::asio::awaitable<void> Collector::AwaitAcknowledgement() {
  const absl::Duration started = clock_.Monotonic();
  while (stream_->connected() && spool_->acked_sequence() < spool_->last_sequence() &&
         clock_.Monotonic() - started < kAcknowledgementMayTake) {
    co_await recorder_->appended().WaitFor(kLookAgain);
  }
}

}  // namespace nines::collector
