#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/bench/fleet.h"

namespace nines::bench {

inline constexpr std::array<std::string_view, 4> kBitbrainsColumns = {"cpu_used_percent", "mem_used_mib",
                                                                      "cpu_capacity_mhz", "mem_capacity_mib"};

// CPU and memory of real VMs every five minutes, from the Grid Workloads Archive's trace Bitbrains.
struct BitbrainsTrace {
  struct Row {
    int64_t time_ms;
    int32_t vm;  // index in `vms`
    std::array<double, kBitbrainsColumns.size()> values;
  };
  std::vector<std::string> vms;
  std::vector<Row> rows;   // in the order of time over all VMs, one row a VM and time
  int64_t duplicates = 0;  // rows that a later one of the same VM and time replaced

  // Of series `vm * 4 + column`, without `provider`.
  LabelSet LabelsOf(int64_t series) const;
};

// A CSV file, plain, .gz or .xz, with the columns vm, unix_ms and those above. Errors name the line.
absl::StatusOr<BitbrainsTrace> ReadBitbrains(const std::string& path);

}  // namespace nines::bench
