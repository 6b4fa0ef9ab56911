#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/series/store.h"

namespace nines::series {

inline constexpr int64_t kHour = 3'600'000;
inline constexpr int64_t kDay = 24 * kHour;

// A store in a temporary folder; its clock begins in 1970.
class StoreFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "store_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    OpenAll();
  }
  void TearDown() override {
    store_.reset();
    database_.reset();
    std::filesystem::remove_all(root_);
  }

  void OpenAll() {
    store_.reset();
    database_.reset();
    auto database = rocks::Database::Open(root_ + "/data", {});
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    OpenStore();
  }
  // As after `kill -9`: what is in memory only is gone.
  void OpenStore() {
    store_.reset();
    auto store = Store::Open(*database_, clock_, options_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  // Every Maintain() seals all heads and cuts the log.
  void SealAlways() {
    options_.writer.log_bytes_max = 0;
    OpenStore();
  }
  SeriesId Series(std::vector<std::pair<std::string, std::string>> pairs) {
    rocks::Batch batch;
    const SeriesId id = store_->Resolve(*Labels::Create(std::move(pairs)), batch);
    EXPECT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
    return id;
  }
  SeriesId Result(const std::string& check) {
    rocks::Batch batch;
    const SeriesId id = store_->Resolve(CheckResultLabels(ProviderId("p"), CheckId(check)), batch);
    EXPECT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
    return id;
  }
  struct One {
    SeriesId series;
    int64_t time_ms;
    double value;
  };
  static Rows RowsOf(const std::vector<One>& samples) {
    Rows rows;
    for (const One& sample : samples) rows.Add(sample.series, sample.time_ms, sample.value);
    return rows;
  }
  void Record(const std::vector<One>& samples) {
    const Rows rows = RowsOf(samples);
    const absl::Status status = store_->Log(rows);
    ASSERT_TRUE(status.ok()) << status;
    store_->Append(rows);
  }
  void Maintain() {
    const absl::Status status = store_->Maintain();
    ASSERT_TRUE(status.ok()) << status;
  }
  void Tend() {
    const absl::Status status = store_->Tend([] { return false; });
    ASSERT_TRUE(status.ok()) << status;
  }
  // At this wall-clock time, with everything settled.
  void TendAt(int64_t wall_ms) {
    clock_.Advance(absl::Hours(1));
    clock_.SetWall(absl::FromUnixMillis(wall_ms));
    Tend();
  }
  std::vector<std::pair<int64_t, double>> Read(SeriesId series, Interval span) const {
    return Read(*store_, series, span);
  }
  static std::vector<std::pair<int64_t, double>> Read(const Store& store, SeriesId series, Interval span) {
    std::vector<Sample> samples;
    const absl::Status status = store.Read(series, span, &samples);
    EXPECT_TRUE(status.ok()) << status;
    std::vector<std::pair<int64_t, double>> pairs;
    for (const Sample& sample : samples) pairs.emplace_back(sample.time_ms, sample.value);
    return pairs;
  }
  int CountKeys(rocks::Family family) const {
    int count = 0;
    const auto visit = [&](std::string_view, std::string_view) { return ++count > 0; };
    EXPECT_TRUE(database_->Scan(family, "", "", visit).ok());
    return count;
  }
  // Turns a bit in the middle of the first value of a family that `wanted` picks, of all values without it.
  void Damage(rocks::Family family, std::string_view only = {}) {
    rocks::Batch batch;
    const auto visit = [&](std::string_view key, std::string_view value) {
      if (!only.empty() && key != only) return true;
      std::string damaged(value);
      damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
      batch.Put(family, key, damaged);
      return true;
    };
    ASSERT_TRUE(database_->Scan(family, "", "", visit).ok());
    ASSERT_FALSE(batch.empty());
    ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
  }

  std::string root_;
  ManualClock clock_{absl::UnixEpoch()};
  Store::Options options_;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<Store> store_;
};

}  // namespace nines::series
