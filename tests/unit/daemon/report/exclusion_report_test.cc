#include <gmock/gmock.h>

#include "daemon/report/report.h"
#include "tests/unit/daemon/report/supervised_world.h"

// What section 6 and 6a of SLA.md make of reports, with figures worked out by hand.
namespace nines::report {
namespace {

using ledger::RulingState;
using ledger::ScopeKind;

constexpr int64_t kOneHour = 3'600'000;
constexpr int64_t kOneDay = 24 * kOneHour;

// The target `portal`, up from 2024-12-01 on without an end but for what a test adds.
class ExclusionReportTest : public testing::Test {
 protected:
  ExclusionReportTest() {
    SetNow("2024-12-01 00:00:00");
    world_.Record({world_.Entry("check", world_.Check("web", "portal", -1))});
    world_.Store("web", {{Ms("2024-12-01 00:00:00"), kUp}});
  }
  void SetNow(std::string_view time) { world_.clock.SetWall(absl::FromUnixMillis(Ms(time))); }
  void Down(std::string_view from, std::string_view to) { world_.Store("web", {{Ms(from), kDown}, {Ms(to), kUp}}); }
  void AddPortal(v1::Contract contract, v1::Target target = SupervisedWorld::Target("portal")) {
    contract.set_id("gold");
    target.set_contract("gold");
    world_.Record({world_.Entry("contract", contract), world_.Entry("target", target)});
  }
  TargetReport In(const Period& period, const std::string& target = "portal") {
    last_ = Must(reporter_.Build(period, {ProviderId(), AgencyId(), {TargetId(target)}}, "", 1));
    return last_.targets.at(0);
  }
  TargetReport Month(const std::string& month, const std::string& target = "portal") {
    return In({PeriodKind::kMonth, month, {}}, target);
  }

  SupervisedWorld world_;
  Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
  Report last_;  // keeps the catalogue that a TargetReport borrows from
};

// SLA.md section 9.
TEST_F(ExclusionReportTest, AnOutageInsideMaintenanceAnnouncedInTimeDoesNotCount) {
  AddPortal({});
  Down("2025-01-15 02:30:00", "2025-01-15 03:30:00");
  SetNow("2025-03-01 00:00:00");
  const Interval window = {Ms("2025-01-15 02:00:00"), Ms("2025-01-15 04:00:00")};
  const ledger::Scope scope = {ScopeKind::kTarget, "portal"};
  world_.Record({world_.Maintenance("m", scope, window, window.start_ms - 72 * kOneHour)});
  TargetReport report = Month("2025-01");
  EXPECT_EQ(report.assessment.good_ms, 2671200000);
  EXPECT_EQ(report.account.excluded_ms, 7200000);
  EXPECT_EQ(report.assessment.verdict, sla::Verdict::kMet);
  EXPECT_TRUE(report.assessment.outages.empty());
  // The budget is that of the scheduled time alone: 2 671 200 000 / 1000.
  EXPECT_EQ(report.assessment.budget_ms, 2671200);
  // Both timelines are kept: what was not declared is still seen.
  EXPECT_EQ(report.observed_not_declared_ms, kOneHour);
  world_.Record({world_.Maintenance("m", scope, window, window.start_ms - 24 * kOneHour)});
  report = Month("2025-01");
  EXPECT_EQ(report.assessment.good_ms, 2674800000);
  EXPECT_EQ(report.assessment.bad_ms, 3600000);
  EXPECT_EQ(sla::PercentText(*report.assessment.availability), "99.8655");
  EXPECT_EQ(report.assessment.verdict, sla::Verdict::kBreached);
}

TEST_F(ExclusionReportTest, MaintenanceWithoutAnAnnouncementWasAnnouncedWhenItWasRecorded) {
  AddPortal({});
  const Interval window = {Ms("2025-01-15 02:00:00"), Ms("2025-01-15 04:00:00")};
  SetNow("2025-01-13 02:00:00");
  world_.Record({world_.Maintenance("m", {ScopeKind::kProvider, "north"}, window, std::nullopt)});
  SetNow("2025-03-01 00:00:00");
  EXPECT_EQ(Month("2025-01").account.excluded_ms, 2 * kOneHour);
  world_.Record({world_.Maintenance("m", {ScopeKind::kProvider, "north"}, {window.start_ms, window.end_ms + kOneHour},
                                    std::nullopt)});
  EXPECT_EQ(Month("2025-01").account.excluded_ms, 0) << "recorded again, too late";
}

TEST_F(ExclusionReportTest, ACapHoldsForEachMonth) {
  v1::Contract contract;
  contract.mutable_maintenance()->mutable_cap_per_month()->set_seconds(4 * 3600);
  AddPortal(contract);
  SetNow("2025-03-01 00:00:00");
  world_.Record(
      {world_.Maintenance("m", {ScopeKind::kTarget, "portal"}, {Ms("2025-01-31 22:00:00"), Ms("2025-02-01 06:00:00")},
                          Ms("2025-01-01 00:00:00"))});
  EXPECT_EQ(Month("2025-01").account.excluded_ms, 2 * kOneHour);
  EXPECT_EQ(Month("2025-02").account.excluded_ms, 4 * kOneHour);
  EXPECT_EQ(In({PeriodKind::kQuarter, "2025-Q1", {}}).account.excluded_ms, 6 * kOneHour);
}

TEST_F(ExclusionReportTest, ATargetCommissionedMidMonthHasHalfAMonth) {
  v1::Target target = world_.Target("portal");
  target.mutable_in_service_from()->set_seconds(Ms("2025-01-16 12:00:00") / 1000);
  target.mutable_in_service_to()->set_seconds(Ms("2025-01-30 00:00:00") / 1000);
  AddPortal({}, target);
  Down("2025-01-10 00:00:00", "2025-01-17 12:00:00");
  SetNow("2025-03-01 00:00:00");
  const TargetReport report = Month("2025-01");
  EXPECT_EQ(report.account.down_ms, kOneDay);
  EXPECT_EQ(report.account.up_ms, 12 * kOneDay + 12 * kOneHour);
  EXPECT_EQ(report.account.excluded_ms, 17 * kOneDay + 12 * kOneHour);
  ASSERT_EQ(report.assessment.outages.size(), 1u);
  EXPECT_EQ(report.assessment.outages[0].whole, (Interval{Ms("2025-01-16 12:00:00"), Ms("2025-01-17 12:00:00")}));
  EXPECT_EQ(Month("2025-02").assessment.verdict, sla::Verdict::kNotApplicable);
}

TEST_F(ExclusionReportTest, ServiceHoursWithAHolidayAndASwappedWorkingDay) {
  v1::Contract contract;
  v1::WeeklyHours& hours = *contract.mutable_service_hours()->add_weekly();
  for (const char* day : {"mon", "tue", "wed", "thu", "fri"}) hours.add_days(day);
  hours.set_open("08:00");
  hours.set_close("18:00");
  contract.mutable_service_hours()->add_closed_dates("2025-01-01");
  v1::OpenDate& swapped = *contract.mutable_service_hours()->add_open_dates();
  swapped.set_date("2025-01-26");
  swapped.set_open("08:00");
  swapped.set_close("18:00");
  AddPortal(contract);
  Down("2025-01-02 17:00:00", "2025-01-03 09:00:00");
  SetNow("2025-01-15 00:00:00");
  const TargetReport now = Month("2025-01");
  // By the 15th 9 working days of 10 h; the budget knows of the 13 to come, the swapped Sunday and the holidays.
  EXPECT_EQ(now.assessment.good_ms + now.assessment.bad_ms, 90 * kOneHour);
  EXPECT_EQ(now.assessment.budget_ms, 230 * kOneHour / 1000);
  SetNow("2025-03-01 00:00:00");
  const TargetReport report = Month("2025-01");
  EXPECT_EQ(report.account.down_ms, 2 * kOneHour);
  EXPECT_EQ(report.account.up_ms, 228 * kOneHour);
  EXPECT_EQ(report.account.excluded_ms, 514 * kOneHour);
  EXPECT_EQ(report.assessment.outage_count, 2);
}

TEST_F(ExclusionReportTest, ARulingDecidesAndCanBeRevoked) {
  AddPortal({});
  Down("2025-01-10 00:00:00", "2025-01-10 02:00:00");
  SetNow("2025-03-01 00:00:00");
  const Interval span = {Ms("2025-01-10 00:00:00"), Ms("2025-01-10 01:00:00")};
  world_.Record({world_.Ruling("r", "portal", span, RulingState::kUp)});
  EXPECT_EQ(Month("2025-01").account.down_ms, kOneHour);
  world_.Record({world_.Ruling("r", "portal", span, RulingState::kUp, true)});
  EXPECT_EQ(Month("2025-01").account.down_ms, 2 * kOneHour);
  // Over the month's edge, from before anything is known: its outage is listed whole.
  const Interval early = {Ms("2024-06-01 00:00:00"), Ms("2025-01-02 00:00:00")};
  world_.Record({world_.Ruling("d", "portal", early, RulingState::kDown)});
  const TargetReport report = Month("2025-01");
  EXPECT_EQ(report.account.down_ms, kOneDay + 2 * kOneHour);
  EXPECT_EQ(report.assessment.outages.at(0).whole, early);
}

TEST_F(ExclusionReportTest, AnInputsExcludedTimeIsUnknownToWhatUsesIt) {
  v1::Target target = world_.Target("portal");
  AddPortal({}, target);
  v1::Target outer = world_.Target("outer");
  outer.add_inputs()->set_target("portal");
  world_.Record({world_.Entry("target", outer)});
  SetNow("2025-03-01 00:00:00");
  const Interval span = {Ms("2025-01-10 00:00:00"), Ms("2025-01-10 01:00:00")};
  world_.Record({world_.Ruling("r", "portal", span, RulingState::kExcluded)});
  EXPECT_EQ(Month("2025-01", "outer").account.unknown_ms, kOneHour);
  EXPECT_EQ(Month("2025-01", "outer").account.excluded_ms, 0);
  EXPECT_EQ(Month("2025-01").account.excluded_ms, kOneHour);
}

// 99.9 % up to March 2025; recorded in the middle of March, 99 % and degraded as down from April on.
class ContractVersionTest : public ExclusionReportTest {
 protected:
  ContractVersionTest() {
    v1::Contract contract;
    contract.set_id("gold");
    contract.set_objective_ppm(999'000);
    v1::Target target = world_.Target("portal", "gold");
    target.set_monthly_fee_fen(100);
    world_.Record({world_.Entry("contract", contract), world_.Entry("target", target)});
    SetNow("2025-03-15 12:00:00");
    world_.Record({world_.Entry("contract", Newer())});
    world_.Store("web", {{Ms("2025-03-31 22:00:00"), kDegraded}, {Ms("2025-04-01 03:00:00"), kUp}});
    SetNow("2025-06-01 00:00:00");
  }
  static v1::Contract Newer() {
    v1::Contract contract;
    contract.set_id("gold");
    contract.set_objective_ppm(990'000);
    contract.set_degraded_counts_as("down");
    return contract;
  }
};

TEST_F(ContractVersionTest, EachMonthIsAccountedUnderTheVersionInForceAtItsStart) {
  const TargetReport march = Month("2025-03");
  EXPECT_EQ(march.contract->terms.objective_ppm, 999'000);
  EXPECT_EQ(march.account.degraded_ms, 2 * kOneHour);
  EXPECT_EQ(march.assessment.bad_ms, 0);
  const TargetReport april = Month("2025-04");
  EXPECT_EQ(april.contract->terms.objective_ppm, 990'000);
  EXPECT_EQ(april.assessment.bad_ms, 3 * kOneHour);
  EXPECT_EQ(april.assessment.verdict, sla::Verdict::kMet) << "3 h of 720 h are 0.42 %";
}

TEST_F(ContractVersionTest, ALongerPeriodIsTheSumOfItsMonthsAndTakesTheLastObjective) {
  const Interval span = {Ms("2025-03-01 00:00:00"), Ms("2025-05-01 00:00:00")};
  const TargetReport report = In({PeriodKind::kSpan, "", span});
  EXPECT_EQ(report.account.degraded_ms, 5 * kOneHour);
  EXPECT_EQ(report.assessment.bad_ms, 3 * kOneHour);
  EXPECT_EQ(report.assessment.good_ms, 61 * kOneDay - 3 * kOneHour);
  EXPECT_EQ(report.contract->terms.objective_ppm, 990'000);
  EXPECT_EQ(report.assessment.budget_ms, 61 * kOneDay / 100);
  ASSERT_EQ(report.assessment.outages.size(), 1u);
  EXPECT_EQ(report.assessment.outages[0].whole, (Interval{Ms("2025-04-01 00:00:00"), Ms("2025-04-01 03:00:00")}));
}

TEST_F(ContractVersionTest, AVersionSaysFromWhichMonthOnItHolds) {
  v1::Contract contract = Newer();
  contract.set_objective_ppm(995'000);
  contract.set_effective_from("2025-03");
  world_.Record({world_.Entry("contract", contract)});
  EXPECT_EQ(Month("2025-02").contract->terms.objective_ppm, 999'000);
  EXPECT_EQ(Month("2025-03").contract->terms.objective_ppm, 995'000);
  EXPECT_EQ(Month("2025-04").contract->terms.objective_ppm, 990'000) << "what was in force from April on still is";
  contract.set_effective_from("2025-04");
  world_.Record({world_.Entry("contract", contract)});
  EXPECT_EQ(Month("2025-04").contract->terms.objective_ppm, 995'000) << "of two the one recorded last";
}

TEST_F(ContractVersionTest, ATargetTakesAnotherContractAndFeeFromTheNextMonthOn) {
  v1::Contract silver;
  silver.set_id("silver");
  silver.set_objective_ppm(950'000);
  SetNow("2025-06-10 00:00:00");
  v1::Target target = world_.Target("portal", "silver");
  target.set_monthly_fee_fen(70);
  world_.Record({world_.Entry("contract", silver), world_.Entry("target", target)});
  SetNow("2025-08-01 00:00:00");
  EXPECT_EQ(Month("2025-06").contract->id, ContractId("gold"));
  EXPECT_EQ(Month("2025-06").contract->monthly_fee_fen, 100);
  EXPECT_EQ(Month("2025-07").contract->id, ContractId("silver"));
  EXPECT_EQ(Month("2025-07").contract->monthly_fee_fen, 70);
}

}  // namespace
}  // namespace nines::report
