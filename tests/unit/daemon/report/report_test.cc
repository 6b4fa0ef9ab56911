#include "daemon/report/report.h"

#include <gmock/gmock.h>

#include "tests/unit/daemon/report/supervised_world.h"

namespace nines::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

class ReportTest : public testing::Test {
 protected:
  ReportTest() { world_.clock.SetWall(absl::FromUnixMillis(Ms("2027-03-01 00:00:00"))); }

  void AddTarget(const v1::Target& target) { world_.Record({world_.Entry("target", target)}); }
  void AddCheck(const v1::Check& check) { world_.Record({world_.Entry("check", check)}); }
  void AddContract(v1::Contract contract, const std::string& id) {
    contract.set_id(id);
    world_.Record({world_.Entry("contract", contract)});
  }
  // The target `portal` with the check `web` that holds for hold_ms.
  void AddPortal(int64_t hold_ms, const std::string& contract = "") {
    AddTarget(world_.Target("portal", contract));
    AddCheck(world_.Check("web", "portal", hold_ms));
  }
  // A result every `step_ms` over [from, to).
  void StoreEvery(const std::string& check, int64_t from_ms, int64_t to_ms, int64_t step_ms, double value) {
    std::vector<series::Sample> samples;
    for (int64_t time_ms = from_ms; time_ms < to_ms; time_ms += step_ms) samples.push_back({time_ms, value});
    world_.Store(check, samples);
  }
  Report Build(const Period& period, const Filter& filter = {}) {
    return Must(reporter_.Build(period, filter, "", 1000));
  }
  TargetReport Month(const std::string& month, const std::string& target = "portal") {
    return Build({PeriodKind::kMonth, month, {}}, {ProviderId(), AgencyId(), {TargetId(target)}}).targets.at(0);
  }
  std::string ErrorOf(const Period& period, const Filter& filter = {}) {
    return std::string(reporter_.Build(period, filter, "", 10).status().message());
  }

  SupervisedWorld world_;
  Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
};

TEST_F(ReportTest, OneOutageInOneMonthByHand) {
  AddPortal(-1);
  world_.Store(
      "web",
      {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2025-01-10 08:00:00"), kDown}, {Ms("2025-01-10 08:44:38.401"), kUp}});
  const TargetReport report = Month("2025-01");
  EXPECT_EQ(report.period, (Interval{1735660800000, 1738339200000}));
  EXPECT_EQ(report.accounted_to_ms, 1738339200000);
  EXPECT_EQ(report.assessment.good_ms, 2675721599);
  EXPECT_EQ(report.assessment.bad_ms, 2678401);
  EXPECT_EQ(report.account.unknown_ms, 0);
  EXPECT_EQ(report.assessment.verdict, sla::Verdict::kBreached);
  EXPECT_EQ(sla::PercentText(*report.assessment.availability), "99.8999");
  EXPECT_EQ(report.assessment.budget_ms, 2678400);
  EXPECT_EQ(report.assessment.left_ms, -1);
  EXPECT_EQ(report.observed_not_declared_ms, 2678401);
}

TEST_F(ReportTest, AnOutageOverBothEdgesIsListedWholeAndCountsInside) {
  AddPortal(-1);
  const int64_t down_ms = Ms("2024-11-03 05:00:00");
  const int64_t up_ms = Ms("2025-03-20 06:00:00");
  world_.Store("web", {{Ms("2024-01-01 00:00:00"), kUp}, {down_ms, kDown}, {up_ms, kUp}});
  const TargetReport report = Month("2025-01");
  ASSERT_EQ(report.assessment.outages.size(), 1u);
  const sla::Outage& outage = report.assessment.outages[0];
  EXPECT_EQ(outage.whole, (Interval{down_ms, up_ms}));
  EXPECT_EQ(outage.inside, report.period);
  EXPECT_FALSE(outage.open);
  EXPECT_EQ(report.account.down_ms, 31 * kDay);
}

TEST_F(ReportTest, AnOutageThatLastsSinceTheFirstResultBeginsThere) {
  AddPortal(-1);
  const int64_t down_ms = Ms("2019-11-03 05:00:00");
  world_.Store("web", {{down_ms, kDown}});
  const sla::Outage outage = Month("2025-01").assessment.outages.at(0);
  EXPECT_EQ(outage.whole, (Interval{down_ms, world_.clock.NowMs()}));
  EXPECT_TRUE(outage.open);
}

TEST_F(ReportTest, AnUnlimitedHoldReachesOverYears) {
  AddPortal(-1);
  world_.Store("web", {{Ms("2016-02-29 12:00:00"), kUp}});
  EXPECT_EQ(Month("2025-01").account.up_ms, 31 * kDay);
  EXPECT_EQ(Month("2016-02").account.unknown_ms, 28 * kDay + 12 * kHour);
}

TEST_F(ReportTest, AHoldOfThreeHoursLeavesGapsUnknown) {
  AddPortal(3 * kHour);
  StoreEvery("web", Ms("2024-12-31 22:00:00"), Ms("2025-01-02 00:00:00"), kHour, kUp);  // the last at 23:00
  const TargetReport report = Month("2025-01");
  EXPECT_EQ(report.account.up_ms, kDay + 2 * kHour);
  EXPECT_EQ(report.account.unknown_ms, 30 * kDay - 2 * kHour);
  EXPECT_EQ(report.assessment.verdict, sla::Verdict::kUndetermined);
}

TEST_F(ReportTest, AStaleMarkerEndsTheHold) {
  AddPortal(-1);
  world_.Store("web", {{Ms("2025-01-01 00:00:00"), kUp}, {Ms("2025-01-03 00:00:00"), kStale}});
  EXPECT_EQ(Month("2025-01").account.up_ms, 2 * kDay);
  EXPECT_EQ(Month("2025-02").account.unknown_ms, 28 * kDay);
}

TEST_F(ReportTest, AValueThatIsNoStatePlaysNoPart) {
  AddPortal(-1);
  world_.Store("web", {{Ms("2024-12-01 00:00:00"), kDown},
                       {Ms("2024-12-20 00:00:00"), 7},
                       {Ms("2025-01-02 00:00:00"), 0.25},
                       {Ms("2025-01-03 00:00:00"), kUp}});
  EXPECT_EQ(Month("2025-01").account.down_ms, 2 * kDay);
  EXPECT_EQ(Month("2025-01").account.unknown_ms, 0);
}

TEST_F(ReportTest, MinOutageJudgesASpanOverTheEdgeWhole) {
  v1::Contract contract;
  contract.mutable_min_outage()->set_seconds(10 * 60);
  AddContract(contract, "strict");
  AddPortal(-1, "strict");
  world_.Store("web", {{Ms("2024-12-01 00:00:00"), kUp},
                       {Ms("2024-12-31 23:52:00"), kDown},  // 9 minutes: forgiven in both months
                       {Ms("2025-01-01 00:01:00"), kUp},
                       {Ms("2025-01-31 23:56:00"), kDown},  // 10 minutes: counts in both
                       {Ms("2025-02-01 00:06:00"), kUp}});
  EXPECT_EQ(Month("2024-12").account.down_ms, 0);
  EXPECT_EQ(Month("2025-01").account.down_ms, 4 * kMinute);
  EXPECT_EQ(Month("2025-02").account.down_ms, 6 * kMinute);
}

TEST_F(ReportTest, DownAfterJudgesARowOverTheEdgesWhole) {
  AddTarget(world_.Target("portal"));
  AddCheck(world_.Check("web", "portal", -1, 3));
  world_.Store("web", {{Ms("2024-11-01 00:00:00"), kUp},
                       {Ms("2024-11-10 00:00:00"), kDown},
                       {Ms("2024-11-20 00:00:00"), kDown},
                       {Ms("2025-01-02 00:00:00"), kDown},  // the third: all of December is down
                       {Ms("2025-01-03 00:00:00"), kUp},
                       {Ms("2025-02-01 00:00:00"), kDown},
                       {Ms("2025-02-03 00:00:00"), kDown},
                       {Ms("2025-02-05 00:00:00"), kUp}});
  EXPECT_EQ(Month("2024-12").account.down_ms, 31 * kDay);
  EXPECT_EQ(Month("2024-11").account.down_ms, 21 * kDay);
  EXPECT_EQ(Month("2025-02").account.down_ms, 0);
}

TEST_F(ReportTest, BasisAndTheDifferenceOfTheTimelines) {
  for (const char* basis : {"observed", "declared", "either", "both"}) {
    v1::Contract contract;
    contract.set_basis(basis);
    AddContract(contract, basis);
    AddTarget(world_.Target(basis, basis));
    AddCheck(world_.Check(StrCat("web-", basis), basis, -1));
    // Observed down 10:00 to 12:00, declared 11:00 to 14:00.
    world_.Store(
        StrCat("web-", basis),
        {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2025-01-05 10:00:00"), kDown}, {Ms("2025-01-05 12:00:00"), kUp}});
    world_.Record({world_.Incident(StrCat("i-", basis), basis, Ms("2025-01-05 11:00:00"), Ms("2025-01-05 14:00:00"))});
  }
  EXPECT_EQ(Month("2025-01", "observed").account.down_ms, 2 * kHour);
  EXPECT_EQ(Month("2025-01", "declared").account.down_ms, 3 * kHour);
  EXPECT_EQ(Month("2025-01", "either").account.down_ms, 4 * kHour);
  EXPECT_EQ(Month("2025-01", "both").account.down_ms, 1 * kHour);
  EXPECT_EQ(Month("2025-01", "both").observed_not_declared_ms, 1 * kHour);
  EXPECT_EQ(Month("2025-01", "observed").declared_not_observed_ms, 2 * kHour);
}

TEST_F(ReportTest, WithdrawnAndHarmlessDeclarationsDoNotCount) {
  v1::Contract contract;
  contract.set_basis("declared");
  AddContract(contract, "told");
  AddPortal(-1, "told");
  const int64_t start_ms = Ms("2025-01-05 11:00:00");
  world_.Record({world_.Incident("i-1", "portal", start_ms, start_ms + kHour),
                 world_.Incident("i-2", "portal", start_ms + kDay, start_ms + kDay + kHour, ledger::Impact::kNone)});
  EXPECT_EQ(Month("2025-01").account.down_ms, kHour);
  world_.Record(
      {world_.Incident("i-1", "portal", start_ms, start_ms + kHour, ledger::Impact::kDown, /*withdrawn=*/true)});
  EXPECT_EQ(Month("2025-01").account.down_ms, 0);
  EXPECT_EQ(Month("2025-01").account.up_ms, 31 * kDay);
}

TEST_F(ReportTest, AnOpenDeclarationOfAProviderCoversItsTargets) {
  v1::Contract contract;
  contract.set_basis("declared");
  AddContract(contract, "told");
  AddPortal(-1, "told");
  ledger::NewFact fact = world_.Incident("i-1", "", Ms("2024-12-31 00:00:00"), std::nullopt);
  std::get<ledger::Declaration>(fact.body).scope = {ledger::ScopeKind::kProvider, "north"};
  world_.Record({fact});
  EXPECT_EQ(Month("2025-01").account.down_ms, 31 * kDay);
  EXPECT_EQ(Month("2025-01").assessment.outages.at(0).whole.start_ms, Ms("2024-12-31 00:00:00"));
}

TEST_F(ReportTest, ATargetOfTargetsUsesTheirTimelinesAfterMinOutage) {
  v1::Contract contract;
  contract.mutable_min_outage()->set_seconds(600);
  AddContract(contract, "lenient");
  AddTarget(world_.Target("database", "lenient"));
  AddCheck(world_.Check("db", "database", -1));
  v1::Target portal = world_.Target("portal");
  portal.add_inputs()->set_check("web");
  portal.add_inputs()->set_target("database");
  AddCheck(world_.Check("web", "", -1));
  AddTarget(portal);
  world_.Store("web", {{Ms("2024-12-01 00:00:00"), kUp}});
  world_.Store("db", {{Ms("2024-12-01 00:00:00"), kUp},
                      {Ms("2025-01-03 00:00:00"), kDown},
                      {Ms("2025-01-03 00:09:00"), kUp},  // forgiven
                      {Ms("2025-01-04 00:00:00"), kDown},
                      {Ms("2025-01-04 00:11:00"), kUp}});
  EXPECT_EQ(Month("2025-01").account.down_ms, 11 * kMinute);
}

TEST_F(ReportTest, AnInputThatIsNotJudgedYetMakesTheWindowWider) {
  v1::Contract contract;
  contract.mutable_min_outage()->set_seconds(30 * 60);
  AddContract(contract, "lenient");
  AddTarget(world_.Target("database", "lenient"));
  AddCheck(world_.Check("db", "database", -1));
  v1::Target portal = world_.Target("portal");
  portal.set_down_when("2");
  portal.add_inputs()->set_target("database");
  for (const char* id : {"w1", "w2"}) {
    portal.add_inputs()->set_check(id);
    AddCheck(world_.Check(id, "", -1));
  }
  AddTarget(portal);
  // The first look goes back to 22:30. From there the database seems down for good; its 25 minutes are forgiven.
  world_.Store(
      "db", {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2024-12-31 22:20:00"), kDown}, {Ms("2024-12-31 22:45:00"), kUp}});
  world_.Store(
      "w1", {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2024-12-31 22:35:00"), kDown}, {Ms("2025-01-01 02:00:00"), kUp}});
  world_.Store(
      "w2", {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2024-12-31 22:45:00"), kDown}, {Ms("2025-01-01 02:00:00"), kUp}});
  EXPECT_EQ(Month("2025-01").assessment.outages.at(0).whole,
            (Interval{Ms("2024-12-31 22:45:00"), Ms("2025-01-01 02:00:00")}));
}

TEST_F(ReportTest, APeriodThatIsNotOverGoesUpToNowAndOneThatHasNotBegunIsNothing) {
  AddPortal(-1);
  world_.clock.SetWall(absl::FromUnixMillis(Ms("2025-01-03 00:00:00")));
  world_.Store("web", {{Ms("2025-01-01 00:00:00"), kUp},
                       {Ms("2025-01-02 00:00:00"), kDown},
                       {Ms("2025-01-04 00:00:00"), kUp}});  // later than now
  const TargetReport report = Month("2025-01");
  EXPECT_EQ(report.accounted_to_ms, Ms("2025-01-03 00:00:00"));
  EXPECT_EQ(report.account, (sla::Account{.up_ms = kDay, .down_ms = kDay}));
  EXPECT_TRUE(report.assessment.outages.at(0).open);
  EXPECT_EQ(report.assessment.budget_ms, 2678400);
  const TargetReport future = Month("2025-02");
  EXPECT_EQ(future.account, sla::Account());
  EXPECT_EQ(future.accounted_to_ms, future.period.start_ms);
  EXPECT_EQ(future.assessment.verdict, sla::Verdict::kNotApplicable);
}

TEST_F(ReportTest, PeriodsLieInTheContractsZone) {
  v1::Contract contract;
  contract.set_time_zone("UTC");
  AddContract(contract, "utc");
  AddTarget(world_.Target("abroad", "utc"));
  AddTarget(world_.Target("home"));
  const Report report = Build({PeriodKind::kFeeYear, "2026", {}});
  ASSERT_EQ(report.targets.size(), 2u);
  EXPECT_EQ(report.period_label, "FY2026");
  EXPECT_EQ(report.targets[0].period, (Interval{1759276800000, 1790812800000}));
  EXPECT_EQ(report.targets[1].period.start_ms, 1759276800000 - 8 * kHour);
  EXPECT_EQ(Build({PeriodKind::kQuarter, "2026-Q2", {}}).targets[1].period.length_ms(), 91 * kDay);
  EXPECT_EQ(Build({PeriodKind::kYear, "2024", {}}).targets[1].period.length_ms(), 366 * kDay);
}

TEST_F(ReportTest, PagesAreOrderedAndThePoolIsOfAll) {
  for (const char* id : {"c", "a", "b"}) {
    v1::Target target = world_.Target(id);
    target.set_weight(id[0] == 'c' ? 2 : 1);
    AddTarget(target);
    AddCheck(world_.Check(StrCat("web-", id), id, -1));
    world_.Store(StrCat("web-", id), {{Ms("2024-12-01 00:00:00"), kUp}});
  }
  // c is down for a tenth of January, and weighs two: (1 + 1 + 2 * 0.9) / 4.
  world_.Store("web-c", {{Ms("2025-01-01 00:00:00"), kDown}, {Ms("2025-01-04 02:24:00"), kUp}});
  const Report first = Must(reporter_.Build({PeriodKind::kMonth, "2025-01", {}}, {}, "", 2));
  ASSERT_EQ(first.targets.size(), 2u);
  EXPECT_EQ(first.targets[0].target->id, TargetId("a"));
  EXPECT_EQ(first.targets[1].target->id, TargetId("b"));
  EXPECT_EQ(first.next_target, "c");
  EXPECT_EQ(first.total, 3u);
  EXPECT_EQ(first.pooled.Percent(), "95.0000");
  EXPECT_EQ(first.worst, TargetId("c"));
  EXPECT_EQ(first.pooled.met, 2);
  EXPECT_EQ(first.pooled.breached, 1);
  const Report second = Must(reporter_.Build({PeriodKind::kMonth, "2025-01", {}}, {}, first.next_target, 2));
  ASSERT_EQ(second.targets.size(), 1u);
  EXPECT_EQ(second.targets[0].target->id, TargetId("c"));
  EXPECT_EQ(second.next_target, "");
  EXPECT_EQ(second.pooled.Percent(), "95.0000");
}

TEST_F(ReportTest, OutagesOfAllTimesAreOrderedByStart) {
  AddPortal(-1);
  AddTarget(world_.Target("a"));
  AddCheck(world_.Check("ping", "a", -1));
  const int64_t t0 = Ms("2020-01-01 00:00:00");
  world_.Store("web", {{t0, kUp}, {t0 + kDay, kDown}, {t0 + 2 * kDay, kUp}, {t0 + 900 * kDay, kDown}});
  world_.Store("ping", {{t0, kUp}, {t0 + kDay, kDown}, {t0 + 3 * kDay, kUp}});
  std::vector<std::string> listed;
  for (const OutageEntry& entry : Must(reporter_.Outages({kTimeMinMs, kTimeMaxMs}, {}))) {
    listed.push_back(StrCat(entry.target.value(), " ", (entry.outage.whole.start_ms - t0) / kDay, " ",
                            entry.outage.open ? "open" : StrCat((entry.outage.whole.end_ms - t0) / kDay)));
  }
  EXPECT_THAT(listed, ElementsAre("a 1 3", "portal 1 2", "portal 900 open"));
  EXPECT_EQ(Must(reporter_.Outages({t0 + 2 * kDay, t0 + 800 * kDay}, {})).size(), 1u);
  EXPECT_EQ(Must(reporter_.OutagesOfMonth("2020-01", {})).size(), 2u);
}

TEST_F(ReportTest, ErrorsSayWhatIsWrong) {
  AddPortal(-1);
  EXPECT_THAT(ErrorOf({PeriodKind::kMonth, "2026-13", {}}), HasSubstr("'2026-13' is not a month such as 2026-05"));
  EXPECT_THAT(ErrorOf({PeriodKind::kSpan, "", {5, 5}}), HasSubstr("ends at or before its start"));
  const Period month = {PeriodKind::kMonth, "2026-05", {}};
  EXPECT_THAT(ErrorOf(month, {ProviderId("nobody"), {}, {}}), HasSubstr("provider 'nobody' is not in the catalogue"));
  EXPECT_THAT(ErrorOf(month, {{}, AgencyId("x"), {}}), HasSubstr("agency 'x'"));
  EXPECT_THAT(ErrorOf(month, {{}, {}, {TargetId("portal"), TargetId("gone")}}), HasSubstr("target 'gone'"));
  EXPECT_EQ(reporter_.Build(month, {ProviderId("nobody"), {}, {}}, "", 1).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ReportTest, FiltersByAgencyOfTheSystem) {
  v1::Target target = world_.Target("his-portal");
  target.set_system("his");
  AddTarget(target);
  AddPortal(-1);
  const Report report = Build({PeriodKind::kMonth, "2025-01", {}}, {{}, AgencyId("health"), {}});
  ASSERT_EQ(report.targets.size(), 1u);
  EXPECT_EQ(report.targets[0].target->id, TargetId("his-portal"));
}

TEST_F(ReportTest, AsOfAnEarlierPositionAndTimeItIsTheReportOfThen) {
  v1::Contract contract;
  contract.set_basis("declared");
  AddContract(contract, "gold");
  AddPortal(-1, "gold");
  world_.Store("web", {{Ms("2027-01-01 00:00:00"), kUp}});
  const FactId before = world_.ledger->LastPosition();
  const int64_t then_ms = Ms("2027-03-02 00:00:00");
  world_.clock.SetWall(absl::FromUnixMillis(then_ms + 1));
  world_.Record({world_.Incident("T", "portal", Ms("2027-02-10 08:00:00"), Ms("2027-02-10 09:00:00"))});
  world_.clock.SetWall(absl::FromUnixMillis(Ms("2027-03-05 00:00:00")));
  const auto month = [&](const std::string& label, const AsOf& as_of) {
    return Must(reporter_.Build({PeriodKind::kMonth, label, {}}, {}, "", 10, {.as_of = as_of})).targets.at(0);
  };
  const auto down_ms = [&](const AsOf& as_of) { return month("2027-02", as_of).account.down_ms; };
  EXPECT_EQ(down_ms({}), kHour);
  EXPECT_EQ(down_ms({.position = before, .time_ms = {}}), 0);
  EXPECT_EQ(down_ms({.position = FactId(before.value() + 1), .time_ms = {}}), kHour);
  EXPECT_EQ(down_ms({.position = {}, .time_ms = then_ms}), 0);
  EXPECT_EQ(down_ms({.position = {}, .time_ms = then_ms + 1}), kHour);
  // Of what was observed later nothing is known.
  EXPECT_EQ(month("2027-03", {.position = {}, .time_ms = then_ms}).accounted_to_ms, then_ms);
  EXPECT_EQ(month("2027-03", {.position = before, .time_ms = {}}).accounted_to_ms, Ms("2027-03-05 00:00:00"));
  EXPECT_TRUE(Must(reporter_.Outages({0, then_ms}, {}, {.position = before, .time_ms = {}})).empty());
  EXPECT_EQ(Must(reporter_.Outages({0, then_ms}, {})).size(), 1u);
  const auto error = [&](const AsOf& as_of) {
    return std::string(
        reporter_.Build({PeriodKind::kMonth, "2027-02", {}}, {}, "", 10, {.as_of = as_of}).status().message());
  };
  EXPECT_THAT(error({.position = FactId(99), .time_ms = {}}), HasSubstr("the ledger's last position is"));
  EXPECT_THAT(error({.position = {}, .time_ms = Ms("2030-01-01 00:00:00")}), HasSubstr("in the future"));
}

}  // namespace
}  // namespace nines::report
