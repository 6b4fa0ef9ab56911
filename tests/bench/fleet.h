#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nines::bench {

inline constexpr int kSeriesPerVm = 20;

// Name and value, sorted by name.
using LabelSet = std::vector<std::pair<std::string, std::string>>;

// Labels of one of a VM's series, as an exporter's scrape at a provider gives them, without `provider`. The same for
// every seed. `metric` from 0 to kSeriesPerVm - 1.
LabelSet FleetLabels(int64_t vm, int metric);
std::string_view FleetMetricName(int metric);
std::string FleetVmName(int64_t vm);  // label `vm`

// When a VM is scraped within the interval: spread evenly, always the same.
int64_t FleetOffsetMs(int64_t vm, int64_t interval_ms);

// Values of VMs [first_vm, first_vm + vms), scrape after scrape. What a VM gives depends on the seed and its number
// alone, so that the fleet is the same however it is cut into streams. Of a VM's 20 series
//   6 are gauges with one decimal that wander,
//   3 are gauges of bytes in pages of 4096 that move now and then,
//   6 are counters: three with noisy rates, one in blocks of 4096, one that is steady, one that hardly moves,
//   2 are latencies in whole nanoseconds with log-normal noise,
//   2 are 0 or 1 and change rarely,
//   1 is constant.
// The values' entropy is about 0.8 bytes a sample. Cheap: a few ns a value. Thread-compatible.
class Fleet {
 public:
  Fleet(int64_t first_vm, int64_t vms, uint64_t seed, int64_t interval_ms);

  int64_t first_vm() const { return first_vm_; }
  int64_t vms() const { return static_cast<int64_t>(states_.size()); }

  // The next scrape of one VM. `index` counts from 0 within this part.
  void Scrape(int64_t index, std::span<double, kSeriesPerVm> values);

 private:
  struct State {
    uint64_t random;
    std::array<int32_t, 6> gauge_tenths;
    std::array<int32_t, 3> pages;
    std::array<int64_t, 6> counters;
    std::array<int32_t, 2> latency_ns;  // the middle of the noise
    std::array<bool, 2> is_on;
    double constant;
  };

  const int64_t first_vm_;
  const int64_t interval_ms_;
  std::vector<State> states_;
};

}  // namespace nines::bench
