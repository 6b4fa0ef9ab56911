#include "tests/bench/process_usage.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"

namespace nines::bench {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int64_t StatusBytes(const std::string& status, std::string_view key) {
  const size_t at = status.find(key);
  return at == std::string::npos ? 0 : std::atoll(status.c_str() + at + key.size()) * 1024;
}

}  // namespace

absl::StatusOr<ProcessUsage> ReadProcessUsage(pid_t pid) {
  const std::string folder = StrCat("/proc/", pid);
  const std::string stat = ReadFile(folder + "/stat");
  const std::string status = ReadFile(folder + "/status");
  // The second field is the program's name in parentheses, which may hold spaces and parentheses itself.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || status.empty()) {
    return absl::NotFoundError(StrCat("process ", pid, " is gone: the server ended, or --pid is wrong"));
  }
  std::istringstream fields(stat.substr(name_end + 1));
  const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
  if (words.size() < 13) return absl::InternalError(StrCat(folder, "/stat is not as expected"));
  ProcessUsage usage;
  const double ticks = std::stod(words[11]) + std::stod(words[12]);
  usage.cpu_s = ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.resident_bytes = StatusBytes(status, "VmRSS:");
  usage.resident_peak_bytes = StatusBytes(status, "VmHWM:");
  return usage;
}

double OwnCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

DiskUsage ReadDiskUsage(const std::filesystem::path& folder) {
  DiskUsage usage;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    struct stat file {};
    if (lstat(entry->path().c_str(), &file) != 0 || !S_ISREG(file.st_mode)) continue;
    usage.apparent_bytes += file.st_size;
    usage.allocated_bytes += int64_t{file.st_blocks} * 512;
    ++usage.files;
  }
  return usage;
}

}  // namespace nines::bench
