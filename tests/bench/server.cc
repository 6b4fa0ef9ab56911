#include "tests/bench/server.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/commands.h"
#include "tests/bench/http_connection.h"
#include "tests/bench/load_measure.h"
#include "tests/bench/process_usage.h"

namespace nines::bench {

void ServerFlags::AddTo(CLI::App& command) {
  command.add_option("--ninesd", binary, "The daemon's program. Default: beside this one");
  command.add_option("--data-dir", data_dir,
                     "Of the daemon. Default: a temporary one. With --daemon: what to count the bytes of");
  command.add_option("--daemon", daemon, "gRPC address of a daemon that runs, instead of starting one");
  command.add_option("--pid", pid, "Of the daemon that runs; without it nothing of it is measured");
}

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const ServerFlags& flags, int providers) {
  std::unique_ptr<Server> server(new Server(flags));
  if (!flags.daemon.empty()) return server;
  if (flags.data_dir.empty()) {
    server->folder_ = std::make_unique<TemporaryFolder>();
    server->data_dir_ = server->folder_->path() / "data";
  }
  NINES_ASSIGN_OR_RETURN(server->own_,
                         NinesdProcess::Start({.binary = flags.binary.empty() ? BesideThis("ninesd") : flags.binary,
                                               .data_dir = server->data_dir_,
                                               .providers = providers}));
  return server;
}

absl::Status Server::Settle(Figures& figures) {
  if (!own_) return absl::OkStatus();
  // Longer than what was sent last takes to be merged, and what that frees to be reclaimed.
  constexpr double kQuietS = 30, kLongestS = 1200;
  NINES_ASSIGN_OR_RETURN(const Url url, ParseUrl(StrCat("http://", own_->http_address(), "/metrics")));
  HttpConnection connection(url);
  const double start_s = WallSeconds();
  double changed_s = start_s;
  std::string before;
  while (WallSeconds() - changed_s < kQuietS) {
    if (WallSeconds() - start_s > kLongestS) {
      return absl::DeadlineExceededError(StrCat("ninesd still merges after ", kLongestS, " s: ", before));
    }
    NINES_RETURN_IF_ERROR(own_->CheckRuns());
    NINES_ASSIGN_OR_RETURN(const HttpAnswer answer, connection.Get(url.path));
    std::string now;
    for (absl::string_view line : absl::StrSplit(answer.body, '\n')) {
      for (absl::string_view name : {"nines_storage_windows_merged_total ", "nines_storage_partitions_merged_total ",
                                     "nines_storage_reclaimable_bytes "}) {
        if (absl::StartsWith(line, name)) absl::StrAppend(&now, line, "; ");
      }
    }
    if (now.empty())
      return absl::InternalError(StrCat("/metrics of ninesd does not tell what is merged: ", answer.code));
    if (now != before) changed_s = WallSeconds();
    before = now;
    absl::SleepFor(absl::Milliseconds(500));
  }
  figures.Add("settle_wall_s", WallSeconds() - start_s);
  return absl::OkStatus();
}

absl::Status Server::StopAndMeasure(int64_t samples, Figures& figures) {
  if (!own_) return absl::OkStatus();
  const double start_s = WallSeconds();
  NINES_RETURN_IF_ERROR(own_->Stop());
  figures.Add("stop_wall_s", WallSeconds() - start_s);
  figures.Add("server_cpu_with_stop_s", own_->cpu_s());
  AddDiskFigures("stopped", data_dir_, samples, figures);
  return absl::OkStatus();
}

}  // namespace nines::bench
