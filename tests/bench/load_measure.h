#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "absl/status/status.h"
#include "tests/bench/figures.h"
#include "tests/bench/fleet_load.h"

namespace nines::bench {

struct MeasureOptions {
  pid_t pid = 0;                   // of the server; 0: nothing of it is measured
  std::filesystem::path data_dir;  // empty: no bytes on disk
  std::string trace_file;          // empty: none
  int64_t warmup_steps = 2;
  int64_t steps = 240;    // with those of the warm-up
  double duration_s = 0;  // instead of steps, after the warm-up
};

// Registers, warms up, and then sends the steady part, of which CPU time and rate are figures; memory is that of the
// whole. `acknowledged` counts samples.
absl::Status MeasureLoad(FleetLoad& load, const std::atomic<int64_t>& acknowledged, const MeasureOptions& options,
                         Figures& figures);

// disk_…_{apparent,allocated}_bytes and bytes_per_sample_….
void AddDiskFigures(std::string_view when, const std::filesystem::path& data_dir, int64_t samples, Figures& figures);

}  // namespace nines::bench
