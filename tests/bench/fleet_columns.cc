#include "tests/bench/fleet_columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>

namespace nines::bench {
namespace {

using Random = std::mt19937_64;

double Normal(Random& random, double mean, double deviation) {
  return std::normal_distribution<double>(mean, deviation)(random);
}
bool Chance(Random& random, double chance) { return std::uniform_real_distribution<double>(0, 1)(random) < chance; }

// A level that drifts and comes back, and noise around it; one decimal.
std::vector<double> Gauge(Random& random, int count, double noise, double drift) {
  std::vector<double> values;
  const double home = std::uniform_real_distribution<double>(10, 80)(random);
  double level = home;
  for (int i = 0; i < count; ++i) {
    level += Normal(random, 0, drift) + 0.01 * (home - level);
    values.push_back(std::round(std::clamp(level + Normal(random, 0, noise), 0.0, 100.0) * 10) / 10);
  }
  return values;
}

std::vector<double> PageGauge(Random& random, int count, double moves, double pages) {
  std::vector<double> values;
  double now = std::floor(std::uniform_real_distribution<double>(1e5, 4e6)(random));
  for (int i = 0; i < count; ++i) {
    if (Chance(random, moves)) now = std::max(0.0, now + std::round(Normal(random, 0, pages)));
    values.push_back(now * 4096);
  }
  return values;
}

// A counter of integers, whose increments are at least 0.
template <typename Increment>
std::vector<double> Counter(Random& random, int count, Increment increment) {
  std::vector<double> values;
  double now = std::floor(std::uniform_real_distribution<double>(1e6, 1e11)(random));
  for (int i = 0; i < count; ++i) {
    now += std::max(0.0, std::round(increment()));
    values.push_back(now);
  }
  return values;
}

std::vector<double> Latency(Random& random, int count, double median_ns, double sigma) {
  std::vector<double> values;
  std::lognormal_distribution<double> latency(std::log(median_ns), sigma);
  for (int i = 0; i < count; ++i) values.push_back(std::round(latency(random)));
  return values;
}

std::vector<double> State(Random& random, int count, double flips) {
  std::vector<double> values;
  bool up = true;
  for (int i = 0; i < count; ++i) {
    up ^= Chance(random, up ? flips : 0.2);
    values.push_back(up ? 1 : 0);
  }
  return values;
}

// cpu seconds with two decimals.
std::vector<double> CpuSeconds(Random& random, int count) {
  std::vector<double> values;
  double hundredths = std::floor(std::uniform_real_distribution<double>(1e5, 1e8)(random));
  for (int i = 0; i < count; ++i) {
    hundredths += std::max(0.0, std::round(Normal(random, 120, 25)));
    values.push_back(hundredths / 100);
  }
  return values;
}

}  // namespace

std::vector<Column> FleetColumns(int machines, int values, uint64_t seed) {
  Random random(seed);
  std::vector<Column> columns;
  for (int machine = 0; machine < machines; ++machine) {
    const double busy = std::lognormal_distribution<double>(0, 0.5)(random);
    for (auto [noise, drift] : {std::pair{0.2, 0.1}, {0.4, 0.3}, {0.6, 0.1}, {1.2, 0.5}, {2.0, 0.3}, {4.0, 1.0}}) {
      columns.push_back({"gauge", Gauge(random, values, noise * busy, drift * busy)});
    }
    for (auto [moves, pages] : {std::pair{0.02, 2000.0}, {0.15, 200.0}, {0.4, 60.0}}) {
      columns.push_back({"pages", PageGauge(random, values, moves, pages)});
    }
    const auto poisson = [&](double mean) {
      return [&random, events = std::poisson_distribution<int64_t>(mean)]() mutable {
        return static_cast<double>(events(random));
      };
    };
    columns.push_back({"counter", Counter(random, values, poisson(0.02))});
    columns.push_back({"counter", Counter(random, values, poisson(3 * busy))});
    columns.push_back({"counter", Counter(random, values, poisson(400 * busy))});
    columns.push_back({"counter", CpuSeconds(random, values)});
    double rate = 3e5 * busy;
    columns.push_back({"bytes", Counter(random, values, [&] {
                         rate = std::clamp(rate * std::exp(Normal(random, 0, 0.03)), 1e4, 1e7);
                         return rate * std::exp(Normal(random, 0, 0.05));
                       })});
    columns.push_back({"bytes", Counter(random, values, [&] { return Normal(random, 8e4 * busy, 2e4 * busy); })});
    columns.push_back({"latency", Latency(random, values, 8e5 * busy, 0.2)});
    columns.push_back({"latency", Latency(random, values, 4e6 * busy, 0.3)});
    columns.push_back({"state", State(random, values, 0.001)});
    columns.push_back({"state", State(random, values, 0.01)});
    columns.push_back({"constant", std::vector<double>(static_cast<size_t>(values), std::floor(16 * busy))});
  }
  return columns;
}

std::vector<Column> BitbrainsColumns(std::istream& csv) {
  constexpr int64_t kWindowMs = int64_t{16} * 86'400'000;
  const std::array<std::string, 4> kinds = {"cpu_capacity_mhz", "cpu_used_percent", "mem_capacity_mib", "mem_used_mib"};
  std::map<std::string, std::map<int64_t, std::array<double, 4>>> machines;
  std::string line;
  std::getline(csv, line);
  while (std::getline(csv, line)) {
    const size_t name_end = line.find(',');
    const char* at = line.c_str() + name_end;
    double fields[6];
    for (double& field : fields) {
      char* end = nullptr;
      field = std::strtod(at + 1, &end);
      at = end;
    }
    machines[line.substr(0, name_end)][static_cast<int64_t>(fields[0])] = {fields[2], fields[3], fields[4], fields[5]};
  }
  std::vector<Column> columns;
  for (const auto& [name, rows] : machines) {
    int64_t window = -1;
    for (const auto& [time_ms, row] : rows) {
      if (time_ms / kWindowMs != window) {
        window = time_ms / kWindowMs;
        for (const std::string& kind : kinds) columns.push_back({kind, {}});
      }
      for (size_t i = 0; i < 4; ++i) columns[columns.size() - 4 + i].values.push_back(row[i]);
    }
  }
  return columns;
}

}  // namespace nines::bench
