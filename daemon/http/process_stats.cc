#include "daemon/http/process_stats.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace nines::http {
namespace {

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int64_t BootTimeSeconds() {
  std::istringstream stat(ReadFile("/proc/stat"));
  for (std::string word; stat >> word;) {
    int64_t seconds = 0;
    if (word == "btime" && stat >> seconds) return seconds;
  }
  return 0;
}

std::optional<uint64_t> CountOpenFds() {
  std::error_code error;
  std::filesystem::directory_iterator entries("/proc/self/fd", error);
  if (error) return std::nullopt;
  uint64_t count = 0;
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) ++count;
  // The iterator's own descriptor is one of them.
  return count - 1;
}

}  // namespace

ProcessStats ParseProcStat(std::string_view stat, const KernelUnits& units) {
  // The second field is the program's name in parentheses, which may itself contain spaces and parentheses.
  const size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return {};
  std::istringstream fields{std::string(stat.substr(name_end + 1))};
  fields >> std::ws;
  fields.ignore(1);  // field 3, the state; the number of field n is at index n - 4
  const std::vector<int64_t> numbers{std::istream_iterator<int64_t>(fields), std::istream_iterator<int64_t>()};
  if (numbers.size() < 21) return {};
  const double ticks = static_cast<double>(units.ticks_per_second);
  ProcessStats stats;
  stats.cpu_seconds = static_cast<double>(numbers[10] + numbers[11]) / ticks;
  stats.threads = static_cast<uint64_t>(numbers[16]);
  if (units.boot_time_s > 0)
    stats.start_time_ms = units.boot_time_s * 1000 + numbers[18] * 1000 / units.ticks_per_second;
  stats.virtual_bytes = static_cast<uint64_t>(numbers[19]);
  stats.resident_bytes = static_cast<uint64_t>(numbers[20] * units.page_bytes);
  return stats;
}

ProcessStats ReadProcessStats() {
  const KernelUnits units{
      .ticks_per_second = sysconf(_SC_CLK_TCK), .page_bytes = sysconf(_SC_PAGESIZE), .boot_time_s = BootTimeSeconds()};
  ProcessStats stats = ParseProcStat(ReadFile("/proc/self/stat"), units);
  stats.open_fds = CountOpenFds();
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) stats.max_fds = limit.rlim_cur;
  return stats;
}

}  // namespace nines::http
