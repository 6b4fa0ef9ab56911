// A day of the store's life in minutes: 300 000 series every 15 s, one in a hundred replaced by a new one every hour,
// with merging and a retention of a few hours, so that everything has gone through the store several times. The clock
// is simulated; the disk is not. Prints a line an hour, and fails if anything still grows in the second half of the
// day.
//   store_soak [--vms N] [--hours N] [--data-dir DIR]
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "storage/series/store.h"
#include "tests/bench/fleet.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/temporary_folder.h"

namespace nines::bench {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kIntervalMs = 15'000;
constexpr int64_t kStartMs = 20'000 * 24 * kHourMs;
constexpr double kChurnAnHour = 0.01;
// What is steady still goes up and down with the windows and partitions.
constexpr double kGrowthMax = 1.05;

struct Flags {
  int64_t vms = 15'000;
  int hours = 24;
  std::string data_dir;
};

struct Figures {
  int64_t resident_bytes = 0;
  int64_t disk_bytes = 0;
  int64_t files = 0;
  uint64_t series = 0;
  uint64_t index_bytes = 0;
  uint64_t head_bytes = 0;

  // The larger of each.
  void Raise(const Figures& other) {
    resident_bytes = std::max(resident_bytes, other.resident_bytes);
    disk_bytes = std::max(disk_bytes, other.disk_bytes);
    files = std::max(files, other.files);
    series = std::max(series, other.series);
    index_bytes = std::max(index_bytes, other.index_bytes);
    head_bytes = std::max(head_bytes, other.head_bytes);
  }
};

class Soak {
 public:
  Soak(const Flags& flags, const std::string& directory)
      : flags_(flags), directory_(directory), fleet_(0, flags.vms, /*seed=*/1, kIntervalMs), next_vm_(flags.vms) {
    auto database = rocks::Database::Open(directory, {});
    NINES_CHECK(database.ok());
    database_ = *std::move(database);
    series::Store::Options options;
    options.grid = {.window_ms = kHourMs, .partition_ms = 2 * kHourMs};
    // With 240 samples to a window, as at the defaults' 960, it is dense.
    options.merger.dense_samples = 60;
    options.retention = {
        .samples_ms = 4 * kHourMs, .five_minutes_ms = 6 * kHourMs, .hours_ms = 8 * kHourMs, .results_ms = 8 * kHourMs};
    auto store = series::Store::Open(*database_, clock_, options);
    NINES_CHECK(store.ok());
    store_ = *std::move(store);
    ids_.resize(static_cast<size_t>(flags.vms * kSeriesPerVm));
    for (int64_t i = 0; i < flags.vms; ++i) Register(i, i);
  }

  // An hour's scrapes, and what was seen at the ends of its minutes.
  Figures RunHour() {
    Figures largest;
    for (int64_t scrape = 0; scrape < kHourMs / kIntervalMs; ++scrape) {
      Replace();
      Scrape();
      clock_.Advance(absl::Milliseconds(kIntervalMs));
      NINES_CHECK(store_->Tend([] { return false; }).ok());
      if (scrape % 4 == 3) largest.Raise(Look());
    }
    return largest;
  }

 private:
  // The place `index` of the fleet is now the VM of this number.
  void Register(int64_t index, int64_t vm) {
    rocks::Batch batch;
    for (int metric = 0; metric < kSeriesPerVm; ++metric) {
      const LabelSet labels = FleetLabels(vm, metric);
      ids_[static_cast<size_t>(index * kSeriesPerVm + metric)] = static_cast<uint32_t>(
          store_->Resolve(*series::Labels::Create({labels.begin(), labels.end()}), batch).value());
    }
    NINES_CHECK(database_->Write(batch, rocks::Durability::kBuffer).ok());
  }

  // So many VMs go, and as many others come, that it is the hour's share.
  void Replace() {
    due_ += kChurnAnHour * static_cast<double>(flags_.vms) * kIntervalMs / kHourMs;
    for (; due_ >= 1; due_ -= 1, ++next_vm_) Register(static_cast<int64_t>(next_vm_ * 7919 % flags_.vms), next_vm_);
  }

  void Scrape() {
    constexpr int64_t kVmsPerWrite = 5'000;
    const int64_t now_ms = clock_.NowMs();
    for (int64_t from = 0; from < flags_.vms; from += kVmsPerWrite) {
      rows_.Clear();
      for (int64_t vm = from; vm < std::min(flags_.vms, from + kVmsPerWrite); ++vm) {
        rows_.rows.push_back({now_ms + FleetOffsetMs(vm, kIntervalMs), kSeriesPerVm});
        const size_t at = rows_.values.size();
        rows_.values.resize(at + kSeriesPerVm);
        fleet_.Scrape(vm, std::span<double, kSeriesPerVm>(rows_.values.data() + at, kSeriesPerVm));
        const auto ids = ids_.begin() + vm * kSeriesPerVm;
        rows_.series.insert(rows_.series.end(), ids, ids + kSeriesPerVm);
      }
      NINES_CHECK(store_->Log(rows_).ok());
      store_->Append(rows_);
      NINES_CHECK(store_->Maintain().ok());
    }
  }

  Figures Look() const {
    const auto usage = ReadProcessUsage(getpid());
    NINES_CHECK(usage.ok());
    const DiskUsage disk = ReadDiskUsage(directory_);
    const series::StoreStats stats = store_->Stats();
    return {usage->resident_bytes, disk.allocated_bytes, disk.files, stats.series, stats.index_bytes, stats.head_bytes};
  }

  const Flags flags_;
  const std::string directory_;
  ManualClock clock_{absl::FromUnixMillis(kStartMs)};
  Fleet fleet_;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<series::Store> store_;
  std::vector<uint32_t> ids_;  // of the VM at each place, kSeriesPerVm each
  int64_t next_vm_;
  double due_ = 0;
  series::Rows rows_;
};

// Whether a figure's mean over the hours' peaks of the last quarter is above that of the quarter before by more than is
// allowed.
template <typename Figure>
bool Grows(const char* name, const std::vector<Figures>& hours, Figure Figures::*figure) {
  const size_t quarter = hours.size() / 4;
  const auto mean = [&](size_t from) {
    double sum = 0;
    for (size_t i = from; i < from + quarter; ++i) sum += static_cast<double>(hours[i].*figure);
    return sum / static_cast<double>(quarter);
  };
  const double before = mean(hours.size() - 2 * quarter);
  const double after = mean(hours.size() - quarter);
  const bool grows = after > before * kGrowthMax;
  std::printf("%-16s %14.0f -> %14.0f  x%.3f%s\n", name, before, after, after / before, grows ? "  GROWS" : "");
  return grows;
}

int Run(const Flags& flags) {
  const TemporaryFolder folder(flags.data_dir);
  Soak soak(flags, (folder.path() / "data").string());
  std::vector<Figures> hours;
  std::printf("%4s %12s %12s %7s %9s %12s %12s   peaks of the hour\n", "hour", "resident MiB", "disk MiB", "files",
              "series", "index MiB", "head MiB");
  for (int hour = 1; hour <= flags.hours; ++hour) {
    const Figures& seen = hours.emplace_back(soak.RunHour());
    const auto mib = [](auto bytes) { return static_cast<double>(bytes) / (1 << 20); };
    std::printf("%4d %12.1f %12.1f %7ld %9lu %12.2f %12.2f\n", hour, mib(seen.resident_bytes), mib(seen.disk_bytes),
                static_cast<long>(seen.files), static_cast<unsigned long>(seen.series), mib(seen.index_bytes),
                mib(seen.head_bytes));
    std::fflush(stdout);
  }
  std::printf("means of these peaks over the last two quarters of the time:\n");
  int growing = 0;
  growing += Grows("resident_bytes", hours, &Figures::resident_bytes);
  growing += Grows("disk_bytes", hours, &Figures::disk_bytes);
  growing += Grows("files", hours, &Figures::files);
  growing += Grows("series", hours, &Figures::series);
  growing += Grows("index_bytes", hours, &Figures::index_bytes);
  growing += Grows("head_bytes", hours, &Figures::head_bytes);
  return growing == 0 ? 0 : 1;
}

}  // namespace
}  // namespace nines::bench

int main(int argc, char** argv) {
  nines::bench::Flags flags;
  CLI::App app("A day of the store's life in minutes");
  app.add_option("--vms", flags.vms, "Of 20 series each")->capture_default_str();
  app.add_option("--hours", flags.hours, "Simulated")->capture_default_str()->check(CLI::Range(4, 10'000));
  app.add_option("--data-dir", flags.data_dir, "A folder for the temporary data directory");
  CLI11_PARSE(app, argc, argv);
  return nines::bench::Run(flags);
}
