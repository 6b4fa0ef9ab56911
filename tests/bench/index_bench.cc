// How small and fast the index is with `range(0)` series of a fleet: machines of 20 metrics, each series with its name
// and seven more labels. Memory stands in the counters: what the process grew by, and what the index says.
#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <random>

#include "base/check.h"
#include "base/text.h"
#include "storage/series/index.h"

namespace nines::series {
namespace {

constexpr int kMetrics = 20;

Labels FleetLabels(int series) {
  const int vm = series / kMetrics;
  const int system = vm / 15;
  return *Labels::Create({{"__name__", StrCat("nines_vm_metric_", series % kMetrics, "_bytes_total")},
                          {"agency", StrCat("agency-", system % 300)},
                          {"instance", StrCat("10.", vm / 65'536, ".", vm / 256 % 256, ".", vm % 256, ":9100")},
                          {"job", "node"},
                          {"provider", StrCat("provider-", system % 3)},
                          {"region", StrCat("region-", system % 6)},
                          {"system", StrCat("system-", system)},
                          {"vm", StrCat("vm-", vm * 7919 % 1'000'003)}});
}

// Canonical bytes of all label sets, one behind the other.
class Fleet {
 public:
  explicit Fleet(int64_t count) {
    for (int i = 0; i < count; ++i) {
      bytes_ += FleetLabels(i).Encode();
      ends_.push_back(bytes_.size());
    }
  }
  size_t size() const { return ends_.size(); }
  std::string_view Encoded(size_t i) const {
    const size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  std::unique_ptr<Index> Restored() const {
    auto index = std::make_unique<Index>();
    for (size_t i = 0; i < size(); ++i) NINES_CHECK(index->Restore(SeriesId(i + 1), Encoded(i)).ok());
    index->Trim();
    return index;
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

const Fleet& TheFleet(int64_t count) {
  static std::unique_ptr<Fleet> fleet;
  if (fleet == nullptr || fleet->size() != static_cast<size_t>(count)) fleet = std::make_unique<Fleet>(count);
  return *fleet;
}
Index& TheIndex(int64_t count) {
  static std::unique_ptr<Index> index;
  if (index == nullptr || index->size() != static_cast<uint64_t>(count)) index = TheFleet(count).Restored();
  return *index;
}

double ResidentMb() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  int64_t size = 0, resident = 0;
  file >> size >> resident;
  return static_cast<double>(resident * sysconf(_SC_PAGESIZE)) / 1e6;
}

void BM_Memory(benchmark::State& state) {
  const Fleet& fleet = TheFleet(state.range(0));
  std::vector<SeriesId> half, rest;
  for (size_t i = 1; i <= fleet.size(); ++i) (i / 6 % 2 == 0 ? half : rest).emplace_back(i);
  for (auto _ : state) {
    const double before = ResidentMb();
    std::unique_ptr<Index> index = fleet.Restored();
    state.counters["resident_mb"] = ResidentMb() - before;
    state.counters["index_says_mb"] = static_cast<double>(index->memory_bytes()) / 1e6;
    NINES_CHECK(index->Select(std::vector<Matcher>{{MatchType::kEqual, "job", "node"}}).ok());
    state.counters["selected_mb"] = ResidentMb() - before;
    index->Remove(half);
    state.counters["half_removed_mb"] = ResidentMb() - before;
    index->Remove(rest);
    state.counters["all_removed_mb"] = ResidentMb() - before;
  }
}
BENCHMARK(BM_Memory)->Arg(300'000)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_Memory)->Arg(3'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void BM_Restore(benchmark::State& state) {
  const Fleet& fleet = TheFleet(state.range(0));
  for (auto _ : state) {
    auto index = fleet.Restored();
    state.PauseTiming();
    index.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Restore)->Arg(300'000)->Unit(benchmark::kMillisecond);

void BM_Remove(benchmark::State& state) {
  const Fleet& fleet = TheFleet(state.range(0));
  std::vector<SeriesId> series;
  for (size_t i = 0; i < fleet.size(); i += 10) series.emplace_back(i + 1);
  for (auto _ : state) {
    state.PauseTiming();
    auto index = fleet.Restored();
    state.ResumeTiming();
    index->Remove(series);
    state.PauseTiming();
    index.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(series.size()));
}
BENCHMARK(BM_Remove)->Arg(300'000)->Unit(benchmark::kMillisecond);

void BM_Add(benchmark::State& state) {
  std::vector<Labels> labels;
  for (int i = 0; i < state.range(0); ++i) labels.push_back(FleetLabels(i));
  for (auto _ : state) {
    Index index;
    for (const Labels& one : labels) index.Add(one, SeriesClass::kSamples);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Add)->Arg(300'000)->Unit(benchmark::kMillisecond);

void BM_Find(benchmark::State& state) {
  const Fleet& fleet = TheFleet(state.range(0));
  const Index& index = TheIndex(state.range(0));
  size_t next = 0;
  for (auto _ : state) {
    NINES_CHECK(index.Find(fleet.Encoded(next)).has_value());
    if (++next == fleet.size()) next = 0;
  }
}
BENCHMARK(BM_Find)->Arg(300'000);

void BM_LabelsOf(benchmark::State& state) {
  const Index& index = TheIndex(state.range(0));
  uint64_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(index.LabelsOf(SeriesId(1 + next++ % index.size())));
}
BENCHMARK(BM_LabelsOf)->Arg(300'000);

void BM_Select(benchmark::State& state, std::vector<Matcher> matchers) {
  const Index& index = TheIndex(state.range(0));
  size_t found = 0;
  for (auto _ : state) {
    auto series = index.Select(matchers);
    NINES_CHECK(series.ok());
    found = series->size();
  }
  state.counters["found"] = static_cast<double>(found);
}
const char kMetric[] = "nines_vm_metric_7_bytes_total";
#define NINES_SELECT(name, ...) \
  BENCHMARK_CAPTURE(BM_Select, name, __VA_ARGS__)->Arg(300'000)->Unit(benchmark::kMicrosecond)
NINES_SELECT(one, {{MatchType::kEqual, "__name__", kMetric}, {MatchType::kEqual, "vm", "vm-7919"}});
NINES_SELECT(metric, {{MatchType::kEqual, "__name__", kMetric}});
NINES_SELECT(metric_of_agency, {{MatchType::kEqual, "__name__", kMetric}, {MatchType::kEqual, "agency", "agency-5"}});
NINES_SELECT(provider, {{MatchType::kEqual, "provider", "provider-0"}});
NINES_SELECT(everything, {{MatchType::kEqual, "job", "node"}});
NINES_SELECT(alternatives,
             {{MatchType::kEqual, "__name__", kMetric}, {MatchType::kRegex, "system", "system-1|system-2"}});
NINES_SELECT(prefix, {{MatchType::kEqual, "__name__", kMetric}, {MatchType::kRegex, "vm", "vm-12.*"}});
NINES_SELECT(suffix, {{MatchType::kEqual, "__name__", kMetric}, {MatchType::kRegex, "vm", ".*12"}});
NINES_SELECT(regex_only, {{MatchType::kRegex, "__name__", ".*_1[0-9]_.*"}});
NINES_SELECT(negative, {{MatchType::kEqual, "__name__", kMetric}, {MatchType::kNotRegex, "vm", ".*1"}});

}  // namespace
}  // namespace nines::series

BENCHMARK_MAIN();
