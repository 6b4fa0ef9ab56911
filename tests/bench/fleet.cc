#include "tests/bench/fleet.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/text.h"

namespace nines::bench {
namespace {

constexpr int kTableBits = 12;
constexpr int kTableSize = 1 << kTableBits;

constexpr std::array<std::string_view, kSeriesPerVm> kNames = {
    // Gauges with one decimal.
    "vm_cpu_used_percent", "vm_cpu_steal_percent", "vm_memory_used_percent", "vm_disk_busy_percent", "vm_load1",
    "vm_temperature_celsius",
    // Bytes in pages.
    "vm_memory_resident_bytes", "vm_memory_cached_bytes", "vm_filesystem_used_bytes",
    // Counters.
    "vm_network_received_bytes_total", "vm_network_sent_bytes_total", "vm_context_switches_total",
    "vm_disk_written_bytes_total", "vm_uptime_seconds_total", "vm_network_errors_total",
    // Latencies.
    "vm_disk_read_latency_ns", "vm_disk_write_latency_ns",
    // States.
    "vm_up", "vm_migrating",
    // Constant.
    "vm_memory_limit_bytes"};

// How far a gauge wanders in one step, in tenths: one standard deviation.
constexpr std::array<double, 6> kGaugeSteps = {8, 0.5, 1, 4, 2, 0.8};
constexpr int32_t kGaugeTenthsMax = 1000;

// Of the noisy counters: the mean increment a second, and its deviation as a share of it.
struct Rate {
  double mean;
  double noise;
};
constexpr std::array<Rate, 3> kRates = {{{80'000, 0.25}, {30'000, 0.25}, {900, 0.1}}};

constexpr uint64_t Mix(uint64_t x) {  // splitmix64's finaliser
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

uint64_t Next(uint64_t& state) {  // xorshift64*
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1d;
}

// Normal deviates, drawn once, as Box and Muller (1958) have them; drawing from a table is what makes a value cheap.
const std::array<float, kTableSize>& Normal() {
  static const auto table = [] {
    std::array<float, kTableSize> values{};
    uint64_t random = 1;
    for (float& value : values) {
      const double u = (static_cast<double>(Next(random) >> 12) + 0.5) * 0x1p-52;
      const double v = static_cast<double>(Next(random) >> 12) * 0x1p-52;
      value = static_cast<float>(std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v));
    }
    return values;
  }();
  return table;
}

const std::array<float, kTableSize>& LogNormal() {
  static const auto table = [] {
    std::array<float, kTableSize> values{};
    for (int i = 0; i < kTableSize; ++i) values[i] = static_cast<float>(std::exp(0.35 * Normal()[i]));
    return values;
  }();
  return table;
}

// Bits of one random number, taken from its low end.
class Bits {
 public:
  explicit Bits(uint64_t bits) : bits_(bits) {}
  uint32_t Take(int count) {
    const auto taken = static_cast<uint32_t>(bits_ & ((uint64_t{1} << count) - 1));
    bits_ >>= count;
    return taken;
  }
  // A normal deviate with a tail of fine bits, so that no two values share the table's.
  double Normal() { return bench::Normal()[Take(kTableBits)] + static_cast<double>(Take(9)) * 0x1p-16; }
  double LogNormal() { return bench::LogNormal()[Take(kTableBits)] * (1 + static_cast<double>(Take(9)) * 0x1p-16); }

 private:
  uint64_t bits_;
};

int32_t Reflect(int32_t value, int32_t most) {
  if (value < 0) value = -value;
  return value > most ? 2 * most - value : value;
}

std::string Padded(std::string_view prefix, int64_t number, size_t width) {
  const std::string digits = std::to_string(number);
  return StrCat(prefix, std::string(width - std::min(width, digits.size()), '0'), digits);
}

}  // namespace

std::string_view FleetMetricName(int metric) { return kNames[metric]; }
std::string FleetVmName(int64_t vm) { return Padded("vm-", vm, 6); }

LabelSet FleetLabels(int64_t vm, int metric) {
  const int64_t system = vm / 15;
  return {{"__name__", std::string(kNames[metric])},
          {"agency", Padded("agency-", system % 300, 3)},
          {"instance", StrCat("10.", vm / 65'536 % 256, ".", vm / 256 % 256, ".", vm % 256, ":9177")},
          {"job", "libvirt"},
          {"region", Padded("region-", system % 4, 1)},
          {"system", Padded("system-", system, 5)},
          {"vm", FleetVmName(vm)}};
}

int64_t FleetOffsetMs(int64_t vm, int64_t interval_ms) {
  return static_cast<int64_t>(Mix(static_cast<uint64_t>(vm)) % static_cast<uint64_t>(interval_ms));
}

Fleet::Fleet(int64_t first_vm, int64_t vms, uint64_t seed, int64_t interval_ms)
    : first_vm_(first_vm), interval_ms_(interval_ms), states_(static_cast<size_t>(vms)) {
  for (int64_t i = 0; i < vms; ++i) {
    State& state = states_[static_cast<size_t>(i)];
    state.random = Mix(Mix(seed) ^ static_cast<uint64_t>(first_vm + i)) | 1;
    const auto draw = [&](uint64_t below) { return Next(state.random) % below; };
    for (int32_t& gauge : state.gauge_tenths) gauge = static_cast<int32_t>(draw(kGaugeTenthsMax));
    for (int32_t& pages : state.pages) pages = static_cast<int32_t>(20'000 + draw(4'000'000));
    for (int64_t& counter : state.counters) counter = static_cast<int64_t>(draw(1ULL << 36));
    state.counters[3] = state.counters[3] / 4096 * 4096;
    state.counters[4] = static_cast<int64_t>(draw(10'000'000));
    state.counters[5] = static_cast<int64_t>(draw(1000));
    for (int32_t& latency : state.latency_ns) latency = static_cast<int32_t>(90'000 + draw(400'000));
    state.is_on = {true, false};
    state.constant = static_cast<double>((1 + draw(64)) << 30);
  }
}

void Fleet::Scrape(int64_t index, std::span<double, kSeriesPerVm> values) {
  State& state = states_[static_cast<size_t>(index)];
  const double seconds = static_cast<double>(interval_ms_) * 1e-3;
  double* out = values.data();
  for (int half = 0; half < 2; ++half) {
    Bits bits(Next(state.random));
    for (int i = half * 3; i < half * 3 + 3; ++i) {
      const auto step = static_cast<int32_t>(std::lrint(kGaugeSteps[i] * bits.Normal()));
      state.gauge_tenths[i] = std::clamp(Reflect(state.gauge_tenths[i] + step, kGaugeTenthsMax), 0, kGaugeTenthsMax);
      *out++ = state.gauge_tenths[i] / 10.0;
    }
  }
  Bits rare(Next(state.random));
  for (int32_t& pages : state.pages) {
    const bool moves = rare.Take(4) == 0;
    const auto step = static_cast<int32_t>(rare.Take(9)) - 256;
    if (moves) pages = std::max(1, pages + step);
    *out++ = static_cast<double>(pages) * 4096;
  }
  Bits noise(Next(state.random));
  for (size_t i = 0; i < kRates.size(); ++i) {
    const double increment = kRates[i].mean * seconds * (1 + kRates[i].noise * noise.Normal());
    state.counters[i] += std::max<int64_t>(0, std::llrint(increment));
  }
  Bits more(Next(state.random));
  state.counters[3] += 4096 * static_cast<int64_t>(more.LogNormal() * 40);
  state.counters[4] += interval_ms_ / 1000;
  state.counters[5] += rare.Take(8) == 0;
  for (const int64_t counter : state.counters) *out++ = static_cast<double>(counter);
  Bits latency(Next(state.random));
  for (const int32_t middle : state.latency_ns) *out++ = std::floor(middle * latency.LogNormal());
  if (rare.Take(11) == 0) state.is_on[0] = !state.is_on[0];
  if (more.Take(11) == 0) state.is_on[1] = !state.is_on[1];
  for (const bool on : state.is_on) *out++ = on ? 1 : 0;
  *out = state.constant;
}

}  // namespace nines::bench
