#include "daemon/http/metrics_text.h"

#include <map>
#include <optional>
#include <span>
#include <utility>

#include "base/duration_text.h"
#include "daemon/http/metric_families.h"

namespace nines::http {
namespace {

// A check's time is never excluded: its states are the first four.
constexpr sla::State kStates[] = {sla::State::kUp, sla::State::kDegraded, sla::State::kDown, sla::State::kUnknown,
                                  sla::State::kExcluded};
constexpr sla::Verdict kVerdicts[] = {sla::Verdict::kMet, sla::Verdict::kBreached, sla::Verdict::kUndetermined,
                                      sla::Verdict::kNotApplicable};

// 1 for the one that holds, 0 for the others: the way to have states in Prometheus without numbers for them.
void AddStates(MetricFamilies::Family& family, MetricLabels labels, std::span<const sla::State> states,
               sla::State state) {
  labels.emplace_back("state", "");
  for (const sla::State one : states) {
    labels.back().second = sla::StateName(one);
    family.Add(labels, one == state ? 1 : 0);
  }
}

void AddVerdicts(MetricFamilies::Family& family, MetricLabels labels, sla::Verdict verdict) {
  labels.emplace_back("verdict", "");
  for (const sla::Verdict one : kVerdicts) {
    labels.back().second = sla::VerdictName(one);
    family.Add(labels, one == verdict ? 1 : 0);
  }
}

void AddTargetInfo(MetricFamilies& page, const live::Snapshot& snapshot) {
  auto& targets = page.Gauge("nines_targets", "Targets in the catalogue by their state now.");
  auto& info = page.Gauge("nines_target_info", "Always 1; what a target belongs to, for joins on the target label.");
  auto& objective =
      page.Gauge("nines_target_objective_ratio", "Availability that the target's contract promises, 0 to 1.");
  std::map<sla::State, int> count;
  for (const live::TargetStatus& status : snapshot.targets) ++count[status.state];
  for (const sla::State state : kStates) targets.Add({{"state", std::string(sla::StateName(state))}}, count[state]);
  if (snapshot.catalogue == nullptr) return;
  for (const live::TargetStatus& status : snapshot.targets) {
    const auto found = snapshot.catalogue->targets.find(status.target);
    if (found == snapshot.catalogue->targets.end()) continue;
    const catalogue::Target& target = found->second;
    info.Add({{"target", target.id.value()},
              {"provider", target.provider.value()},
              {"region", target.region.value()},
              {"agency", target.agency.value()},
              {"system", target.system.value()},
              {"service", target.service},
              {"contract", status.contract->id.value()}},
             1);
    objective.AddPpm({{"target", target.id.value()}}, status.contract->terms.objective_ppm);
  }
}

void AddTargetStates(MetricFamilies& page, const live::Snapshot& snapshot) {
  auto& state =
      page.Gauge("nines_target_state", "State of a target now: 1 for the state that holds, 0 for the others.");
  auto& since = page.Gauge("nines_target_state_start_time_seconds",
                           "When the state of a target began, in seconds since the epoch.");
  for (const live::TargetStatus& status : snapshot.targets) {
    const MetricLabels labels{{"target", status.target.value()}};
    AddStates(state, labels, kStates, status.state);
    since.AddSeconds(labels, status.since_ms);
  }
}

void AddMonths(MetricFamilies& page, const live::Snapshot& snapshot) {
  auto& start =
      page.Gauge("nines_target_month_start_time_seconds",
                 "When the current calendar month of the target's contract began, in seconds since the epoch.");
  auto& good = page.Gauge("nines_target_month_good_seconds",
                          "Good time of the current month up to now, before the no_data policy.");
  auto& bad = page.Gauge("nines_target_month_bad_seconds",
                         "Bad time of the current month up to now, before the no_data policy.");
  auto& unknown =
      page.Gauge("nines_target_month_unknown_seconds", "Time of the current month up to now that nothing is known of.");
  auto& excluded =
      page.Gauge("nines_target_month_excluded_seconds", "Time of the current month up to now that does not count.");
  auto& ratio =
      page.Gauge("nines_target_month_availability_ratio",
                 "Availability of the current month up to now by the contract, 0 to 1; absent while nothing counts.");
  auto& coverage = page.Gauge("nines_target_month_coverage_ratio",
                              "Share of the current month's scheduled time up to now that is known, 0 to 1.");
  auto& outages = page.Gauge("nines_target_month_outages", "Outages with a part in the current month up to now.");
  auto& verdict = page.Gauge("nines_target_month_verdict",
                             "Verdict on the current month up to now: 1 for the one that holds, 0 for the others.");
  for (const live::TargetStatus& status : snapshot.targets) {
    const MetricLabels labels{{"target", status.target.value()}};
    const sla::Assessment& month = status.month_so_far;
    start.AddSeconds(labels, status.month.start_ms);
    good.AddSeconds(labels, month.good_ms);
    bad.AddSeconds(labels, month.bad_ms);
    unknown.AddSeconds(labels, month.unknown_ms);
    excluded.AddSeconds(labels, status.account.excluded_ms);
    if (month.availability) ratio.Add(labels, month.availability->ToDouble());
    coverage.AddPpm(labels, month.coverage_ppm);
    outages.Add(labels, static_cast<double>(month.outage_count));
    AddVerdicts(verdict, labels, month.verdict);
  }
}

void AddBudgets(MetricFamilies& page, const live::Snapshot& snapshot) {
  auto& budget = page.Gauge(
      "nines_target_error_budget_seconds",
      "Bad time that the objective allows in the whole current month; an overspent one has less than 0 left.");
  auto& spent =
      page.Gauge("nines_target_error_budget_spent_seconds", "Bad time that counted against the budget up to now.");
  auto& left = page.Gauge("nines_target_error_budget_left_seconds",
                          "What is left of the budget; negative when it is overspent.");
  for (const live::TargetStatus& status : snapshot.targets) {
    const MetricLabels labels{{"target", status.target.value()}};
    budget.AddSeconds(labels, status.month_so_far.budget_ms);
    spent.AddSeconds(labels, status.month_so_far.spent_ms);
    left.AddSeconds(labels, status.month_so_far.left_ms);
  }
}

void AddSpending(MetricFamilies& page, const live::Snapshot& snapshot) {
  auto& burn = page.Gauge("nines_target_error_budget_burn_rate",
                          "How many times faster than the objective allows the budget went in the window up to now; "
                          "absent where nothing counted.");
  auto& end = page.Gauge("nines_target_error_budget_end_timestamp_seconds",
                         "When the budget ends if bad time goes on as in the last hour, in seconds since the epoch; "
                         "absent if it outlasts the month, or is spent.");
  for (const live::TargetStatus& status : snapshot.targets) {
    if (!status.spending) continue;
    MetricLabels labels{{"target", status.target.value()}};
    if (status.spending->ends_ms) end.AddSeconds(labels, *status.spending->ends_ms);
    labels.emplace_back("window", "");
    for (size_t i = 0; i < report::kBurnWindowsMs.size(); ++i) {
      if (!status.spending->burn_ppm[i]) continue;
      labels.back().second = FormatDurationMs(report::kBurnWindowsMs[i]);
      burn.AddPpm(labels, *status.spending->burn_ppm[i]);
    }
  }
}

void AddCredits(MetricFamilies& page, const live::Snapshot& snapshot) {
  auto& share = page.Gauge("nines_target_month_credit_ratio",
                           "Share of the month's fee that the contract credits as the month stands now, 0 to 1; absent "
                           "without credit tiers, or while the verdict is undetermined.");
  auto& credit = page.Gauge("nines_target_month_credit_fen",
                            "The same in fen, a hundredth of a yuan; absent where the target has no fee, too.");
  for (const live::TargetStatus& status : snapshot.targets) {
    if (!status.credit) continue;
    const MetricLabels labels{{"target", status.target.value()}};
    if (status.credit->credit_ppm) share.AddPpm(labels, *status.credit->credit_ppm);
    if (status.credit->credit_fen) credit.Add(labels, static_cast<double>(*status.credit->credit_fen));
  }
}

void AddChecks(MetricFamilies& page, const live::Snapshot& snapshot) {
  auto& state = page.Gauge("nines_check_state", "State of a check now: 1 for the state that holds, 0 for the others.");
  auto& last = page.Gauge("nines_check_last_result_timestamp_seconds",
                          "Own time of a check's latest result, in seconds since the epoch; absent before the first.");
  // Several targets can use one check.
  std::map<CheckId, live::CheckStatus> checks;
  for (const live::TargetStatus& status : snapshot.targets) {
    for (const live::CheckStatus& check : status.checks) checks.emplace(check.check, check);
  }
  for (const auto& [id, check] : checks) {
    MetricLabels labels{{"check", id.value()}, {"provider", ""}};
    if (snapshot.catalogue != nullptr) {
      const auto found = snapshot.catalogue->checks.find(id);
      if (found != snapshot.catalogue->checks.end()) labels[1].second = found->second.provider.value();
    }
    if (check.last_result_ms) last.AddSeconds(labels, *check.last_result_ms);
    AddStates(state, std::move(labels), std::span(kStates).first(4), check.state);
  }
}

void AddLive(MetricFamilies& page, const live::Live::Stats& stats) {
  auto& results = page.Counter("nines_live_results_total",
                               "Results of checks that reached the live states, by whether they came in time order.");
  results.Add({{"order", "in_order"}}, static_cast<double>(stats.results_in_order));
  results.Add({{"order", "late"}}, static_cast<double>(stats.results_late));
  page.Counter("nines_live_reloads_total", "Checks that were read again from the store because of late results.")
      .Add(static_cast<double>(stats.reloads));
}

void AddIngest(MetricFamilies& page, const ingest::Stats& stats) {
  const auto counter = [&page](const char* name, const char* help, uint64_t value) {
    page.Counter(name, help).Add(static_cast<double>(value));
  };
  counter("nines_ingest_batches_total", "Batches that were made durable and acknowledged.", stats.batches);
  counter("nines_ingest_duplicate_batches_total", "Batches that had been stored before and were acknowledged again.",
          stats.duplicate_batches);
  counter("nines_ingest_sequence_gaps_total", "Times that a stream's sequence numbers left some out.",
          stats.sequence_gaps);
  counter("nines_ingest_samples_total", "Samples stored.", stats.samples);
  counter("nines_ingest_results_total", "Results of checks stored.", stats.results);
  counter("nines_ingest_facts_total", "Facts recorded.", stats.facts);
  auto& refused =
      page.Counter("nines_ingest_refused_total", "Samples, results and facts that were refused, by reason.");
  for (int reason = 1; reason < ingest::kRefusalReasonCount; ++reason) {
    refused.Add({{"reason", std::string(ingest::RefusalReasonName(static_cast<ingest::RefusalReason>(reason)))}},
                static_cast<double>(stats.refused[reason]));
  }
  page.Summary("nines_ingest_commit_duration_seconds", "How long group commits took until they were on disk.")
      .AddSum({}, stats.commits, stats.commit_seconds);
  page.Gauge("nines_ingest_queue_batches", "Batches that wait for a group commit.")
      .Add(static_cast<double>(stats.queue_batches));
  page.Gauge("nines_ingest_waits_for_room", "1 while the disk is full and senders wait.")
      .Add(stats.waits_for_room ? 1 : 0);
  page.Gauge("nines_ingest_streams", "Streams of collectors that are open.").Add(static_cast<double>(stats.streams));
}

void AddCollectors(MetricFamilies& page, const std::vector<ingest::CollectorStatus>& collectors) {
  auto& info =
      page.Gauge("nines_collector_info", "Always 1; the version of a collector that has connected since the start.");
  auto& connected = page.Gauge("nines_collector_connected", "Whether a collector is connected: 1 or 0.");
  auto& last =
      page.Gauge("nines_collector_last_batch_timestamp_seconds",
                 "When the latest batch of a collector arrived, in seconds since the epoch; absent before the first.");
  auto& spool = page.Gauge("nines_collector_spool_bytes", "Bytes that wait in a collector's spool, as it last said.");
  auto& limit = page.Gauge("nines_collector_spool_limit_bytes", "How large a collector's spool may grow.");
  auto& dropped = page.Counter("nines_collector_spool_dropped_records_total",
                               "Records that a collector dropped from a full or aged spool.");
  auto& errors = page.Counter("nines_collector_source_errors_total", "Failures of a collector's sources.");
  for (const ingest::CollectorStatus& collector : collectors) {
    const MetricLabels labels{{"provider", collector.provider.value()}, {"collector", collector.collector}};
    MetricLabels with_version = labels;
    with_version.emplace_back("version", collector.version);
    info.Add(with_version, 1);
    connected.Add(labels, collector.connected ? 1 : 0);
    if (collector.last_batch_ms > 0) last.AddSeconds(labels, collector.last_batch_ms);
    spool.Add(labels, static_cast<double>(collector.spool_bytes));
    limit.Add(labels, static_cast<double>(collector.spool_bytes_max));
    dropped.Add(labels, static_cast<double>(collector.spool_dropped_records));
    errors.Add(labels, static_cast<double>(collector.source_errors));
  }
}

void AddStorage(MetricFamilies& page, const series::StoreStats& stats, uint64_t disk_bytes) {
  const auto gauge = [&page](const char* name, const char* help, uint64_t value) {
    page.Gauge(name, help).Add(static_cast<double>(value));
  };
  gauge("nines_storage_series", "Series known.", stats.series);
  gauge("nines_storage_index_bytes", "Bytes of the index of label sets in memory.", stats.index_bytes);
  gauge("nines_storage_head_samples", "Samples that are in memory and in the log only.", stats.head_samples);
  gauge("nines_storage_head_bytes", "Bytes of these in memory.", stats.head_bytes);
  gauge("nines_storage_log_bytes", "Bytes of the log that a start would read.", stats.log_bytes);
  gauge("nines_storage_dirty_windows", "Windows of blocks of series that wait for being merged.", stats.dirty_windows);
  gauge("nines_storage_reclaimable_bytes", "Bytes that merging deleted or replaced and that are still on the disk.",
        stats.reclaimable_bytes);
  gauge("nines_storage_damaged", "Records and chunks found damaged since the start, and left out or as they are.",
        stats.damaged);
  const auto counter = [&](const char* name, const char* help, uint64_t value) {
    page.Counter(name, help).Add(static_cast<double>(value));
  };
  counter("nines_storage_frames_written_total", "Frames that left the head.", stats.frames_written);
  counter("nines_storage_windows_merged_total", "Windows of blocks that were merged.", stats.windows_merged);
  counter("nines_storage_partitions_merged_total", "Partitions of blocks that were merged.", stats.partitions_merged);
  counter("nines_storage_series_removed_total", "Series that were removed, for they were silent past their retention.",
          stats.series_removed);
  gauge("nines_storage_disk_bytes", "Bytes of all live files of the database.", disk_bytes);
}

void AddHttp(MetricFamilies& page, const ServerStats& stats) {
  auto& requests = page.Counter("nines_http_requests_total", "HTTP requests answered, by route and status.");
  std::map<std::pair<std::string, int>, uint64_t> answered = stats.requests;
  for (const char* route : {"/", "/metrics", "/-/healthy", "/-/ready"}) answered.try_emplace({route, 200}, 0);
  answered.try_emplace({"other", 404}, 0);
  for (const auto& [key, count] : answered) {
    requests.Add({{"route", key.first}, {"code", std::to_string(key.second)}}, static_cast<double>(count));
  }
  page.Gauge("nines_http_connections", "HTTP connections that are open.").Add(static_cast<double>(stats.connections));
}

// The names that every Prometheus client library uses.
void AddProcess(MetricFamilies& page, const ProcessStats& stats) {
  const auto gauge = [&page](const char* name, const char* help, const std::optional<uint64_t>& value) {
    if (value) page.Gauge(name, help).Add(static_cast<double>(*value));
  };
  if (stats.cpu_seconds) {
    page.Counter("process_cpu_seconds_total", "Processor time spent, user and system, in seconds.")
        .Add(*stats.cpu_seconds);
  }
  gauge("process_resident_memory_bytes", "Memory that is resident.", stats.resident_bytes);
  gauge("process_virtual_memory_bytes", "Address space.", stats.virtual_bytes);
  gauge("process_open_fds", "Open file descriptors.", stats.open_fds);
  gauge("process_max_fds", "How many file descriptors may be open.", stats.max_fds);
  gauge("process_threads", "Threads.", stats.threads);
  if (stats.start_time_ms) {
    page.Gauge("process_start_time_seconds", "When the process started, in seconds since the epoch.")
        .AddSeconds({}, *stats.start_time_ms);
  }
}

}  // namespace

std::string MetricsText(const MetricsInput& input) {
  MetricFamilies page;
  page.Gauge("nines_build_info", "Always 1; the version of the daemon.").Add({{"version", input.version}}, 1);
  if (input.snapshot != nullptr) {
    AddTargetInfo(page, *input.snapshot);
    AddTargetStates(page, *input.snapshot);
    AddMonths(page, *input.snapshot);
    AddBudgets(page, *input.snapshot);
    AddSpending(page, *input.snapshot);
    AddCredits(page, *input.snapshot);
    AddChecks(page, *input.snapshot);
  }
  AddLive(page, input.live);
  AddIngest(page, input.ingest);
  AddCollectors(page, input.collectors);
  AddStorage(page, input.series, input.disk_bytes);
  AddHttp(page, input.http);
  AddProcess(page, input.process);
  return page.Text();
}

}  // namespace nines::http
