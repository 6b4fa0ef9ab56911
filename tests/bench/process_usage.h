#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

#include "absl/status/statusor.h"

namespace nines::bench {

struct ProcessUsage {
  double cpu_s = 0;                 // utime + stime of /proc/PID/stat: in ticks of usually 10 ms
  int64_t resident_bytes = 0;       // VmRSS
  int64_t resident_peak_bytes = 0;  // VmHWM
};
absl::StatusOr<ProcessUsage> ReadProcessUsage(pid_t pid);

// CPU time of this process.
double OwnCpuSeconds();
// Of a monotonic clock.
double WallSeconds();

struct DiskUsage {
  int64_t apparent_bytes = 0;   // the files' lengths
  int64_t allocated_bytes = 0;  // the blocks they occupy
  int64_t files = 0;
};
// All files below a folder. A file that goes away meanwhile does not count.
DiskUsage ReadDiskUsage(const std::filesystem::path& folder);

}  // namespace nines::bench
