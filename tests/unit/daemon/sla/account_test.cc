#include "daemon/sla/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/sla/pool.h"

namespace nines::sla {
namespace {

constexpr int64_t kYearMs = 31'536'000'000;

TEST(Ratio, TruncatesNeverRoundsUp) {
  EXPECT_EQ(PercentText({9'989'999, 10'000'000}), "99.8999");
  EXPECT_EQ(PercentText({0, 7}), "0.0000");
  EXPECT_EQ(PercentText({1, 1}), "100.0000");
  EXPECT_EQ(PercentText({1, 3}), "33.3333");
  EXPECT_EQ(PercentText({kTimeMaxMs - 1, kTimeMaxMs}), "99.9999");
  EXPECT_EQ(PercentText({7, 100'000}), "0.0070");
}

TEST(Ratio, ComparesExactlyBeyond64Bits) {
  EXPECT_TRUE(AtLeast({999 * (kTimeMaxMs / 1000), 1000 * (kTimeMaxMs / 1000)}, 999'000));
  EXPECT_FALSE(AtLeast({999 * (kTimeMaxMs / 1000) - 1, 1000 * (kTimeMaxMs / 1000)}, 999'000));
}

TEST(Account, TimeWithoutTimelineIsUnknown) {
  const Timeline timeline = {{10, 20, State::kUp}, {20, 25, State::kExcluded}, {25, 30, State::kDown}};
  EXPECT_EQ(AccountOf(timeline, {0, 40}),
            (Account{.up_ms = 10, .degraded_ms = 0, .down_ms = 5, .unknown_ms = 20, .excluded_ms = 5}));
  EXPECT_EQ(AccountOf(timeline, {18, 22}),
            (Account{.up_ms = 2, .degraded_ms = 0, .down_ms = 0, .unknown_ms = 0, .excluded_ms = 2}));
  EXPECT_EQ(AccountOf(timeline, {40, 30}), Account{});
}

TEST(Assess, ExcludedTimeIsNotScheduled) {
  const Timeline timeline = {{0, 100, State::kUp}, {100, 300, State::kExcluded}};
  const Assessment assessment = Assess(timeline, {0, 300}, {}, 300);
  EXPECT_EQ(assessment.coverage_ppm, 1'000'000);
  EXPECT_EQ(*assessment.availability, (Ratio{100, 100}));
  EXPECT_EQ(assessment.verdict, Verdict::kMet);
  const Assessment nothing = Assess(timeline, {100, 300}, {}, 300);
  EXPECT_EQ(nothing.verdict, Verdict::kNotApplicable);
  EXPECT_FALSE(nothing.availability.has_value());
  EXPECT_FALSE(nothing.upper.has_value());
}

TEST(Assess, BudgetIsRoundedDown) {
  // 0.1 % of 1 999 ms is 1.999 ms.
  EXPECT_EQ(Assess({{0, 1'999, State::kUp}}, {0, 1'999}, {}, 1'999).budget_ms, 1);
  // 0.1 % of 365 days is 8 h 45 min 36 s.
  EXPECT_EQ(Assess({}, {0, kYearMs}, {}, 0).budget_ms, 31'536'000);
}

TEST(Outages, NextToEachOtherAreOne) {
  Contract contract;
  contract.degraded_counts_as = DegradedCountsAs::kDown;
  const Timeline timeline = {{0, 10, State::kDegraded}, {10, 20, State::kDown}, {20, 30, State::kDegraded}};
  EXPECT_THAT(OutagesOf(timeline, {12, 15}, contract, 30),
              testing::ElementsAre(Outage{.whole = {0, 30}, .inside = {12, 15}, .open = true}));
  EXPECT_THAT(OutagesOf(timeline, {12, 15}, contract, 31),
              testing::ElementsAre(Outage{.whole = {0, 30}, .inside = {12, 15}, .open = false}));
  EXPECT_THAT(OutagesOf(timeline, {0, 10}, {}, 30), testing::IsEmpty());
  EXPECT_THAT(OutagesOf(timeline, {20, 30}, {}, 30), testing::IsEmpty());
}

TEST(Pool, StaysExactBeyond64Bits) {
  const PooledMember members[] = {{.weight = 160'000'000, .good_ms = kYearMs * 1'000 - 1, .bad_ms = 1},
                                  {.weight = 160'000'000, .good_ms = kYearMs * 1'000, .bad_ms = 0}};
  const PoolResult pool = Pool(members);
  EXPECT_EQ(*pool.Percent(), "99.9999");
  EXPECT_EQ(*pool.AvailabilityPpm(), 999'999);
  EXPECT_EQ(*pool.worst, 0u);
  EXPECT_EQ(pool.not_applicable, 2);
}

TEST(Pool, TheFirstOfEqualsIsTheWorst) {
  const PooledMember members[] = {{.weight = 1, .good_ms = 9, .bad_ms = 1}, {.weight = 1, .good_ms = 90, .bad_ms = 10}};
  EXPECT_EQ(*Pool(members).worst, 0u);
}

TEST(Contract, RefusesWhatIsOutOfRange) {
  EXPECT_TRUE(Validate({}).ok());
  Contract contract;
  contract.objective_ppm = 1'000'001;
  EXPECT_THAT(std::string(Validate(contract).message()), testing::HasSubstr("objective_ppm: 1000001"));
  contract = {};
  contract.min_outage_ms = -1;
  EXPECT_THAT(std::string(Validate(contract).message()), testing::HasSubstr("min_outage_ms: -1"));
  for (const char* zone : {"", "localtime", "Asia/Peking"}) {
    contract = {};
    contract.time_zone = zone;
    EXPECT_THAT(std::string(Validate(contract).message()), testing::HasSubstr("time_zone")) << zone;
  }
  contract = {};
  contract.credits = {{.below_ppm = 999'000, .credit_ppm = 2'000'000}};
  EXPECT_FALSE(Validate(contract).ok());
}

}  // namespace
}  // namespace nines::sla
