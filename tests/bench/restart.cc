#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>
#include <vector>

#include "base/status_macros.h"
#include "base/text.h"
#include "nines/v1/query.grpc.pb.h"
#include "tests/bench/commands.h"
#include "tests/bench/http_connection.h"
#include "tests/bench/load_measure.h"
#include "tests/bench/ninesd_process.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/push_load.h"
#include "tests/bench/series_query.h"
#include "tests/bench/temporary_folder.h"

namespace nines::bench {
namespace {

constexpr std::chrono::milliseconds kPollEvery(2);

struct Flags {
  FleetFlags fleet;
  PushFlags push;
  std::string binary;
  std::string work_dir;
  int runs = 3;
};

// Launches, and waits until GET /-/ready says 200; how long that took.
absl::StatusOr<double> TimeToReady(NinesdOptions options, std::unique_ptr<NinesdProcess>& process) {
  NINES_ASSIGN_OR_RETURN(const Url url, ParseUrl(StrCat("http://", options.http_listen, "/-/ready")));
  const double start_s = WallSeconds();
  NINES_ASSIGN_OR_RETURN(process, NinesdProcess::Launch(options));
  HttpConnection connection(url);
  while (true) {
    const auto answer = connection.Get(url.path);
    if (answer.ok() && answer->code == 200) break;
    NINES_RETURN_IF_ERROR(process->CheckRuns());
    std::this_thread::sleep_for(kPollEvery);
  }
  const double took_s = WallSeconds() - start_s;
  NINES_RETURN_IF_ERROR(process->WaitUntilReady());
  return took_s;
}

// Every sample of the first VM must be there still.
absl::Status CheckContent(const NinesdProcess& process, const FleetLoadOptions& options, int64_t steps) {
  NINES_ASSIGN_OR_RETURN(SeriesQuery query, SeriesQuery::Open(process.grpc_address()));
  const int64_t end_ms = options.start_ms + steps * options.interval_ms;
  NINES_ASSIGN_OR_RETURN(const QueryAnswer answer, query.Ask({{"vm", FleetVmName(0)}}, options.start_ms, end_ms));
  if (answer.samples == steps * kSeriesPerVm && answer.series == kSeriesPerVm) return absl::OkStatus();
  return absl::DataLossError(StrCat("after a restart a VM has ", answer.series, " series and ", answer.samples,
                                    " samples instead of ", kSeriesPerVm, " and ", steps * kSeriesPerVm));
}

void AddTimes(std::string_view name, std::vector<double> times_s, Figures& figures) {
  std::sort(times_s.begin(), times_s.end());
  figures.Add(StrCat(name, "_median_s"), times_s[times_s.size() / 2]);
  figures.Add(StrCat(name, "_min_s"), times_s.front());
  figures.Add(StrCat(name, "_max_s"), times_s.back());
}

// Fills a daemon, and kills it with what it holds. Leaves its data directory behind.
absl::Status FillAndKill(const Flags& flags, const FleetLoadOptions& options, NinesdOptions& ninesd, Figures& figures) {
  NINES_ASSIGN_OR_RETURN(const auto process, NinesdProcess::Start(ninesd));
  ninesd.grpc_listen = process->grpc_address();
  ninesd.http_listen = process->http_address();
  std::atomic<int64_t> acknowledged = 0;
  NINES_ASSIGN_OR_RETURN(PushLoad load, OpenPushLoad(process->grpc_address(), flags.push, options, acknowledged));
  NINES_RETURN_IF_ERROR(load.load->Register());
  NINES_RETURN_IF_ERROR(load.load->RunSteps(flags.fleet.samples_per_series));
  figures.Add("series", options.series);
  figures.Add("samples_acknowledged", acknowledged.load());
  process->Kill();
  AddDiskFigures("killed", ninesd.data_dir, acknowledged, figures);
  return absl::OkStatus();
}

absl::Status Restart(const Flags& flags, Figures& figures) {
  NINES_ASSIGN_OR_RETURN(const FleetLoadOptions options, flags.fleet.Options());
  if (!flags.fleet.duration.empty()) {
    return absl::InvalidArgumentError("--duration: say how much there is to recover with --samples-per-series instead");
  }
  const TemporaryFolder folder(flags.work_dir);
  NinesdOptions ninesd{.binary = flags.binary.empty() ? BesideThis("ninesd") : flags.binary,
                       .data_dir = folder.path() / "data",
                       .providers = flags.push.providers};
  NINES_RETURN_IF_ERROR(FillAndKill(flags, options, ninesd, figures));
  // Each run begins with what the killed one left.
  const std::filesystem::path left = folder.path() / "left";
  std::filesystem::rename(ninesd.data_dir, left);
  std::vector<double> after_kill_s, after_stop_s, stop_s;
  int64_t rss_bytes = 0;
  for (int run = 0; run < flags.runs; ++run) {
    std::filesystem::remove_all(ninesd.data_dir);
    std::filesystem::copy(left, ninesd.data_dir, std::filesystem::copy_options::recursive);
    std::unique_ptr<NinesdProcess> process;
    NINES_ASSIGN_OR_RETURN(double took_s, TimeToReady(ninesd, process));
    after_kill_s.push_back(took_s);
    NINES_ASSIGN_OR_RETURN(const ProcessUsage usage, ReadProcessUsage(process->pid()));
    rss_bytes = std::max(rss_bytes, usage.resident_peak_bytes);
    NINES_RETURN_IF_ERROR(CheckContent(*process, options, flags.fleet.samples_per_series));
    const double stop_start_s = WallSeconds();
    NINES_RETURN_IF_ERROR(process->Stop());
    stop_s.push_back(WallSeconds() - stop_start_s);
    NINES_ASSIGN_OR_RETURN(took_s, TimeToReady(ninesd, process));
    after_stop_s.push_back(took_s);
    NINES_RETURN_IF_ERROR(CheckContent(*process, options, flags.fleet.samples_per_series));
    NINES_RETURN_IF_ERROR(process->Stop());
  }
  figures.Add("runs", int64_t{flags.runs});
  AddTimes("ready_after_kill", after_kill_s, figures);
  AddTimes("ready_after_stop", after_stop_s, figures);
  AddTimes("stop", stop_s, figures);
  figures.Add("rss_peak_recovery_bytes", rss_bytes);
  return absl::OkStatus();
}

}  // namespace

void AddRestart(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command =
      app.add_subcommand("restart", "How long ninesd takes until it is ready, after kill -9 and after a clean stop");
  flags->fleet.AddTo(*command);
  flags->push.AddTo(*command);
  command->add_option("--ninesd", flags->binary, "The daemon's program. Default: beside this one");
  command->add_option("--work-dir", flags->work_dir,
                      "Where the data directories go. Default: that for temporary files");
  command->add_option("--runs", flags->runs, "Restarts of each kind")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->footer(
      "Example, 300 000 series with an hour of samples:\n"
      "  nines-bench restart --series 300000 --samples-per-series 240 --runs 5");
  command->callback([flags, &context] { context.Run([&](Figures& figures) { return Restart(*flags, figures); }); });
}

}  // namespace nines::bench
