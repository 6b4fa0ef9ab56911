#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "base/clock.h"
#include "base/duration_text.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/commands.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/series_query.h"
#include "tests/bench/server.h"

namespace nines::bench {
namespace {

struct Flags {
  ServerFlags server;
  int64_t series = 300'000;
  std::string end;
  std::string span = "1d";
  std::string scan_span = "1h";
  int runs = 200;
  int scans = 3;
  uint64_t seed = 1;
};

// One series after the other, picked at random: how long its span takes.
absl::Status MeasureSeries(const Flags& flags, SeriesQuery& query, int64_t end_ms, Figures& figures) {
  NINES_ASSIGN_OR_RETURN(const int64_t span_ms, ParseDurationMs(flags.span));
  std::mt19937_64 random(flags.seed);
  std::vector<double> times_s;
  QueryAnswer all;
  // The first half finds everything cold and is not counted.
  std::vector<std::pair<int64_t, int>> picks;
  for (int i = 0; i < flags.runs; ++i) {
    picks.emplace_back(static_cast<int64_t>(random() % static_cast<uint64_t>(flags.series / kSeriesPerVm)),
                       static_cast<int>(random() % kSeriesPerVm));
  }
  for (const bool is_warm : {false, true}) {
    for (const auto& [vm, metric] : picks) {
      const double start_s = WallSeconds();
      NINES_ASSIGN_OR_RETURN(const QueryAnswer answer,
                             query.Ask({{"__name__", std::string(FleetMetricName(metric))}, {"vm", FleetVmName(vm)}},
                                       end_ms - span_ms, end_ms));
      if (answer.series != 1) {
        return absl::NotFoundError(StrCat(FleetVmName(vm), " has no ", FleetMetricName(metric), " in the ", flags.span,
                                          " before --end; give the same --series and times as to ingest"));
      }
      if (!is_warm) continue;
      times_s.push_back(WallSeconds() - start_s);
      all.samples += answer.samples;
    }
  }
  std::sort(times_s.begin(), times_s.end());
  figures.Add("series_queries", static_cast<int64_t>(times_s.size()));
  figures.AddRatio("series_samples_mean", static_cast<double>(all.samples), static_cast<double>(times_s.size()));
  figures.Add("series_median_ms", 1e3 * times_s[times_s.size() / 2]);
  figures.Add("series_p99_ms", 1e3 * times_s[times_s.size() * 99 / 100]);
  return absl::OkStatus();
}

// One metric of all VMs, several times over.
absl::Status MeasureScan(const Flags& flags, SeriesQuery& query, int64_t end_ms, pid_t pid, Figures& figures) {
  NINES_ASSIGN_OR_RETURN(const int64_t span_ms, ParseDurationMs(flags.scan_span));
  const auto ask = [&] { return query.Ask({{"__name__", std::string(FleetMetricName(0))}}, end_ms - span_ms, end_ms); };
  NINES_RETURN_IF_ERROR(ask().status());  // warms
  ProcessUsage before, after;
  if (pid != 0) {
    NINES_ASSIGN_OR_RETURN(before, ReadProcessUsage(pid));
  }
  const double start_s = WallSeconds();
  QueryAnswer all;
  for (int i = 0; i < flags.scans; ++i) {
    NINES_ASSIGN_OR_RETURN(const QueryAnswer answer, ask());
    all.series = answer.series;
    all.samples += answer.samples;
    all.pages += answer.pages;
  }
  const double wall_s = WallSeconds() - start_s;
  figures.Add("scan_series", all.series);
  figures.Add("scan_samples", all.samples);
  figures.Add("scan_pages", all.pages);
  figures.AddRatio("scan_wall_s", wall_s, flags.scans);
  figures.AddRatio("scan_samples_per_wall_s", static_cast<double>(all.samples), wall_s);
  if (pid == 0) return absl::OkStatus();
  NINES_ASSIGN_OR_RETURN(after, ReadProcessUsage(pid));
  figures.Add("scan_server_cpu_s", after.cpu_s - before.cpu_s);
  figures.AddRatio("scan_samples_per_server_cpu_s", static_cast<double>(all.samples), after.cpu_s - before.cpu_s);
  return absl::OkStatus();
}

absl::Status Query(const Flags& flags, Figures& figures) {
  if (flags.server.daemon.empty() && flags.server.data_dir.empty()) {
    return absl::InvalidArgumentError("give --daemon, or the --data-dir that ingest has left");
  }
  if (flags.series < kSeriesPerVm) return absl::InvalidArgumentError("--series: give at least 20, as to ingest");
  int64_t end_ms = SystemClock().NowMs();
  if (!flags.end.empty()) {
    NINES_ASSIGN_OR_RETURN(end_ms, ParseTimeMs(flags.end));
  }
  NINES_ASSIGN_OR_RETURN(const auto server, Server::Create(flags.server, 1));
  NINES_ASSIGN_OR_RETURN(SeriesQuery query, SeriesQuery::Open(server->grpc_address()));
  NINES_RETURN_IF_ERROR(MeasureSeries(flags, query, end_ms, figures));
  NINES_RETURN_IF_ERROR(MeasureScan(flags, query, end_ms, server->pid(), figures));
  return server->Stop();
}

}  // namespace

void AddQuery(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("query", "What `ingest` has left, asked for over the API");
  flags->server.AddTo(*command);
  command->add_option("--series", flags->series, "As given to ingest")->capture_default_str();
  command->add_option("--end", flags->end,
                      "End of the spans: milliseconds since 1970 or a span before now. Default: now");
  command->add_option("--span", flags->span, "Of the queries for one series")->capture_default_str();
  command->add_option("--scan-span", flags->scan_span, "Of the query for one metric of all VMs")->capture_default_str();
  command->add_option("--runs", flags->runs, "Queries for one series, counted once everything is warm")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--scans", flags->scans, "Queries for all VMs")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->footer(
      "Example:\n"
      "  nines-bench ingest --series 20000 --samples-per-series 5760 --data-dir /tmp/day\n"
      "  nines-bench query --series 20000 --data-dir /tmp/day");
  command->callback([flags, &context] { context.Run([&](Figures& figures) { return Query(*flags, figures); }); });
}

}  // namespace nines::bench
