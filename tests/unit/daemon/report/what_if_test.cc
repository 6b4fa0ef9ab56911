#include "daemon/report/what_if.h"

#include <gmock/gmock.h>

#include "daemon/report/report.h"
#include "tests/unit/daemon/report/supervised_world.h"

namespace nines::report {
namespace {

constexpr int64_t kWhatIfHour = 3'600'000;

// `portal`, up but for 10 h on 10 January 2025 and 4 h on 10 February (Asia/Shanghai); contract gold of 99.9 %,
// which calls 5 h an outage at least. Its fee is 1000 yuan, from February on 2000. `whole` uses portal and nothing
// else.
class WhatIfTest : public testing::Test {
 protected:
  WhatIfTest() {
    SetNow("2024-12-01 00:00:00");
    v1::Contract gold;
    gold.set_id("gold");
    gold.mutable_min_outage()->set_seconds(5 * 3600);
    v1::Target portal = world_.Target("portal", "gold");
    portal.set_monthly_fee_fen(100'000);
    v1::Target whole = world_.Target("whole", "gold");
    whole.add_inputs()->set_target("portal");
    world_.Record({world_.Entry("contract", gold), world_.Entry("target", portal), world_.Entry("target", whole),
                   world_.Entry("check", world_.Check("web", "portal", -1))});
    before_the_second_fee_ = world_.ledger->LastPosition();
    SetNow("2025-01-15 00:00:00");
    portal.set_monthly_fee_fen(200'000);
    world_.Record({world_.Entry("target", portal)});
    world_.Store("web", {{Ms("2024-12-01 00:00:00"), kUp},
                         {Ms("2025-01-10 00:00:00"), kDown},
                         {Ms("2025-01-10 10:00:00"), kUp},
                         {Ms("2025-02-10 00:00:00"), kDown},
                         {Ms("2025-02-10 04:00:00"), kUp}});
    SetNow("2025-04-01 00:00:00");
    lenient_.id = ContractId("lenient");
    lenient_.terms.objective_ppm = 900'000;
    lenient_.terms.credits = {{995'000, 500'000}};
  }
  void SetNow(std::string_view time) { world_.clock.SetWall(absl::FromUnixMillis(Ms(time))); }
  Report In(const std::string& month, const Filter& filter, const ReportOptions& options) {
    return Must(reporter_.Build({PeriodKind::kMonth, month, {}}, filter, "", 10, options));
  }
  TargetReport PortalUnder(const catalogue::ContractVersion& contract, const std::string& month) {
    Report report = In(month, Only("portal"), {.what_if = contract});
    held_.push_back(report.catalogue);
    return report.targets.at(0);
  }

  static Filter Only(const std::string& target) { return {ProviderId(), AgencyId(), {TargetId(target)}}; }

  SupervisedWorld world_;
  Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
  catalogue::ContractVersion lenient_;
  FactId before_the_second_fee_;
  std::vector<std::shared_ptr<const catalogue::Catalogue>> held_;
};

TEST_F(WhatIfTest, TheSameFactsUnderAnotherContract) {
  const FactId before = world_.ledger->LastPosition();
  const TargetReport january = PortalUnder(lenient_, "2025-01");
  EXPECT_EQ(january.contract->id, ContractId("lenient"));
  EXPECT_EQ(january.contract->position, FactId());
  EXPECT_EQ(january.assessment.bad_ms, 10 * kWhatIfHour);
  EXPECT_EQ(january.assessment.verdict, sla::Verdict::kMet);
  EXPECT_EQ(january.assessment.budget_ms, 744 * kWhatIfHour / 10);
  // Nothing of it stays.
  EXPECT_EQ(world_.ledger->LastPosition(), before);
  const Report real = In("2025-01", {}, {});
  EXPECT_EQ(real.targets.at(0).contract->id, ContractId("gold"));
  EXPECT_EQ(real.targets.at(0).assessment.verdict, sla::Verdict::kBreached);
  EXPECT_TRUE(real.targets.at(0).credits.empty());
}

TEST_F(WhatIfTest, FeesAreThoseOfTheTargetMonthByMonth) {
  // 98.65 % and 99.40 %: both below 99.5 %.
  EXPECT_EQ(PortalUnder(lenient_, "2025-01").credits.at(0).credit_fen, 50'000);
  EXPECT_EQ(PortalUnder(lenient_, "2025-02").credits.at(0).credit_fen, 100'000);
  EXPECT_EQ(PortalUnder(lenient_, "2025-03").credits.at(0).credit_fen, 0);
  // In months of another zone, which begin before and after those of the target's own contract.
  for (const char* zone : {"Pacific/Auckland", "America/Los_Angeles"}) {
    lenient_.terms.time_zone = zone;
    EXPECT_EQ(PortalUnder(lenient_, "2025-01").credits.at(0).credit_fen, 50'000) << zone;
    EXPECT_EQ(PortalUnder(lenient_, "2025-02").credits.at(0).credit_fen, 100'000) << zone;
  }
}

TEST_F(WhatIfTest, PeriodsLieInItsZone) {
  lenient_.terms.time_zone = "UTC";
  EXPECT_EQ(PortalUnder(lenient_, "2025-01").period, (Interval{Ms("2025-01-01 08:00:00"), Ms("2025-02-01 08:00:00")}));
}

TEST_F(WhatIfTest, WhatIsNotCoveredKeepsItsContract) {
  const Report both = In("2025-02", {}, {.what_if = lenient_});
  EXPECT_EQ(both.targets.at(0).assessment.bad_ms, 4 * kWhatIfHour);
  EXPECT_EQ(both.targets.at(1).assessment.bad_ms, 4 * kWhatIfHour);
  const Report whole = In("2025-02", Only("whole"), {.what_if = lenient_});
  EXPECT_EQ(whole.targets.at(0).contract->id, ContractId("lenient"));
  EXPECT_EQ(whole.targets.at(0).assessment.bad_ms, 0) << "for portal, its input, 4 h are still too short";
}

TEST_F(WhatIfTest, AsOfThenAndInGroups) {
  const Report then = In("2025-02", {},
                         {.group_by = GroupBy::kProvider,
                          .as_of = {.position = before_the_second_fee_, .time_ms = {}},
                          .what_if = lenient_});
  EXPECT_EQ(then.targets.at(0).credits.at(0).credit_fen, 50'000);
  EXPECT_EQ(then.targets.at(0).contract->id, ContractId("lenient"));
  EXPECT_EQ(then.groups.at(0).pooled.met, 2);
}

}  // namespace
}  // namespace nines::report
