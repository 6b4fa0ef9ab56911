#include "collectors/sources/probe.h"

#include <spdlog/spdlog.h>

#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "base/duration_text.h"
#include "base/status_macros.h"
#include "collectors/sources/probe_schedule.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

namespace asio = boost::asio;

LabelSetPtr SeriesOf(std::string_view name, const std::string& check) {
  return std::make_shared<const LabelSet>(LabelSet{{"__name__", std::string(name)}, {"check", check}});
}

// Gives a result and its series the time at which the attempt was started: a slow failure does not make an outage begin
// later.
class ProbeTargetSource final : public Source {
 public:
  ProbeTargetSource(std::string name, Schedule schedule, const v1::ProbeTarget& target, std::unique_ptr<Probe> probe,
                    const SourceContext& context)
      : name_(std::move(name)),
        item_(probe->item()),
        check_(target.check()),
        schedule_(schedule),
        probe_(std::move(probe)),
        io_(context.io),
        clock_(context.clock),
        success_(SeriesOf("nines_probe_success", check_)),
        duration_(SeriesOf("nines_probe_duration_seconds", check_)),
        http_status_(SeriesOf("nines_probe_http_status_code", check_)),
        certificate_end_(SeriesOf("nines_probe_cert_expiry_timestamp_seconds", check_)) {
    if (target.has_degraded_over()) degraded_over_ = absl::Milliseconds(wire::ToMs(target.degraded_over()));
  }

  const std::string& name() const override { return name_; }
  const std::string& item() const override { return item_; }
  absl::Duration interval() const override { return schedule_.interval; }

  asio::awaitable<absl::Status> Run(Recorder& recorder) override {
    const int64_t time_ms = clock_.NowMs();
    const absl::Duration started = clock_.Monotonic();
    Deadline deadline(io_.get_executor(), schedule_.timeout);
    absl::StatusOr<ProbeOutcome> attempt = co_await probe_->Attempt(deadline);
    const absl::Duration took = clock_.Monotonic() - started;
    if (!attempt.ok() && IsOwnFailure(attempt.status())) co_return Annotate(attempt.status(), "no result");
    ProbeOutcome outcome;
    if (attempt.ok()) {
      outcome = *std::move(attempt);
    } else {
      outcome.state = v1::RESULT_STATE_DOWN;
      outcome.reason = std::string(FromAbsl(attempt.status().message()));
    }
    if (outcome.state == v1::RESULT_STATE_UP && degraded_over_.has_value() && took > *degraded_over_) {
      outcome.state = v1::RESULT_STATE_DEGRADED;
      outcome.reason = StrCat("took ", FormatDurationMs(absl::ToInt64Milliseconds(took)));
    }
    recorder.AddResult(check_, time_ms, outcome.state);
    AddSeries(recorder, time_ms, took, outcome);
    LogChange(outcome);
    co_return co_await recorder.Flush();
  }

 private:
  void AddSeries(Recorder& recorder, int64_t time_ms, absl::Duration took, const ProbeOutcome& outcome) {
    std::array<RowSample, 4> row;
    size_t count = 0;
    row[count++] = {success_, outcome.state == v1::RESULT_STATE_DOWN ? 0.0 : 1.0};
    row[count++] = {duration_, absl::ToDoubleSeconds(took)};
    if (outcome.http_status.has_value()) row[count++] = {http_status_, static_cast<double>(*outcome.http_status)};
    if (outcome.certificate_end.has_value()) {
      row[count++] = {certificate_end_, static_cast<double>(absl::ToUnixSeconds(*outcome.certificate_end))};
    }
    recorder.AddRow(time_ms, std::span<const RowSample>(row.data(), count));
  }

  void LogChange(const ProbeOutcome& outcome) {
    if (std::exchange(last_state_, outcome.state) == outcome.state) return;
    switch (outcome.state) {
      case v1::RESULT_STATE_DOWN:
        spdlog::warn("check {} is down: {}: {}", check_, item_, outcome.reason);
        break;
      case v1::RESULT_STATE_DEGRADED:
        spdlog::warn("check {} is degraded: {}: {}", check_, item_, outcome.reason);
        break;
      default:
        spdlog::info("check {} is up: {}", check_, item_);
    }
  }

  const std::string name_;
  const std::string item_;
  const std::string check_;
  const Schedule schedule_;
  const std::unique_ptr<Probe> probe_;
  asio::io_context& io_;
  const Clock& clock_;
  const LabelSetPtr success_;
  const LabelSetPtr duration_;
  const LabelSetPtr http_status_;
  const LabelSetPtr certificate_end_;
  std::optional<absl::Duration> degraded_over_;
  v1::ResultState last_state_ = v1::RESULT_STATE_UP;  // as logged; a target that is up from the start is not news
};

absl::StatusOr<std::unique_ptr<Probe>> Within(std::string_view kind, absl::StatusOr<std::unique_ptr<Probe>> probe) {
  if (!probe.ok()) return absl::Status(probe.status().code(), StrCat(kind, ".", FromAbsl(probe.status().message())));
  return probe;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeProbe(const v1::ProbeTarget& target, const SourceContext& context,
                                                 TlsContexts& contexts) {
  switch (target.kind_case()) {
    case v1::ProbeTarget::kHttp:
      return Within("http", MakeHttpProbe(target.http(), context, contexts));
    case v1::ProbeTarget::kTcp:
      return Within("tcp", MakeTcpProbe(target.tcp(), context));
    case v1::ProbeTarget::kTls:
      return Within("tls", MakeTlsProbe(target.tls(), context, contexts));
    case v1::ProbeTarget::kIcmp:
      return Within("icmp", MakeIcmpProbe(target.icmp()));
    case v1::ProbeTarget::kDns:
      return Within("dns", MakeDnsProbe(target.dns()));
    case v1::ProbeTarget::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("kind missing: give exactly one of http, tcp, tls, icmp and dns");
}

absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeProbeSources(const v1::SourceConfig& config,
                                                                      const SourceContext& context) {
  const std::string source = StrCat("source ", config.name());
  absl::StatusOr<Schedule> schedule = ScheduleOf(config);
  if (!schedule.ok()) return Annotate(schedule.status(), source);
  if (config.probe().targets().empty()) {
    return absl::InvalidArgumentError(StrCat(source, ": probe.targets: empty; give at least one target"));
  }
  std::vector<std::unique_ptr<Source>> sources;
  absl::flat_hash_set<std::string> checks;
  TlsContexts contexts;
  for (int i = 0; i < config.probe().targets_size(); ++i) {
    const v1::ProbeTarget& target = config.probe().targets(i);
    const std::string where = StrCat(source, ": probe.targets[", i, "]");
    if (target.check().empty()) {
      return absl::InvalidArgumentError(StrCat(where, ".check: missing; name the check that gets the results"));
    }
    if (!checks.insert(target.check()).second) {
      return absl::InvalidArgumentError(
          StrCat(where, ".check: '", target.check(), "' has a target already; give each its own check"));
    }
    absl::StatusOr<std::unique_ptr<Probe>> probe = MakeProbe(target, context, contexts);
    if (!probe.ok()) {
      return absl::Status(probe.status().code(), StrCat(where, ".", FromAbsl(probe.status().message())));
    }
    sources.push_back(
        std::make_unique<ProbeTargetSource>(config.name(), *schedule, target, *std::move(probe), context));
  }
  return sources;
}

}  // namespace nines::collector
