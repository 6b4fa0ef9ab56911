#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace nines::bench {

struct Column {
  std::string kind;  // what the series is; columns of one kind are added up
  std::vector<double> values;
};

// The series of virtual machines, 20 each, `values` long: 6 gauges with one decimal that wander, 3 byte gauges in pages
// that move now and then, 6 counters from rare to noisy, 2 latencies in ns, 2 states, 1 constant. Seeded.
std::vector<Column> FleetColumns(int machines, int values, uint64_t seed);

// The Bitbrains trace (vm, unix_ms, vcpu, cpu_capacity_mhz, cpu_used_percent, mem_capacity_mib, mem_used_mib; a header
// line) as four series a machine, cut into windows of 16 days. Of rows with one time the last stands.
std::vector<Column> BitbrainsColumns(std::istream& csv);

}  // namespace nines::bench
