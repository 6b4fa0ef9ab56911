#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nines::http {

// What the kernel says about this process; absent where /proc does not tell.
struct ProcessStats {
  std::optional<double> cpu_seconds = {};  // user and system
  std::optional<uint64_t> resident_bytes = {};
  std::optional<uint64_t> virtual_bytes = {};
  std::optional<int64_t> start_time_ms = {};  // since the epoch
  std::optional<uint64_t> open_fds = {};
  std::optional<uint64_t> max_fds = {};
  std::optional<uint64_t> threads = {};
};

struct KernelUnits {
  int64_t ticks_per_second = 100;
  int64_t page_bytes = 4096;
  int64_t boot_time_s = 0;  // "btime" of /proc/stat
};
// From the text of /proc/PID/stat (proc(5)). Empty where it is not of that form.
ProcessStats ParseProcStat(std::string_view stat, const KernelUnits& units);

ProcessStats ReadProcessStats();

}  // namespace nines::http
