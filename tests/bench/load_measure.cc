#include "tests/bench/load_measure.h"

#include <memory>

#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/server_trace.h"

namespace nines::bench {
namespace {

// What has been used up to a moment.
struct Mark {
  double wall_s = 0;
  double client_cpu_s = 0;
  int64_t samples = 0;
  ProcessUsage server;
};

absl::StatusOr<Mark> TakeMark(pid_t pid, int64_t samples) {
  Mark mark;
  mark.samples = samples;
  if (pid != 0) {
    NINES_ASSIGN_OR_RETURN(mark.server, ReadProcessUsage(pid));
  }
  mark.wall_s = WallSeconds();
  mark.client_cpu_s = OwnCpuSeconds();
  return mark;
}

void AddRates(const Mark& from, const Mark& to, bool has_server, Figures& figures) {
  const auto samples = static_cast<double>(to.samples - from.samples);
  figures.Add("steady_samples", to.samples - from.samples);
  figures.Add("steady_wall_s", to.wall_s - from.wall_s);
  figures.AddRatio("samples_per_wall_s", samples, to.wall_s - from.wall_s);
  figures.Add("client_cpu_steady_s", to.client_cpu_s - from.client_cpu_s);
  if (!has_server) return;
  figures.Add("server_cpu_steady_s", to.server.cpu_s - from.server.cpu_s);
  figures.AddRatio("samples_per_server_cpu_s", samples, to.server.cpu_s - from.server.cpu_s);
}

}  // namespace

absl::Status MeasureLoad(FleetLoad& load, const std::atomic<int64_t>& acknowledged, const MeasureOptions& options,
                         Figures& figures) {
  const bool has_server = options.pid != 0;
  std::unique_ptr<ServerTrace> trace;
  if (!options.trace_file.empty() && has_server) {
    NINES_ASSIGN_OR_RETURN(trace, ServerTrace::Start(options.trace_file, options.pid, options.data_dir, acknowledged));
  }
  NINES_ASSIGN_OR_RETURN(const Mark start, TakeMark(options.pid, acknowledged));
  NINES_RETURN_IF_ERROR(load.Register());
  NINES_RETURN_IF_ERROR(load.RunSteps(options.warmup_steps));
  NINES_ASSIGN_OR_RETURN(const Mark warm, TakeMark(options.pid, acknowledged));
  NINES_RETURN_IF_ERROR(options.duration_s > 0 ? load.RunFor(options.duration_s)
                                               : load.RunSteps(options.steps - options.warmup_steps));
  NINES_ASSIGN_OR_RETURN(const Mark end, TakeMark(options.pid, acknowledged));

  figures.Add("samples_per_series", load.steps_sent());
  figures.Add("samples_sent", load.samples_sent());
  figures.Add("samples_acknowledged", acknowledged.load());
  AddRates(warm, end, has_server, figures);
  figures.Add("warmup_wall_s", warm.wall_s - start.wall_s);
  if (has_server) {
    figures.Add("server_cpu_warmup_s", warm.server.cpu_s - start.server.cpu_s);
    figures.Add("server_cpu_whole_s", end.server.cpu_s);
    figures.Add("rss_bytes", end.server.resident_bytes);
    figures.Add("rss_peak_bytes", end.server.resident_peak_bytes);
  }
  if (!options.data_dir.empty()) AddDiskFigures("running", options.data_dir, acknowledged, figures);
  if (acknowledged != load.samples_sent()) {
    return absl::DataLossError(
        StrCat(load.samples_sent(), " samples were sent, and ", acknowledged.load(), " acknowledged"));
  }
  return absl::OkStatus();
}

void AddDiskFigures(std::string_view when, const std::filesystem::path& data_dir, int64_t samples, Figures& figures) {
  const DiskUsage disk = ReadDiskUsage(data_dir);
  figures.Add(StrCat("disk_", when, "_apparent_bytes"), disk.apparent_bytes);
  figures.Add(StrCat("disk_", when, "_allocated_bytes"), disk.allocated_bytes);
  figures.Add(StrCat("disk_", when, "_files"), disk.files);
  figures.AddRatio(StrCat("bytes_per_sample_", when), static_cast<double>(disk.apparent_bytes),
                   static_cast<double>(samples));
  figures.AddRatio(StrCat("allocated_bytes_per_sample_", when), static_cast<double>(disk.allocated_bytes),
                   static_cast<double>(samples));
}

}  // namespace nines::bench
