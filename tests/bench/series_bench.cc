// How fast the series store takes and gives samples: a scrape of `range(0)` series every 15 s.
#include <benchmark/benchmark.h>
#include <random>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "storage/series/store.h"
#include "tests/bench/temporary_folder.h"

namespace nines::series {
namespace {

class World {
 public:
  explicit World(int series) {
    database_ = *rocks::Database::Open(folder_.path().string(), {});
    store_ = *Store::Open(*database_, clock_, {});
    rocks::Batch batch;
    for (int i = 0; i < series; ++i) {
      ids_.push_back(store_->Resolve(*Labels::Create({{"__name__", "m"}, {"i", StrCat(i)}}), batch));
    }
    NINES_CHECK(database_->Write(batch, rocks::Durability::kBuffer).ok());
  }

  // A third each of steady values, counters and noise.
  void Scrape() {
    time_ms_ += 15'000;
    rows_.Clear();
    rows_.rows.push_back({time_ms_, static_cast<uint32_t>(ids_.size())});
    for (size_t i = 0; i < ids_.size(); ++i) {
      const double noise = static_cast<double>(random_() % 1000) / 10;
      rows_.series.push_back(static_cast<uint32_t>(ids_[i].value()));
      rows_.values.push_back(i % 3 == 0 ? 1 : i % 3 == 1 ? static_cast<double>(time_ms_ / 100) : noise);
    }
    NINES_CHECK(store_->Log(rows_).ok());
    store_->Append(rows_);
    NINES_CHECK(store_->Maintain().ok());
  }

  Store& store() { return *store_; }
  const std::vector<SeriesId>& ids() const { return ids_; }
  int64_t time_ms() const { return time_ms_; }

 private:
  bench::TemporaryFolder folder_;
  SystemClock clock_;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<Store> store_;
  std::vector<SeriesId> ids_;
  Rows rows_;
  std::mt19937_64 random_{1};
  int64_t time_ms_ = 1'700'000'000'000;
};

void BM_Append(benchmark::State& state) {
  World world(static_cast<int>(state.range(0)));
  for (auto _ : state) world.Scrape();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Append)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void BM_Read(benchmark::State& state) {
  World world(100);
  for (int i = 0; i < 5760; ++i) world.Scrape();  // a day
  size_t next = 0;
  int64_t read = 0;
  std::vector<Sample> samples;
  for (auto _ : state) {
    samples.clear();
    const Interval span{world.time_ms() - state.range(0), world.time_ms() + 1};
    NINES_CHECK(world.store().Read(world.ids()[next++ % 100], span, &samples).ok());
    read += static_cast<int64_t>(samples.size());
  }
  state.SetItemsProcessed(read);
}
BENCHMARK(BM_Read)->Arg(5 * 60'000)->Arg(24 * 3'600'000)->Unit(benchmark::kMicrosecond);

void BM_LastBefore(benchmark::State& state) {
  World world(100);
  for (int i = 0; i < 1000; ++i) world.Scrape();
  size_t next = 0;
  for (auto _ : state) {
    auto sample = world.store().LastBefore(world.ids()[next++ % 100], world.time_ms());
    NINES_CHECK(sample.ok() && sample->has_value());
  }
}
BENCHMARK(BM_LastBefore)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace nines::series

BENCHMARK_MAIN();
