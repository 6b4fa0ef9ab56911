#include "daemon/daemon.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/status_macros.h"
#include "base/version.h"
#include "daemon/catalogue/cache.h"
#include "daemon/catalogue_files.h"
#include "daemon/housekeeping.h"
#include "daemon/http/metrics_page.h"
#include "daemon/http/server.h"
#include "daemon/ingest/ingest.h"
#include "daemon/live/live.h"
#include "daemon/report/report.h"
#include "daemon/rpc/push_service.h"
#include "daemon/rpc/services.h"
#include "daemon/rpc/watch_service.h"
#include "daemon/sealing/sealer.h"
#include "daemon/signals.h"
#include "daemon/watch/feed.h"
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"
#include "storage/rocks/disk_room.h"
#include "storage/series/store.h"
#include "wire/channel.h"
#include "wire/log.h"

namespace nines {
namespace {

constexpr std::chrono::seconds kStreamsEndWithin(3);
constexpr int kUnaryBytesMax = 16 << 20;

ingest::Options IngestOptions(const config::DaemonConfig& config) {
  ingest::Options options;
  options.late_window_ms = config.late_window_ms;
  options.ahead_window_ms = config.ahead_window_ms;
  options.queue_batches_max = static_cast<size_t>(config.queue_batches_max);
  options.series_per_provider_max = static_cast<uint64_t>(config.series_per_provider_max);
  return options;
}

series::RetentionTimes RetentionOf(const config::DaemonConfig& config) {
  return {.samples_ms = config.retention_samples_ms,
          .five_minutes_ms = config.retention_five_minutes_ms,
          .hours_ms = config.retention_hours_ms,
          .results_ms = config.retention_results_ms};
}

series::Store::Options StoreOptions(const config::DaemonConfig& config) {
  series::Store::Options options;
  options.retention = RetentionOf(config);
  return options;
}

rpc::PushService::Options PushOptions(const config::DaemonConfig& config) {
  rpc::PushService::Options options;
  options.batch_bytes_max = static_cast<uint32_t>(config.batch_bytes_max);
  options.registrations_max = static_cast<uint32_t>(std::min<int64_t>(config.series_per_provider_max, UINT32_MAX));
  return options;
}

std::string AuthorOf(const config::DaemonConfig& config) {
  return StrCat("config:", std::filesystem::path(config.file).filename().string());
}

absl::Status WritePortFile(const std::string& file, const std::string& content) {
  if (file.empty()) return absl::OkStatus();
  const std::string fresh = file + ".new";
  std::ofstream stream(fresh, std::ios::trunc);
  stream << content;
  stream.close();
  if (!stream || std::rename(fresh.c_str(), file.c_str()) != 0) {
    return absl::UnavailableError(StrCat(file, ": cannot be written; give --port-file a place that can"));
  }
  return absl::OkStatus();
}

}  // namespace

class Daemon::Impl {
 public:
  Impl(const config::DaemonConfig& config, const Clock& clock, const Options& options)
      : config_(config), clock_(clock), options_(options) {}
  ~Impl() { Shutdown(); }

  absl::Status Open();
  absl::Status Run();
  void Stop() { signals_.RequestStop(); }

  const std::string& grpc_address() const { return grpc_address_; }
  const std::string& http_address() const { return http_address_; }

 private:
  absl::Status OpenStorage();
  absl::Status StartGrpc();
  http::Routes HttpRoutes();
  void Reload();
  void Shutdown();

  config::DaemonConfig config_;
  const Clock& clock_;
  const Options options_;
  Signals signals_;
  std::string grpc_address_;
  std::string http_address_;

  // In the order of dependency: each is used by those below it.
  std::unique_ptr<http::Server> http_;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<rocks::DiskRoom> room_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<series::Store> store_;
  std::unique_ptr<Housekeeping> housekeeping_;
  std::unique_ptr<catalogue::Cache> catalogue_;
  std::unique_ptr<live::Live> live_;
  std::unique_ptr<ingest::Ingest> ingest_;
  std::unique_ptr<report::Reporter> reporter_;
  std::unique_ptr<sealing::Sealer> sealer_;
  std::unique_ptr<watch::Feed> feed_;
  std::unique_ptr<rpc::Services> services_;
  std::unique_ptr<rpc::WatchService> watch_;
  std::unique_ptr<rpc::PushService> push_;
  std::unique_ptr<http::MetricsPage> metrics_;
  std::unique_ptr<grpc::Server> grpc_;
};

absl::Status Daemon::Impl::Open() {
  wire::StartLog("ninesd", config_.log_level, config_.log_format);
  // First of all, so that whoever watches sees "starting" rather than nothing while the storage recovers.
  http::Options http_options;
  http_options.clock = &clock_;
  NINES_ASSIGN_OR_RETURN(http_, http::Server::Create(config_.http_listen, {}, http_options));
  http_->Start();
  http_address_ = http_->address();
  NINES_RETURN_IF_ERROR(OpenStorage());

  ingest_ =
      std::make_unique<ingest::Ingest>(*database_, *store_, *ledger_, *catalogue_, clock_, IngestOptions(config_));
  ingest_->SetListener({
      .on_results = [this](const ProviderId& provider, const CheckId& check,
                           std::span<const series::Sample> results) { live_->OnResults(provider, check, results); },
      .on_facts =
          [this] {
            const absl::Status status = live_->OnFacts();
            if (!status.ok()) spdlog::error("new facts do not reach the live state: {}", status.ToString());
          },
  });
  ingest_->SetRoom([this] { return room_->Check(); });
  ingest_->Start();
  housekeeping_ = std::make_unique<Housekeeping>(*store_);
  housekeeping_->Start();
  NINES_ASSIGN_OR_RETURN(const size_t changes,
                         ApplyCatalogueFiles(config_.catalogue_files, AuthorOf(config_), *ledger_, *ingest_));
  if (changes > 0) spdlog::info("catalogue files changed {} entries", changes);

  reporter_ = std::make_unique<report::Reporter>(*store_, *ledger_, *catalogue_, clock_);
  sealer_ = std::make_unique<sealing::Sealer>(
      *reporter_, *ledger_, *ingest_, clock_,
      sealing::Sealer::Options{.key_file = config_.seal_key_file, .results_kept_ms = config_.retention_results_ms});
  feed_ = std::make_unique<watch::Feed>(*live_, *reporter_, clock_, watch::Feed::Options());
  NINES_RETURN_IF_ERROR(feed_->Look());
  feed_->Start();
  watch_ = std::make_unique<rpc::WatchService>(*feed_);
  services_ = std::make_unique<rpc::Services>(rpc::Services::Dependencies{
      *database_, *store_, *ledger_, *catalogue_, *ingest_, *live_, *reporter_, *sealer_, clock_});
  push_ = std::make_unique<rpc::PushService>(*ingest_, *ledger_, *catalogue_, PushOptions(config_));
  metrics_ = std::make_unique<http::MetricsPage>(
      http::MetricsPage::Parts{*live_, *ingest_, *store_, *database_, [this] { return http_->stats(); }});
  NINES_RETURN_IF_ERROR(StartGrpc());
  http_->SetRoutes(HttpRoutes());
  spdlog::info("listening grpc={} http={}", grpc_address_, http_address_);
  return WritePortFile(options_.port_file, StrCat("grpc=", grpc_address_, "\nhttp=", http_address_, "\n"));
}

absl::Status Daemon::Impl::OpenStorage() {
  NINES_ASSIGN_OR_RETURN(database_, rocks::Database::Open(config_.data_dir, {}));
  NINES_ASSIGN_OR_RETURN(ledger_, ledger::Ledger::Open(*database_));
  const series::Store::Notes notes = {
      .recovered = [this](std::string_view positions) { return ledger_->RestorePositions(positions); },
      .on_cut = [this](rocks::Batch& batch) { ledger_->PutPositions(batch); },
  };
  NINES_ASSIGN_OR_RETURN(store_, series::Store::Open(*database_, clock_, StoreOptions(config_), notes));
  for (const std::string& damage : store_->recovery_damage()) spdlog::error("damaged, and left out: {}", damage);
  room_ = std::make_unique<rocks::DiskRoom>(
      *database_, config_.data_dir,
      rocks::DiskRoom::Limits{.bytes_max = static_cast<uint64_t>(config_.disk_bytes_max),
                              .reserve_bytes = static_cast<uint64_t>(config_.disk_reserve_bytes)});
  catalogue_ = std::make_unique<catalogue::Cache>(*ledger_);
  NINES_ASSIGN_OR_RETURN(live_, live::Live::Create(*store_, *ledger_, *catalogue_, clock_));
  spdlog::info("opened {} series={} facts={}", config_.data_dir, store_->Stats().series,
               ledger_->LastPosition().value());
  return absl::OkStatus();
}

absl::Status Daemon::Impl::StartGrpc() {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  NINES_ASSIGN_OR_RETURN(const auto credentials, wire::ServerCredentials(config_.tls));
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(config_.grpc_listen, credentials, &port);
  builder.SetMaxReceiveMessageSize(std::max(kUnaryBytesMax, config_.batch_bytes_max + (64 << 10)));
  // Otherwise a second daemon could take the same port and half of the collectors with it.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  // Both ends look for a dead connection, and the collectors' pings are welcome.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  services_->Register(builder);
  builder.RegisterService(watch_.get());
  builder.RegisterService(push_.get());
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr || port == 0) {
    return absl::UnavailableError(StrCat("cannot listen on grpc_listen ", config_.grpc_listen,
                                         "; another program has it, or the address is not this machine's"));
  }
  grpc_->GetHealthCheckService()->SetServingStatus(true);
  grpc_address_ = StrCat(config_.grpc_listen.substr(0, config_.grpc_listen.rfind(':')), ":", port);
  return absl::OkStatus();
}

http::Routes Daemon::Impl::HttpRoutes() {
  http::Routes routes;
  routes.ready = [this] { return ingest_->healthy(); };
  routes.metrics = [this] { return metrics_->Text(); };
  routes.unary = [this](const std::string& path, bool json, std::string body,
                        std::string peer) -> std::optional<absl::StatusOr<std::string>> {
    const auto method = services_->unary().find(path);
    if (method == services_->unary().end()) return std::nullopt;
    return method->second({.json = json, .body = std::move(body), .peer = std::move(peer)});
  };
  return routes;
}

absl::Status Daemon::Impl::Run() {
  spdlog::info("ninesd {} is ready", Version());
  while (signals_.Wait() == Signals::Event::kReload) Reload();
  spdlog::info("stopping");
  Shutdown();
  spdlog::info("stopped");
  return absl::OkStatus();
}

void Daemon::Impl::Reload() {
  const auto fresh = config::LoadDaemonConfig(config_.file, options_.overrides);
  if (!fresh.ok()) {
    spdlog::error("the config is wrong, the old one stays: {}", FromAbsl(fresh.status().message()));
    return;
  }
  const bool restart = fresh->grpc_listen != config_.grpc_listen || fresh->http_listen != config_.http_listen ||
                       fresh->data_dir != config_.data_dir || fresh->log_format != config_.log_format ||
                       fresh->batch_bytes_max != config_.batch_bytes_max ||
                       fresh->seal_key_file != config_.seal_key_file ||
                       fresh->tls.SerializeAsString() != config_.tls.SerializeAsString();
  if (restart) {
    spdlog::warn(
        "addresses, data_dir, log.format, tls, seal.key_file and batch_bytes_max change with the next start only");
  }
  wire::SetLogLevel(fresh->log_level);
  ingest_->SetOptions(IngestOptions(*fresh));
  store_->SetRetention(RetentionOf(*fresh));
  const auto changes = ApplyCatalogueFiles(fresh->catalogue_files, AuthorOf(*fresh), *ledger_, *ingest_);
  if (!changes.ok()) {
    spdlog::error("the catalogue files are wrong, the catalogue stays: {}", changes.status().ToString());
    return;
  }
  spdlog::info("read {} again, catalogue files changed {} entries", fresh->file, *changes);
}

void Daemon::Impl::Shutdown() {
  if (feed_ != nullptr) feed_->Stop();
  if (grpc_ != nullptr) {
    grpc_->GetHealthCheckService()->SetServingStatus(false);
    // Ends the streams once what was read is acknowledged; whoever does not listen is cut off.
    push_->Stop();
    grpc_->Shutdown(absl::ToChronoTime(clock_.Now()) + kStreamsEndWithin);
    grpc_.reset();
  }
  if (http_ != nullptr) http_->Stop();
  if (housekeeping_ != nullptr) housekeeping_->Stop();
  if (ingest_ == nullptr) return;
  ingest_->Stop();
  // What is not in files yet is in the log: an error here costs the next start some time.
  const absl::Status status = store_->Close();
  if (!status.ok())
    spdlog::error("the storage could not be closed, the next start reads its log: {}", status.ToString());
  ingest_.reset();
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

absl::StatusOr<std::unique_ptr<Daemon>> Daemon::Create(const config::DaemonConfig& config, const Clock& clock,
                                                       const Options& options) {
  auto impl = std::make_unique<Impl>(config, clock, options);
  NINES_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

absl::Status Daemon::Run() { return impl_->Run(); }
void Daemon::Stop() { impl_->Stop(); }
const std::string& Daemon::grpc_address() const { return impl_->grpc_address(); }
const std::string& Daemon::http_address() const { return impl_->http_address(); }

}  // namespace nines
