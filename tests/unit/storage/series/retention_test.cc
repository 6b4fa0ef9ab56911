#include "storage/series/retention.h"

#include "tests/unit/storage/series/store_fixture.h"

namespace nines::series {
namespace {

using codec::Aggregate;
using rocks::Family;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int64_t kMinute = 60'000;

// Samples for 8 days, five-minute roll-ups for 20, hours and results for 40; a partition is four days.
class RetentionTest : public StoreFixture {
 protected:
  void SetUp() override {
    options_.retention = {
        .samples_ms = 8 * kDay, .five_minutes_ms = 20 * kDay, .hours_ms = 40 * kDay, .results_ms = 40 * kDay};
    options_.writer.log_bytes_max = 0;
    StoreFixture::SetUp();
  }
  std::vector<std::pair<int64_t, double>> Sums(SeriesId id, Resolution resolution, Interval span = {0, 100 * kDay}) {
    std::vector<std::pair<int64_t, double>> sums;
    const std::vector<SeriesId> one = {id};
    const auto visit = [&](SeriesId, const Rollup& rollup) {
      for (size_t i = 0; i < rollup.starts_ms.size(); ++i) {
        sums.emplace_back(rollup.starts_ms[i], rollup.of(Aggregate::kSum)[i]);
      }
      return true;
    };
    const absl::Status status = store_->ScanRollups(one, span, resolution, SetOf(Aggregate::kSum), visit);
    EXPECT_TRUE(status.ok()) << status;
    return sums;
  }
  std::string KeyOfFirst(Family family) {
    std::string first;
    const auto visit = [&](std::string_view key, std::string_view) {
      first = key;
      return false;
    };
    EXPECT_TRUE(database_->Scan(family, "", "", visit).ok());
    return first;
  }
};

TEST_F(RetentionTest, SamplesGoByWholePartitionsAndTheirRollupsStay) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 1 * kMinute, 1}, {id, 2 * kMinute, 2}, {id, 7 * kMinute, 4}, {id, 4 * kDay, 8}});
  Maintain();
  // The first partition ends with day 4, and is past its time on day 12.
  TendAt(12 * kDay - 1);
  EXPECT_EQ(Read(id, {0, kEndTimeMs}).size(), 4u);
  EXPECT_EQ(store_->TakenFromMs(SeriesClass::kSamples), 0);
  EXPECT_EQ(CountKeys(Family::kFiveMinutes), 0);
  TendAt(12 * kDay);
  EXPECT_EQ(store_->TakenFromMs(SeriesClass::kSamples), 4 * kDay);
  EXPECT_EQ(store_->TakenFromMs(SeriesClass::kResults), 0);
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(Read(id, {0, kEndTimeMs}), ElementsAre(Pair(4 * kDay, 8)));
    EXPECT_EQ((*store_->FirstFrom(id, 0))->time_ms, 4 * kDay);
    EXPECT_FALSE((*store_->LastBefore(id, 4 * kDay)).has_value());
    EXPECT_EQ(CountKeys(Family::kRaw), 1);
    EXPECT_EQ(CountKeys(Family::kFrames), 0);
    EXPECT_EQ(CountKeys(Family::kFiveMinutes), 1);
    EXPECT_THAT(Sums(id, Resolution::kFiveMinutes), ElementsAre(Pair(0, 3), Pair(5 * kMinute, 4), Pair(4 * kDay, 8)));
    EXPECT_THAT(Sums(id, Resolution::kHour), ElementsAre(Pair(0, 7), Pair(4 * kDay, 8)));
    EXPECT_EQ(store_->TakenFromMs(SeriesClass::kSamples), 4 * kDay);
    OpenAll();
  }
  TendAt(24 * kDay);  // the five minutes of the first partition go, the second's come
  EXPECT_THAT(Sums(id, Resolution::kFiveMinutes), ElementsAre(Pair(4 * kDay, 8)));
  EXPECT_THAT(Sums(id, Resolution::kHour), ElementsAre(Pair(0, 7), Pair(4 * kDay, 8)));
  EXPECT_EQ(CountKeys(Family::kRaw), 0);
  TendAt(44 * kDay);
  EXPECT_THAT(Sums(id, Resolution::kFiveMinutes), IsEmpty());
  EXPECT_THAT(Sums(id, Resolution::kHour), ElementsAre(Pair(4 * kDay, 8)));
  TendAt(48 * kDay);
  EXPECT_THAT(Sums(id, Resolution::kHour), IsEmpty());
  EXPECT_EQ(CountKeys(Family::kHours), 0);
}

TEST_F(RetentionTest, WhatWasNeverMergedIsRolledUpBeforeItGoes) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 1 * kMinute, 1}, {id, 2 * kMinute, 2}});
  Maintain();
  clock_.SetWall(absl::FromUnixMillis(30 * kDay));  // no monotonic time has passed: its window has not settled
  Tend();
  EXPECT_EQ(CountKeys(Family::kFrames), 0);
  EXPECT_EQ(CountKeys(Family::kRaw), 0);
  EXPECT_THAT(Read(id, {0, kDay}), IsEmpty());
  EXPECT_THAT(Sums(id, Resolution::kHour), ElementsAre(Pair(0, 3)));
  EXPECT_THAT(Sums(id, Resolution::kFiveMinutes), IsEmpty()) << "those are past their time as well";
  TendAt(30 * kDay);  // the windows of the partition are merged, which has no samples any more
  EXPECT_THAT(Sums(id, Resolution::kHour), ElementsAre(Pair(0, 3)));
}

TEST_F(RetentionTest, NothingGoesWhileTheHeadHasSomeOfIt) {
  options_.writer = {};
  OpenStore();
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 1 * kMinute, 1}});
  TendAt(12 * kDay);
  EXPECT_EQ(store_->TakenFromMs(SeriesClass::kSamples), 4 * kDay) << "but nothing more comes in";
  EXPECT_EQ(CountKeys(Family::kFiveMinutes), 0);
  Maintain();  // the log is older than an hour
  Tend();
  EXPECT_THAT(Sums(id, Resolution::kFiveMinutes), ElementsAre(Pair(0, 1)));
}

TEST_F(RetentionTest, ResultsHaveATimeOfTheirOwn) {
  const SeriesId id = Result("web");
  Record({{id, 5, 1}, {id, 4 * kDay, 0}});
  Maintain();
  TendAt(44 * kDay - 1);
  EXPECT_THAT(Read(id, {0, kEndTimeMs}), ElementsAre(Pair(5, 1), Pair(4 * kDay, 0)));
  TendAt(44 * kDay);
  EXPECT_THAT(Read(id, {0, kEndTimeMs}), ElementsAre(Pair(4 * kDay, 0)));
  EXPECT_EQ(store_->TakenFromMs(SeriesClass::kResults), 4 * kDay);
  EXPECT_EQ(CountKeys(Family::kResults), 1);
}

TEST_F(RetentionTest, ShorterTimesTakeEffectAtTheNextTend) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 5, 1}});
  Maintain();
  TendAt(10 * kDay);
  EXPECT_EQ(Read(id, {0, kDay}).size(), 1u);
  RetentionTimes times = options_.retention;
  times.samples_ms = 6 * kDay;
  store_->SetRetention(times);
  TendAt(10 * kDay);
  EXPECT_THAT(Read(id, {0, kDay}), IsEmpty());
}

TEST_F(RetentionTest, StopLeavesTheRestForLater) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 5, 1}});
  Maintain();
  TendAt(5 * kHour);
  clock_.SetWall(absl::FromUnixMillis(12 * kDay));
  ASSERT_TRUE(store_->Tend([] { return true; }).ok());
  EXPECT_EQ(CountKeys(Family::kRaw), 1);
  Tend();
  EXPECT_EQ(CountKeys(Family::kRaw), 0);
  EXPECT_THAT(Sums(id, Resolution::kFiveMinutes), ElementsAre(Pair(0, 1)));
}

TEST_F(RetentionTest, ADamagedChunkGoesWithItsPartitionAndIsCounted) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 5, 1}, {id, 4 * kDay, 2}});
  Maintain();
  TendAt(8 * kDay);
  Damage(Family::kRaw, KeyOfFirst(Family::kRaw));
  TendAt(12 * kDay);
  EXPECT_EQ(CountKeys(Family::kRaw), 1);
  EXPECT_THAT(Read(id, {0, kEndTimeMs}), ElementsAre(Pair(4 * kDay, 2)));
  EXPECT_GE(store_->Stats().damaged, 1u) << "what could not be rolled up is lost in silence";
}

// 64 series to a block; the first has 63, for there is no id 0.
TEST_F(RetentionTest, SilentSeriesLeaveTheIndexAndTheirBlockTheMemory) {
  options_.retention = {
      .samples_ms = 8 * kDay, .five_minutes_ms = 8 * kDay, .hours_ms = 8 * kDay, .results_ms = 40 * kDay};
  OpenStore();
  std::vector<SeriesId> silent;
  std::vector<One> samples;
  for (int i = 0; i < 63; ++i) {
    silent.push_back(Series({{"a", std::to_string(i)}}));
    samples.push_back({silent.back(), 5, 1});
  }
  const SeriesId lively = Series({{"a", "lively"}});
  ASSERT_EQ(BlockOf(lively), 1u);
  samples.push_back({lively, 5, 1});
  Record(samples);
  Record({{lively, 6 * kDay, 1}});
  Maintain();
  TendAt(12 * kDay);
  EXPECT_EQ(store_->removals(), 0u) << "that is the writer's";
  Maintain();
  EXPECT_EQ(store_->removals(), 63u);
  EXPECT_EQ(store_->Stats().series_removed, 63u);
  for (int round = 0; round < 2; ++round) {
    for (const SeriesId id : silent) EXPECT_FALSE(store_->Contains(id));
    EXPECT_TRUE(store_->Contains(lively));
    EXPECT_EQ(store_->Find(*Labels::Create({{"a", "0"}})), std::nullopt);
    EXPECT_EQ(store_->Stats().series, 1u);
    EXPECT_EQ(CountKeys(Family::kSeries), 1);
    EXPECT_THAT(Read(silent[0], {0, kEndTimeMs}), IsEmpty());
    EXPECT_THAT(Read(lively, {0, kEndTimeMs}), ElementsAre(Pair(6 * kDay, 1)));
    OpenAll();
  }
  const SeriesId again = Series({{"a", "0"}});
  EXPECT_EQ(again, SeriesId(65)) << "ids are not given again";
  Record({{again, 13 * kDay, 4}});
  EXPECT_THAT(Read(again, {0, kEndTimeMs}), ElementsAre(Pair(13 * kDay, 4)));
}

TEST_F(RetentionTest, ASilentSeriesGoesAlsoWhereItsNeighbourHasSamplesInTheHead) {
  options_.retention = {
      .samples_ms = 8 * kDay, .five_minutes_ms = 8 * kDay, .hours_ms = 8 * kDay, .results_ms = 40 * kDay};
  OpenStore();
  const SeriesId silent = Series({{"a", "1"}});
  const SeriesId lively = Series({{"a", "2"}});
  Record({{silent, 5, 1}, {lively, 5, 1}});
  Maintain();
  options_.writer = {};
  OpenStore();  // heads stay for a while, as they do
  TendAt(12 * kDay - 1);
  for (int i = 0; i < 20; ++i) {
    Record({{lively, 12 * kDay + i * kMinute, 1}});
    TendAt(12 * kDay + i * kMinute);
    Maintain();
    clock_.Advance(absl::Minutes(-60));
  }
  EXPECT_FALSE(store_->Contains(silent));
  EXPECT_TRUE(store_->Contains(lively));
}

// A record that is not cut yet names a series that is gone: its other samples were acknowledged.
TEST_F(RetentionTest, ARestartAfterASeriesWentLosesNothingElse) {
  options_.retention = {
      .samples_ms = 8 * kDay, .five_minutes_ms = 8 * kDay, .hours_ms = 8 * kDay, .results_ms = 8 * kDay};
  options_.writer = {.log_bytes_max = 100 << 20, .log_age_max_ms = 1000 * kDay, .head_pages = 1};
  OpenStore();
  const SeriesId silent = Result("gone");
  for (int i = 0; i < 63; ++i) Result(std::to_string(i));
  const SeriesId other = Result("other");
  ASSERT_NE(BlockOf(silent), BlockOf(other));
  for (int i = 0; i < 300; ++i) Record({{silent, i, 1}, {other, 12 * kDay + i, 1}});
  // Both heads are full and sealed, but the log stays.
  Maintain();
  while (store_->Stats().head_samples > 0 && store_->Stats().frames_written < 100) {
    Record({{silent, 300, 1}, {other, 12 * kDay + 300, 1}});
    Maintain();
  }
  ASSERT_EQ(store_->Stats().head_samples, 0u);
  TendAt(12 * kDay);
  Maintain();
  ASSERT_FALSE(store_->Contains(silent));
  const size_t before = Read(other, {0, kEndTimeMs}).size();
  OpenStore();
  EXPECT_THAT(store_->recovery_damage(), IsEmpty());
  EXPECT_EQ(Read(other, {0, kEndTimeMs}).size(), before);
}

}  // namespace
}  // namespace nines::series
