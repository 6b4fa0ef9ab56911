#include "tests/bench/server_trace.h"

#include <chrono>
#include <utility>

#include "base/text.h"
#include "tests/bench/process_usage.h"

namespace nines::bench {

absl::StatusOr<std::unique_ptr<ServerTrace>> ServerTrace::Start(const std::string& file, pid_t pid,
                                                                const std::filesystem::path& data_dir,
                                                                const std::atomic<int64_t>& samples) {
  std::unique_ptr<ServerTrace> trace(new ServerTrace(file, pid, data_dir, samples));
  if (!trace->file_) return absl::UnavailableError(StrCat(file, ": cannot be written"));
  trace->file_ << "seconds,samples,cpu_s,rss_bytes,rss_peak_bytes,disk_bytes\n";
  trace->thread_ = std::thread([&trace = *trace] { trace.Run(); });
  return trace;
}

ServerTrace::ServerTrace(const std::string& file, pid_t pid, std::filesystem::path data_dir,
                         const std::atomic<int64_t>& samples)
    : file_(file, std::ios::trunc), pid_(pid), data_dir_(std::move(data_dir)), samples_(samples) {}

ServerTrace::~ServerTrace() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  if (thread_.joinable()) thread_.join();
}

void ServerTrace::Run() {
  const double start_s = WallSeconds();
  for (double next_s = start_s;; next_s += 1) {
    {
      MutexLock lock(mutex_);
      while (!stopping_ && WallSeconds() < next_s) {
        stop_.WaitFor(mutex_, std::chrono::duration<double>(next_s - WallSeconds()));
      }
      if (stopping_) return;
    }
    const auto usage = ReadProcessUsage(pid_);
    if (!usage.ok()) return;
    file_ << StrCat(WallSeconds() - start_s, ",", samples_.load(), ",", usage->cpu_s, ",", usage->resident_bytes, ",",
                    usage->resident_peak_bytes, ",", data_dir_.empty() ? 0 : ReadDiskUsage(data_dir_).apparent_bytes,
                    "\n")
          << std::flush;
  }
}

}  // namespace nines::bench
