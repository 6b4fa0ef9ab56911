#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace nines::bench {

// Writes a line a second about a server: seconds, samples, cpu_s, rss_bytes, rss_peak_bytes, disk_bytes (apparent), as
// CSV. Owns a thread from Start to destruction.
class ServerTrace {
 public:
  // `samples` is what has been acknowledged so far, and outlives this. `data_dir` may be empty.
  static absl::StatusOr<std::unique_ptr<ServerTrace>> Start(const std::string& file, pid_t pid,
                                                            const std::filesystem::path& data_dir,
                                                            const std::atomic<int64_t>& samples);
  ~ServerTrace();

 private:
  ServerTrace(const std::string& file, pid_t pid, std::filesystem::path data_dir, const std::atomic<int64_t>& samples);
  void Run();

  std::ofstream file_;
  const pid_t pid_;
  const std::filesystem::path data_dir_;
  const std::atomic<int64_t>& samples_;
  Mutex mutex_;
  CondVar stop_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace nines::bench
