#include "daemon/report/spending.h"

#include <gmock/gmock.h>

#include "daemon/report/report.h"
#include "tests/unit/daemon/report/supervised_world.h"

// Credits and burn rates, with figures worked out by hand.
namespace nines::report {
namespace {

constexpr int64_t kMin = 60'000;

// `portal`, up from 2024-12-01 on but for what a test adds; 99.9 %, 10 % of 1234.57 yuan below it and 25 % below 99 %.
class SpendingTest : public testing::Test {
 protected:
  SpendingTest() {
    SetNow("2024-12-01 00:00:00");
    v1::Contract contract;
    contract.set_id("gold");
    for (const auto& [below, credit] : {std::pair(999'000, 100'000), std::pair(990'000, 250'000)}) {
      v1::CreditTier& tier = *contract.add_credits();
      tier.set_below_ppm(below);
      tier.set_credit_ppm(credit);
    }
    v1::Target target = world_.Target("portal", "gold");
    target.set_monthly_fee_fen(123'457);
    world_.Record({world_.Entry("contract", contract), world_.Entry("target", target),
                   world_.Entry("check", world_.Check("web", "portal", -1))});
    world_.Store("web", {{Ms("2024-12-01 00:00:00"), kUp}});
  }
  void SetNow(std::string_view time) { world_.clock.SetWall(absl::FromUnixMillis(Ms(time))); }
  void Down(std::string_view from, std::string_view to) { world_.Store("web", {{Ms(from), kDown}, {Ms(to), kUp}}); }
  TargetReport In(PeriodKind kind, const std::string& label) {
    return Must(reporter_.Build({kind, label, {}}, {}, "", 1)).targets.at(0);
  }

  SupervisedWorld world_;
  Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
};

TEST_F(SpendingTest, AMonthIsCreditedByTheTierItFallsInto) {
  Down("2025-01-10 00:00:00", "2025-01-10 10:00:00");  // 98.65 % of 744 h
  Down("2025-02-10 00:00:00", "2025-02-10 01:00:00");  // 99.85 % of 672 h
  SetNow("2025-04-01 00:00:00");
  const TargetReport january = In(PeriodKind::kMonth, "2025-01");
  ASSERT_EQ(january.credits.size(), 1u);
  EXPECT_EQ(january.credits[0], (MonthCredit{.month = "2025-01",
                                             .over = true,
                                             .verdict = sla::Verdict::kBreached,
                                             .credit_ppm = 250'000,
                                             .fee_fen = 123'457,
                                             .credit_fen = 30'864}));  // 30864.25
  const TargetReport quarter = In(PeriodKind::kQuarter, "2025-Q1");
  ASSERT_EQ(quarter.credits.size(), 3u);
  EXPECT_EQ(quarter.credits[1].credit_fen, 12'345);
  EXPECT_EQ(quarter.credits[2].credit_fen, 0);
  EXPECT_EQ(CreditFen(quarter.credits), 30'864 + 12'345);
  EXPECT_FALSE(quarter.spending.has_value());
}

TEST_F(SpendingTest, AMonthThatIsNotOverOrNotKnownEnoughIsNotInTheSum) {
  Down("2025-01-10 00:00:00", "2025-01-10 10:00:00");
  SetNow("2025-01-20 00:00:00");
  const TargetReport open = In(PeriodKind::kMonth, "2025-01");
  ASSERT_EQ(open.credits.size(), 1u);
  EXPECT_FALSE(open.credits[0].over);
  EXPECT_EQ(open.credits[0].credit_ppm, 250'000);
  EXPECT_EQ(CreditFen(open.credits), std::nullopt);
  SetNow("2025-03-01 00:00:00");
  const TargetReport before = In(PeriodKind::kMonth, "2024-11");
  EXPECT_EQ(before.credits.at(0).credit_ppm, std::nullopt) << "nothing is known of November";
  EXPECT_EQ(CreditFen(before.credits), std::nullopt);
}

TEST_F(SpendingTest, BurnRatesLookBackAndTheBudgetEndsAtThePresentRate) {
  Down("2025-01-20 11:30:00", "2025-01-20 11:36:00");
  SetNow("2025-01-20 12:00:00");
  TargetReport report = In(PeriodKind::kMonth, "2025-01");
  ASSERT_TRUE(report.spending.has_value());
  // 6 min of 5 min, 30 min, 1 h, 2 h, 6 h, 1 d and 3 d, over 0.1 %.
  EXPECT_THAT(report.spending->burn_ppm,
              testing::ElementsAre(0, 200'000'000, 100'000'000, 50'000'000, 16'666'666, 4'166'666, 1'388'888));
  // 44 min 38.4 s less 6 min are left; a tenth of the time is bad.
  EXPECT_EQ(report.assessment.left_ms, 2'318'400);
  EXPECT_EQ(report.spending->ends_ms, Ms("2025-01-20 12:00:00") + 23'184'000);
  // 2 h of maintenance ahead take 7.2 s from the budget and put the end off by themselves.
  const Interval window = {Ms("2025-01-20 13:00:00"), Ms("2025-01-20 15:00:00")};
  world_.Record({world_.Maintenance("m", {ledger::ScopeKind::kTarget, "portal"}, window, Ms("2025-01-01 00:00:00"))});
  report = In(PeriodKind::kMonth, "2025-01");
  EXPECT_EQ(report.spending->ends_ms, Ms("2025-01-20 12:00:00") + 23'184'000 + 120 * kMin - 72'000);
}

TEST_F(SpendingTest, ABudgetThatOutlastsThePeriodOrIsSpentHasNoEnd) {
  Down("2025-01-31 23:30:00", "2025-01-31 23:31:00");
  SetNow("2025-01-31 23:59:00");
  EXPECT_EQ(In(PeriodKind::kMonth, "2025-01").spending->ends_ms, std::nullopt);
  Down("2025-01-31 20:00:00", "2025-01-31 22:00:00");
  EXPECT_LT(In(PeriodKind::kMonth, "2025-01").assessment.left_ms, 0);
  EXPECT_EQ(In(PeriodKind::kMonth, "2025-01").spending->ends_ms, std::nullopt);
}

}  // namespace
}  // namespace nines::report
