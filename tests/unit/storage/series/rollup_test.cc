// Roll-ups of samples, against numbers worked out by hand.
#include "storage/series/rollup.h"

#include <bit>
#include <cmath>
#include <limits>

#include "tests/unit/storage/series/store_fixture.h"

namespace nines::series {
namespace {

using codec::Aggregate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr int64_t kRollupMinute = 60'000;
const double kStale = std::bit_cast<double>(kStaleBits);

Rollup RollUpOf(const std::vector<std::pair<int64_t, double>>& samples, Resolution resolution) {
  std::vector<int64_t> times_ms;
  std::vector<double> values;
  for (const auto& [time_ms, value] : samples) {
    times_ms.push_back(time_ms);
    values.push_back(value);
  }
  Rollup rollup;
  RollUp(times_ms, values, resolution, &rollup);
  return rollup;
}

TEST(RollupTest, AnHourOfAGaugeByHand) {
  const Rollup rollup = RollUpOf({{10 * kRollupMinute, 4},
                                  {20 * kRollupMinute, -1},
                                  {59 * kRollupMinute, 2.5},
                                  {60 * kRollupMinute, 7},
                                  {185 * kRollupMinute, 1}},
                                 Resolution::kHour);
  EXPECT_THAT(rollup.starts_ms, ElementsAre(0, kHour, 3 * kHour));
  EXPECT_THAT(rollup.of(Aggregate::kMin), ElementsAre(-1, 7, 1));
  EXPECT_THAT(rollup.of(Aggregate::kMax), ElementsAre(4, 7, 1));
  EXPECT_THAT(rollup.of(Aggregate::kSum), ElementsAre(5.5, 7, 1));
  EXPECT_THAT(rollup.of(Aggregate::kCount), ElementsAre(3, 1, 1));
  EXPECT_THAT(rollup.of(Aggregate::kFirst), ElementsAre(4, 7, 1));
  EXPECT_THAT(rollup.of(Aggregate::kLast), ElementsAre(2.5, 7, 1));
  // From 4 to -1 is a reset: -1. From -1 to 2.5: 3.5.
  EXPECT_THAT(rollup.of(Aggregate::kIncrease), ElementsAre(2.5, 0, 0));
}

TEST(RollupTest, ACounterThatBeginsAgainCountsFromZero) {
  // 100 → 130: 30; → 20: reset, 20; → 20: 0; → 50: 30.
  const Rollup rollup = RollUpOf(
      {{0, 100}, {1 * kRollupMinute, 130}, {2 * kRollupMinute, 20}, {3 * kRollupMinute, 20}, {4 * kRollupMinute, 50}},
      Resolution::kFiveMinutes);
  EXPECT_THAT(rollup.starts_ms, ElementsAre(0));
  EXPECT_THAT(rollup.of(Aggregate::kIncrease), ElementsAre(80));
  EXPECT_THAT(rollup.of(Aggregate::kFirst), ElementsAre(100));
  EXPECT_THAT(rollup.of(Aggregate::kLast), ElementsAre(50));
}

TEST(RollupTest, WhatIsNoNumberDoesNotCount) {
  const Rollup rollup = RollUpOf({{0, kStale},
                                  {1 * kRollupMinute, 10},
                                  {2 * kRollupMinute, std::nan("")},
                                  {3 * kRollupMinute, 4},
                                  {5 * kRollupMinute, kStale},
                                  {10 * kRollupMinute, 1}},
                                 Resolution::kFiveMinutes);
  EXPECT_THAT(rollup.starts_ms, ElementsAre(0, 10 * kRollupMinute)) << "a bucket of no number is none";
  EXPECT_THAT(rollup.of(Aggregate::kCount), ElementsAre(2, 1));
  EXPECT_THAT(rollup.of(Aggregate::kSum), ElementsAre(14, 1));
  EXPECT_THAT(rollup.of(Aggregate::kMin), ElementsAre(4, 1));
  EXPECT_THAT(rollup.of(Aggregate::kFirst), ElementsAre(10, 1));
  EXPECT_THAT(rollup.of(Aggregate::kIncrease), ElementsAre(4, 0)) << "10, then again at 4";
}

TEST(RollupTest, SumsKeepWhatRoundingLoses) {
  // Added up plainly this is 0; and a tenth ten times is not 1.
  EXPECT_THAT(RollUpOf({{0, 1e100}, {1, 1}, {2, -1e100}}, Resolution::kHour).of(Aggregate::kSum), ElementsAre(1));
  std::vector<std::pair<int64_t, double>> tenths;
  for (int i = 0; i < 10; ++i) tenths.emplace_back(i, 0.1);
  EXPECT_THAT(RollUpOf(tenths, Resolution::kHour).of(Aggregate::kSum), ElementsAre(1));
}

TEST(RollupTest, InfinityIsANumber) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Rollup rollup = RollUpOf({{0, 1}, {1, infinity}, {2, 3}}, Resolution::kHour);
  EXPECT_THAT(rollup.of(Aggregate::kSum), ElementsAre(infinity));
  EXPECT_THAT(rollup.of(Aggregate::kMax), ElementsAre(infinity));
  EXPECT_THAT(rollup.of(Aggregate::kMin), ElementsAre(1));
  EXPECT_THAT(rollup.of(Aggregate::kCount), ElementsAre(3));
}

TEST(RollupTest, OfTwoBucketsWithOneStartTheOneAddedLastStands) {
  Rollup rollup;
  rollup.starts_ms = {kHour, 0, kHour};
  rollup.of(Aggregate::kMax) = {1, 2, 3};
  rollup.Finish();
  EXPECT_THAT(rollup.starts_ms, ElementsAre(0, kHour));
  EXPECT_THAT(rollup.of(Aggregate::kMax), ElementsAre(2, 3));
  EXPECT_THAT(rollup.of(Aggregate::kMin), IsEmpty());
}

class StoreRollupTest : public StoreFixture {
 protected:
  struct Buckets {
    std::vector<int64_t> starts_ms;
    std::vector<double> sums, counts, increases, mins;
  };
  Buckets Scan(SeriesId id, Interval span, Resolution resolution) {
    Buckets buckets;
    const auto visit = [&](SeriesId seen, const Rollup& rollup) {
      EXPECT_EQ(seen, id);
      buckets.starts_ms = rollup.starts_ms;
      buckets.sums = rollup.of(Aggregate::kSum);
      buckets.counts = rollup.of(Aggregate::kCount);
      buckets.increases = rollup.of(Aggregate::kIncrease);
      buckets.mins = rollup.of(Aggregate::kMin);
      return true;
    };
    const AggregateSet set = SetOf(Aggregate::kSum) | SetOf(Aggregate::kCount) | SetOf(Aggregate::kIncrease);
    const std::vector<SeriesId> one = {id};
    const absl::Status status = store_->ScanRollups(one, span, resolution, set, visit);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_THAT(buckets.mins, IsEmpty()) << "it was not asked for";
    return buckets;
  }
};

// One answer wherever the samples are: head, frames, a merged window, a merged partition whose roll-up is stored or
// calculated, and any of these with late ones.
class StoreRollupHoursTest : public StoreRollupTest, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Partition, StoreRollupHoursTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Calculated" : "Stored"; });

TEST_P(StoreRollupHoursTest, AreTheSameWhereverTheSamplesAre) {
  options_.merger.dense_samples = GetParam() ? 240 : 0;
  SealAlways();
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 10 * kRollupMinute, 5},
          {id, 50 * kRollupMinute, 8},
          {id, 70 * kRollupMinute, 2},
          {id, 4 * kHour, kStale},
          {id, 5 * kHour + 1, 9}});
  const auto expect = [&](const char* where) {
    SCOPED_TRACE(where);
    const Buckets all = Scan(id, {0, kDay}, Resolution::kHour);
    EXPECT_THAT(all.starts_ms, ElementsAre(0, kHour, 5 * kHour));
    EXPECT_THAT(all.sums, ElementsAre(13, 2, 9));
    EXPECT_THAT(all.counts, ElementsAre(2, 1, 1));
    EXPECT_THAT(all.increases, ElementsAre(3, 0, 0));
    const Buckets some = Scan(id, {kHour, 5 * kHour}, Resolution::kHour);
    EXPECT_THAT(some.starts_ms, ElementsAre(kHour));
    EXPECT_THAT(some.sums, ElementsAre(2));
    const Buckets parts = Scan(id, {1, 5 * kHour + 1}, Resolution::kHour);
    EXPECT_THAT(parts.starts_ms, ElementsAre(kHour, 5 * kHour)) << "buckets that start in the span, whole";
    EXPECT_THAT(parts.sums, ElementsAre(2, 9));
  };
  expect("head");
  Maintain();
  expect("frames");
  TendAt(9 * kHour);
  EXPECT_EQ(CountKeys(rocks::Family::kHours), 2);
  expect("windows");
  TendAt(5 * kDay);
  EXPECT_EQ(CountKeys(rocks::Family::kHours), 1);
  expect("partition");
  OpenAll();
  expect("reopened");
  Record({{id, 55 * kRollupMinute, 20}, {id, 5 * kHour + 1, kStale}});
  for (const char* where : {"late in the head", "late in a frame", "late in a window", "late in a partition"}) {
    SCOPED_TRACE(where);
    const Buckets all = Scan(id, {0, kDay}, Resolution::kHour);
    EXPECT_THAT(all.starts_ms, ElementsAre(0, kHour)) << "the third hour has no number any more";
    EXPECT_THAT(all.sums, ElementsAre(33, 2));
    EXPECT_THAT(all.increases, ElementsAre(15, 0));
    Maintain();
    if (where != std::string("late in the head")) TendAt(5 * kDay);
  }
}

TEST_F(StoreRollupTest, FiveMinutesAreCalculatedWhileTheSamplesAreThere) {
  SealAlways();
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 1 * kRollupMinute, 5}, {id, 4 * kRollupMinute, 8}, {id, 5 * kRollupMinute, 2}, {id, 4 * kHour, 1}});
  for (int round = 0; round < 3; ++round) {
    const Buckets all = Scan(id, {0, kDay}, Resolution::kFiveMinutes);
    EXPECT_THAT(all.starts_ms, ElementsAre(0, 5 * kRollupMinute, 4 * kHour));
    EXPECT_THAT(all.sums, ElementsAre(13, 2, 1));
    EXPECT_THAT(all.increases, ElementsAre(3, 0, 0));
    Maintain();
    if (round == 1) TendAt(9 * kHour);
  }
  EXPECT_EQ(CountKeys(rocks::Family::kFiveMinutes), 0);
}

}  // namespace
}  // namespace nines::series
