// How fast the store gives what it has: a raw scan, one series' day, and 90 days of hourly roll-ups of 15 000 VMs with
// two metrics each. Prints one line a figure.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <random>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "storage/series/store.h"
#include "tests/bench/temporary_folder.h"

namespace nines::series {
namespace {

constexpr int64_t kDayMs = 86'400'000;

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// `series` of which every second is a counter, with a sample each `step_ms` over `days`.
class World {
 public:
  World(uint32_t series, int64_t step_ms, int64_t days) : end_ms_(20'000 * kDayMs), start_ms_(end_ms_ - days * kDayMs) {
    auto database = rocks::Database::Open(folder_.path().string(), {.block_cache_bytes = size_t{1} << 30});
    NINES_CHECK(database.ok());
    database_ = *std::move(database);
    Store::Options options;
    options.merger.settle_ms = 0;
    // So that hourly roll-ups are stored, as they are of samples every 15 s, of which 90 days would take long to write.
    if (days > 4) options.merger.dense_samples = 0;
    options.retention.samples_ms = 4000 * kDayMs;
    auto store = Store::Open(*database_, clock_, options);
    NINES_CHECK(store.ok());
    store_ = *std::move(store);
    Fill(series, step_ms);
  }

  Store& store() { return *store_; }
  const std::vector<SeriesId>& ids() const { return ids_; }
  Interval span() const { return {start_ms_, end_ms_}; }

 private:
  void Fill(uint32_t series, int64_t step_ms) {
    rocks::Batch batch;
    for (uint32_t i = 0; i < series; ++i) {
      ids_.push_back(
          store_->Resolve(*Labels::Create({{"__name__", i % 2 == 0 ? "cpu" : "bytes"}, {"vm", StrCat(i / 2)}}), batch));
    }
    NINES_CHECK(database_->Write(batch, rocks::Durability::kBuffer).ok());
    std::vector<double> values(series, 50);
    std::mt19937_64 random(1);
    Rows rows;
    int64_t tended_ms = start_ms_;
    for (int64_t time_ms = start_ms_; time_ms < end_ms_; time_ms += step_ms) {
      if (rows.values.size() > 500'000) Write(&rows);
      rows.rows.push_back({time_ms, series});
      for (uint32_t i = 0; i < series; ++i) {
        rows.series.push_back(static_cast<uint32_t>(ids_[i].value()));
        const double noise = static_cast<double>(random() % 64);
        values[i] = i % 2 == 0 ? 40 + noise / 10 : values[i] + noise * 100;
        rows.values.push_back(values[i]);
      }
      if (time_ms - tended_ms < 4 * 3'600'000) continue;
      tended_ms = time_ms;
      Write(&rows);
      Tend(time_ms);
    }
    Write(&rows);
    NINES_CHECK(store_->Close().ok());
    Tend(end_ms_ + 10 * kDayMs);
    Tend(end_ms_ + 10 * kDayMs);
  }
  void Write(Rows* rows) {
    NINES_CHECK(store_->Log(*rows).ok());
    store_->Append(*rows);
    NINES_CHECK(store_->Maintain().ok());
    rows->Clear();
  }
  void Tend(int64_t now_ms) {
    clock_.SetWall(absl::FromUnixMillis(now_ms));
    NINES_CHECK(store_->Tend([] { return false; }).ok());
  }

  const int64_t end_ms_;
  const int64_t start_ms_;
  ManualClock clock_{absl::FromUnixMillis(0)};
  bench::TemporaryFolder folder_;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<Store> store_;
  std::vector<SeriesId> ids_;
};

void ScanRaw() {
  World world(2'000, 15'000, 2);
  for (int round = 0; round < 3; ++round) {
    uint64_t samples = 0;
    double sum = 0;
    const double begin = CpuSeconds();
    NINES_CHECK(world.store()
                    .Scan(world.ids(), world.span(),
                          [&](SeriesId, std::span<const int64_t>, std::span<const double> values) {
                            samples += values.size();
                            for (double value : values) sum += value;
                            return true;
                          })
                    .ok());
    const double seconds = CpuSeconds() - begin;
    std::printf("raw scan: %.1f million samples per CPU second (%lu samples, sum %.6g)\n",
                static_cast<double>(samples) / seconds / 1e6, samples, sum);
  }
  std::vector<double> micros;
  std::vector<Sample> samples;
  for (size_t i = 0; i < 1'000; ++i) {
    samples.clear();
    const double begin = WallSeconds();
    NINES_CHECK(
        world.store().Read(world.ids()[i * 2], {world.span().start_ms, world.span().start_ms + kDayMs}, &samples).ok());
    micros.push_back((WallSeconds() - begin) * 1e6);
    NINES_CHECK(samples.size() == 5760);
  }
  std::sort(micros.begin(), micros.end());
  std::printf("one series' day (5760 samples), warm: median %.0f us, 99th percentile %.0f us\n", micros[500],
              micros[990]);
}

void ScanHours() {
  World world(30'000, 300'000, 90);
  for (int round = 0; round < 3; ++round) {
    uint64_t buckets = 0;
    double sum = 0;
    const double begin = WallSeconds();
    NINES_CHECK(world.store()
                    .ScanRollups(world.ids(), world.span(), Resolution::kHour, SetOf(codec::Aggregate::kMax),
                                 [&](SeriesId, const Rollup& rollup) {
                                   buckets += rollup.starts_ms.size();
                                   for (double value : rollup.of(codec::Aggregate::kMax)) sum += value;
                                   return true;
                                 })
                    .ok());
    std::printf("90 days of hourly roll-ups, 15 000 VMs x 2 metrics: %.3f s (%lu buckets, sum %.6g)\n",
                WallSeconds() - begin, buckets, sum);
  }
}

}  // namespace
}  // namespace nines::series

int main(int argc, char** argv) {
  const std::string_view which = argc > 1 ? argv[1] : "";
  if (which != "hours") nines::series::ScanRaw();
  if (which != "raw") nines::series::ScanHours();
}
