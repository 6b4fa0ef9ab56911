#include "collectors/collector.h"

#include <spdlog/spdlog.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/version.h"
#include "collectors/agent/scheduler.h"
#include "collectors/agent/spool.h"
#include "collectors/agent/spool_recorder.h"
#include "collectors/agent/stream_client.h"
#include "collectors/configured_sources.h"
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

class Collector::Impl {
 public:
  explicit Impl(const Clock& clock) : clock_(clock), signals_(io_) {}

  absl::Status Open(const v1::CollectorConfig& config, const std::filesystem::path& config_dir);
  absl::Status Run(ExitWhen exit_when);

 private:
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

absl::Status Collector::Impl::Open(const v1::CollectorConfig& config, const std::filesystem::path& config_dir) {
  NINES_ASSIGN_OR_RETURN(std::vector<ConfiguredSource> sources, MakeSources(config, {io_, clock_, config_dir}));
  NINES_ASSIGN_OR_RETURN(std::shared_ptr<grpc::Channel> channel, wire::Connect(config.daemon(), config.tls()));
  SpoolOptions spool;
  spool.directory = config.spool_dir();
  spool.bytes_max = config.spool().bytes_max();
  spool.age_max_ms = wire::ToMs(config.spool().age_max());
  spool.when_full = config.spool().when_full() == "drop_oldest" ? WhenFull::kDropOldest : WhenFull::kWait;
  NINES_ASSIGN_OR_RETURN(spool_, Spool::Open(std::move(spool), clock_));
  recorder_ = std::make_unique<SpoolRecorder>(io_, *spool_);
  StreamOptions stream;
  stream.collector_id = config.collector_id();
  stream.provider_id = config.provider_id();
  stream.daemon = config.daemon();
  stream_ = std::make_unique<StreamClient>(io_, *spool_, *recorder_, clock_, std::move(channel), std::move(stream));
  scheduler_ = std::make_unique<Scheduler>(io_, *recorder_, clock_, [this] { spool_->CountSourceError(); });
  for (ConfiguredSource& entry : sources) scheduler_->Add(std::move(entry.source), entry.first_run);
  return absl::OkStatus();
}

absl::Status Collector::Impl::Run(ExitWhen exit_when) {
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

boost::asio::awaitable<void> Collector::Impl::StopWhenDone() {
  while (!is_stopping_) {
    if (!scheduler_->AtEnd()) {
      co_await scheduler_->changed().WaitFor(kLookAgain);
      continue;
    }
    const auto answered = co_await recorder_->Acknowledged();
    if (answered.ok() && scheduler_->AtEnd()) BeginStop();
  }
}

void Collector::Impl::BeginStop() {
  if (is_stopping_) return;
  is_stopping_ = true;
  boost::system::error_code ignored;
  signals_.cancel(ignored);
  signals_.clear(ignored);
  boost::asio::co_spawn(io_, Stop(), Rethrow);
}

boost::asio::awaitable<void> Collector::Impl::Stop() {
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

boost::asio::awaitable<void> Collector::Impl::AwaitAcknowledgement() {
  const absl::Duration started = clock_.Monotonic();
  while (stream_->connected() && spool_->acked_sequence() < spool_->last_sequence() &&
         clock_.Monotonic() - started < kAcknowledgementMayTake) {
    co_await recorder_->appended().WaitFor(kLookAgain);
  }
}

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(const v1::CollectorConfig& config,
                                                             const std::filesystem::path& config_dir,
                                                             const Clock& clock) {
  auto impl = std::make_unique<Impl>(clock);
  NINES_RETURN_IF_ERROR(impl->Open(config, config_dir));
  return std::unique_ptr<Collector>(new Collector(std::move(impl)));
}

absl::StatusOr<size_t> Collector::CountSources(const v1::CollectorConfig& config,
                                               const std::filesystem::path& config_dir, const Clock& clock) {
  boost::asio::io_context io;
  NINES_ASSIGN_OR_RETURN(const std::vector<ConfiguredSource> sources, MakeSources(config, {io, clock, config_dir}));
  return sources.size();
}

Collector::Collector(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Collector::~Collector() = default;

absl::Status Collector::Run(ExitWhen exit_when) { return impl_->Run(exit_when); }

}  // namespace nines::collector
