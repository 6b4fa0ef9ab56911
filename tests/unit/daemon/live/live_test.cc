#include "daemon/live/live.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <thread>

#include "daemon/report/report.h"
#include "tests/unit/daemon/report/supervised_world.h"

namespace nines::live {
namespace {

using report::kDegraded;
using report::kDown;
using report::kStale;
using report::kUp;
using report::Ms;
using report::Must;

constexpr int64_t kMinute = 60'000;
constexpr int64_t kHour = 60 * kMinute;
constexpr int64_t kDay = 24 * kHour;

// A world whose live state is told of everything that is stored, and can be compared with reports.
class LiveWorld {
 public:
  void Start() { live_ = Must(Live::Create(*base.store, *base.ledger, *base.catalogue, base.clock)); }
  Live& live() { return *live_; }

  void Store(const std::string& check, const std::vector<series::Sample>& samples) {
    base.Store(check, samples);
    live_->OnResults(ProviderId("north"), CheckId(check), samples);
  }
  void Record(const std::vector<ledger::NewFact>& facts) {
    base.Record(facts);
    ASSERT_TRUE(live_->OnFacts().ok());
  }
  void SetNow(int64_t now_ms) { base.clock.SetWall(absl::FromUnixMillis(now_ms)); }

  TargetStatus StatusOf(const std::string& target) {
    const auto snapshot = live_->Now();
    EXPECT_TRUE(snapshot->error.ok()) << snapshot->error;
    for (const TargetStatus& status : snapshot->targets) {
      if (status.target.value() == target) return status;
    }
    ADD_FAILURE() << "no " << target;
    return {};
  }

  // Every field of every target equals what a report says.
  void ExpectEqualsReports() {
    const auto snapshot = live_->Now();
    ASSERT_TRUE(snapshot->error.ok()) << snapshot->error;
    ASSERT_EQ(snapshot->targets.size(), Must(base.catalogue->Get())->targets.size());
    for (const TargetStatus& status : snapshot->targets) {
      const report::Period period = {report::PeriodKind::kMonth, status.month_label, {}};
      const report::Report built = Must(reporter.Build(period, {{}, {}, {status.target}}, "", 1));
      const report::TargetReport& report = built.targets.at(0);
      const sla::Assessment& now = status.month_so_far;
      const sla::Assessment& then = report.assessment;
      SCOPED_TRACE(StrCat(status.target.value(), " in ", status.month_label, " at ", snapshot->now_ms));
      EXPECT_EQ(status.month, report.period);
      EXPECT_EQ(status.account, report.account);
      EXPECT_EQ(now.outages, then.outages);
      EXPECT_EQ(now.good_ms, then.good_ms);
      EXPECT_EQ(now.bad_ms, then.bad_ms);
      EXPECT_EQ(now.coverage_ppm, then.coverage_ppm);
      EXPECT_EQ(now.verdict, then.verdict);
      EXPECT_EQ(now.availability, then.availability);
      EXPECT_EQ(now.mttr_ms, then.mttr_ms);
      EXPECT_EQ(now.budget_ms, then.budget_ms);
      EXPECT_EQ(now.left_ms, then.left_ms);
      EXPECT_EQ(status.spending, report.spending);
      EXPECT_EQ(status.credit, report.credits.empty() ? std::nullopt : std::optional(report.credits.back()));
      ExpectStepsAddUp(Must(reporter.Explain(period, status.target)));
      for (const CheckStatus& check : status.checks) {
        EXPECT_EQ(check.last_result_ms, LastResult(check.check.value(), snapshot->now_ms)) << check.check.value();
      }
      // The state is that of the last instant before now.
      const Interval last = {snapshot->now_ms - 1, snapshot->now_ms};
      const auto instant =
          Must(reporter.Build({report::PeriodKind::kSpan, "", last}, {{}, {}, {status.target}}, "", 1));
      const sla::Account& account = instant.targets.at(0).account;
      const sla::State state = account.up_ms         ? sla::State::kUp
                               : account.degraded_ms ? sla::State::kDegraded
                               : account.down_ms     ? sla::State::kDown
                               : account.excluded_ms ? sla::State::kExcluded
                                                     : sla::State::kUnknown;
      EXPECT_EQ(status.state, state);
    }
  }

  // To the millisecond: period = taken + scheduled, and the parts are the account's classes.
  static void ExpectStepsAddUp(const report::AccountExplanation& explained) {
    const sla::Account& account = explained.report.account;
    std::map<std::string, int64_t> totals;
    std::map<sla::State, int64_t> parts;
    int64_t taken_ms = 0;
    int64_t ahead_ms = 0;
    for (const report::Step& step : explained.steps) {
      if (step.kind == report::StepKind::kTotal) totals[step.rule] = step.ms;
      if (step.kind == report::StepKind::kTaken) (step.rule == "not over yet" ? ahead_ms : taken_ms) += step.ms;
      if (step.kind == report::StepKind::kPart) parts[*step.state] += step.ms;
    }
    EXPECT_EQ(totals["period"], explained.report.period.length_ms());
    EXPECT_EQ(totals["period"] - ahead_ms - taken_ms, totals["scheduled"]);
    EXPECT_EQ(taken_ms, account.excluded_ms);
    EXPECT_EQ(parts[sla::State::kUp], account.up_ms);
    EXPECT_EQ(parts[sla::State::kDegraded], account.degraded_ms);
    EXPECT_EQ(parts[sla::State::kDown], account.down_ms);
    EXPECT_EQ(parts[sla::State::kUnknown], account.unknown_ms);
    EXPECT_EQ(totals["good"] + totals["bad"] + totals["unknown"], totals["scheduled"]);
  }

  std::optional<int64_t> LastResult(const std::string& check, int64_t now_ms) const {
    std::vector<series::Sample> samples;
    const auto id = base.store->Find(series::CheckResultLabels(ProviderId("north"), CheckId(check)));
    if (id.has_value()) {
      EXPECT_TRUE(base.store->Read(*id, {kTimeMinMs, now_ms + 1}, &samples).ok());
    }
    std::erase_if(samples,
                  [](const series::Sample& s) { return s.value != kUp && s.value != kDegraded && s.value != kDown; });
    return samples.empty() ? std::nullopt : std::optional(samples.back().time_ms);
  }

  report::SupervisedWorld base;
  report::Reporter reporter{*base.store, *base.ledger, *base.catalogue, base.clock};

 private:
  std::unique_ptr<Live> live_;
};

class LiveTest : public testing::Test {
 protected:
  LiveTest() {
    world_.SetNow(t0_);
    world_.base.Record({world_.base.Entry("target", world_.base.Target("portal")),
                        world_.base.Entry("check", world_.base.Check("web", "portal", 45'000))});
    world_.Start();
  }
  const int64_t t0_ = Ms("2025-01-10 00:00:00");
  LiveWorld world_;
};

TEST_F(LiveTest, FollowsResultsInOrderWithoutReadingTheStoreAgain) {
  const uint64_t reloads = world_.live().stats().reloads;
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUnknown);
  EXPECT_FALSE(world_.StatusOf("portal").checks.at(0).last_result_ms.has_value());
  world_.Store("web", {{t0_, kUp}});
  world_.SetNow(t0_ + 1000);
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUp);
  EXPECT_EQ(world_.StatusOf("portal").since_ms, t0_);
  world_.SetNow(t0_ + 20'000);
  world_.Store("web", {{t0_ + 15'000, kDown}});
  const TargetStatus status = world_.StatusOf("portal");
  EXPECT_EQ(status.state, sla::State::kDown);
  EXPECT_EQ(status.since_ms, t0_ + 15'000);
  EXPECT_EQ(status.checks.at(0).last_result_ms, t0_ + 15'000);
  EXPECT_EQ(status.account.up_ms, 15'000);
  EXPECT_EQ(status.account.down_ms, 5'000);
  EXPECT_EQ(status.month_label, "2025-01");
  world_.SetNow(t0_ + 100'000);  // the hold is over
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUnknown);
  EXPECT_EQ(world_.live().stats().reloads, reloads);
  EXPECT_EQ(world_.live().stats().results_in_order, 2u);
  world_.ExpectEqualsReports();
}

TEST_F(LiveTest, ALateResultChangesThePast) {
  world_.SetNow(t0_ + 60'000);
  world_.Store("web", {{t0_, kUp}, {t0_ + 30'000, kUp}});
  EXPECT_EQ(world_.StatusOf("portal").account.down_ms, 0);
  world_.Store("web", {{t0_ + 10'000, kDown}});
  EXPECT_EQ(world_.StatusOf("portal").account.down_ms, 20'000);
  EXPECT_EQ(world_.live().stats().results_late, 1u);
}

TEST_F(LiveTest, AResultGivesWayToWhatIsRecordedLastAtItsTime) {
  world_.SetNow(t0_ + 60'000);
  world_.Store("web", {{t0_, kUp}, {t0_ + 30'000, kDown}, {t0_ + 70'000, kDown}});
  EXPECT_EQ(world_.StatusOf("portal").account.down_ms, 30'000);
  world_.Store("web", {{t0_ + 30'000, 3}, {t0_ + 70'000, 3}});  // 3 is no state
  EXPECT_EQ(world_.StatusOf("portal").account.down_ms, 0);
  world_.SetNow(t0_ + 80'000);
  EXPECT_EQ(world_.StatusOf("portal").account.down_ms, 0);
  world_.ExpectEqualsReports();
}

TEST_F(LiveTest, AResultAheadOfTheClockWaits) {
  world_.Store("web", {{t0_ + 5'000, kUp}});
  world_.SetNow(t0_ + 5'000);
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUnknown);
  world_.SetNow(t0_ + 5'001);
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUp);
  EXPECT_EQ(world_.live().stats().results_ahead, 1u);
}

TEST_F(LiveTest, OfTwoResultsAheadAtOneTimeTheLastStands) {
  world_.Store("web", {{t0_ + 5'000, kUp}, {t0_ + 5'000, kDown}});
  world_.SetNow(t0_ + 6'000);
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kDown);
}

TEST_F(LiveTest, AFirstResultFromLongAgoBeginsItsOutage) {
  world_.Record({world_.base.Entry("check", world_.base.Check("web", "portal", -1))});
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUnknown);
  world_.Store("web", {{t0_ - 400 * kDay, kDown}});
  EXPECT_EQ(world_.StatusOf("portal").since_ms, t0_ - 400 * kDay);
  world_.ExpectEqualsReports();
}

TEST_F(LiveTest, AClockThatIsSetBackForgetsWhatIsLater) {
  world_.SetNow(t0_ + 60'000);
  world_.Store("web", {{t0_ + 10'000, kUp}, {t0_ + 50'000, kDown}});
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kDown);
  world_.SetNow(t0_ + 20'000);
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUp);
  EXPECT_EQ(world_.StatusOf("portal").checks.at(0).last_result_ms, t0_ + 10'000);
}

TEST_F(LiveTest, MoreAheadOfTheClockThanFitsIsReadWhenItsTimeComes) {
  std::vector<series::Sample> samples;
  for (int i = 0; i < 1000; ++i) samples.push_back({t0_ + 1'000 + i * 1'000, i % 2 == 0 ? kUp : kDown});
  world_.Store("web", samples);
  for (int64_t step_ms : {500, 1'500, 239'500, 700'500, 999'500, 1'000'500, 1'100'000}) {
    world_.SetNow(t0_ + step_ms);
    world_.ExpectEqualsReports();
  }
  EXPECT_EQ(world_.StatusOf("portal").account.down_ms, 499'000 + 45'000);
}

TEST_F(LiveTest, ANewMonthBeginsAndAnOutageGoesOn) {
  world_.SetNow(Ms("2025-01-31 23:59:50"));
  world_.Store("web", {{Ms("2025-01-31 23:59:40"), kDown}});
  EXPECT_EQ(world_.StatusOf("portal").account.down_ms, 10'000);
  world_.SetNow(Ms("2025-02-01 00:00:00"));
  const TargetStatus first = world_.StatusOf("portal");
  EXPECT_EQ(first.month_label, "2025-02");
  EXPECT_EQ(first.state, sla::State::kDown);
  EXPECT_EQ(first.since_ms, Ms("2025-01-31 23:59:40"));
  EXPECT_EQ(first.account, sla::Account());
  world_.SetNow(Ms("2025-02-01 00:00:10"));
  const TargetStatus status = world_.StatusOf("portal");
  EXPECT_EQ(status.account.down_ms, 10'000);
  EXPECT_EQ(status.month_so_far.outages.at(0).whole.start_ms, Ms("2025-01-31 23:59:40"));
  world_.ExpectEqualsReports();
}

TEST_F(LiveTest, TheSnapshotOfOneInstantIsShared) {
  const auto first = world_.live().Now();
  EXPECT_EQ(world_.live().Now(), first);
  world_.Store("web", {{t0_ - 1'000, kUp}});
  EXPECT_NE(world_.live().Now(), first);
}

TEST_F(LiveTest, ResultsUnderAnotherProvidersNameAreNotThoseOfTheCheck) {
  const std::vector<series::Sample> samples = {{t0_ - 1'000, kDown}};
  world_.live().OnResults(ProviderId("south"), CheckId("web"), samples);
  EXPECT_EQ(world_.StatusOf("portal").state, sla::State::kUnknown);
}

TEST_F(LiveTest, ANewTargetAndADeclarationAreSeenAtOnce) {
  world_.base.Store("ping", {{t0_ - 2'000, kUp}});
  v1::Contract contract;
  contract.set_id("either");
  contract.set_basis("either");
  world_.Record({world_.base.Entry("contract", contract),
                 world_.base.Entry("target", world_.base.Target("a", "either")),
                 world_.base.Entry("check", world_.base.Check("ping", "a", -1))});
  EXPECT_EQ(world_.StatusOf("a").state, sla::State::kUp);
  world_.Record({world_.base.Incident("i-1", "a", t0_ - 1'000, std::nullopt, ledger::Impact::kDegraded)});
  EXPECT_EQ(world_.StatusOf("a").state, sla::State::kDegraded);
  EXPECT_EQ(world_.StatusOf("a").since_ms, t0_ - 1'000);
}

TEST_F(LiveTest, WhatArrivesWhileSnapshotsAreMadeIsNotLost) {
  world_.SetNow(t0_ + kHour);
  std::thread writer([this] {
    for (int i = 0; i < 400; ++i) {
      const int64_t late_ms = i % 7 == 0 ? 90'000 : 0;
      world_.Store("web", {{t0_ + i * 5'000 - late_ms + i, i % 3 == 0 ? kDown : kUp}});
    }
  });
  for (int i = 0; i < 200; ++i) world_.live().Now();
  writer.join();
  world_.ExpectEqualsReports();
}

// Random operations; the live state must equal a report made from scratch after every few of them.
class RandomWorld {
 public:
  explicit RandomWorld(uint64_t seed) : random_(seed) {
    now_ms_ = Ms("2025-01-31 20:00:00") + Pick(0, 600) * kMinute;
    world_.SetNow(now_ms_);
    BuildCatalogue();
    world_.Start();
  }

  void Run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(StrCat("step ", i, " ", Step()));
      if (Pick(0, 3) == 0) world_.ExpectEqualsReports();
    }
    world_.ExpectEqualsReports();
  }

 private:
  static constexpr int kChecks = 5;

  int64_t Pick(int64_t low, int64_t high) { return low + static_cast<int64_t>(random_() % (high - low + 1)); }
  double State() {
    const double states[] = {kUp, kUp, kDegraded, kDown, kDown, kStale, 3};
    return states[Pick(0, 6)];
  }
  std::string Check() { return StrCat("c", Pick(0, kChecks - 1)); }

  v1::Contract Contract(int index) {
    v1::Contract contract;
    contract.set_id(StrCat("k", index));
    contract.set_basis(std::vector<std::string>{"observed", "declared", "either", "both"}[Pick(0, 3)]);
    contract.set_degraded_counts_as(Pick(0, 1) == 0 ? "up" : "down");
    contract.set_time_zone(Pick(0, 1) == 0 ? "Asia/Shanghai" : "America/New_York");
    if (Pick(0, 1) == 0) contract.mutable_min_outage()->set_seconds(Pick(1, 300) * 60);
    if (Pick(0, 2) == 0) {
      v1::WeeklyHours& hours = *contract.mutable_service_hours()->add_weekly();
      for (const char* day : {"mon", "tue", "thu", "sat"}) hours.add_days(day);
      hours.set_open("07:30");
      hours.set_close("21:00");
      contract.mutable_service_hours()->add_closed_dates("2025-02-04");
    }
    if (Pick(0, 1) == 0) contract.mutable_maintenance()->mutable_notice()->set_seconds(Pick(0, 2) * 86'400);
    if (Pick(0, 1) == 0) contract.mutable_maintenance()->mutable_cap_per_month()->set_seconds(Pick(0, 50) * 3'600);
    if (Pick(0, 1) == 0) {
      for (const auto& [below, credit] : {std::pair(999'000, 100'000), std::pair(900'000, 1'000'000)}) {
        v1::CreditTier& tier = *contract.add_credits();
        tier.set_below_ppm(below);
        tier.set_credit_ppm(credit);
      }
    }
    if (Pick(0, 3) == 0) contract.set_effective_from(StrCat("2025-0", Pick(1, 5)));
    return contract;
  }
  ledger::NewFact CheckFact(int index) {
    const int64_t holds_ms[] = {-1, 1, 10 * kMinute, 3 * kHour};
    return world_.base.Entry(
        "check", world_.base.Check(StrCat("c", index), "", holds_ms[Pick(0, 3)], static_cast<int>(Pick(1, 3))));
  }
  void BuildCatalogue() {
    std::vector<ledger::NewFact> facts;
    for (int i = 0; i < 3; ++i) facts.push_back(world_.base.Entry("contract", Contract(i)));
    for (int i = 0; i < kChecks; ++i) facts.push_back(CheckFact(i));
    for (int i = 0; i < 3; ++i) {
      v1::Target target = world_.base.Target(StrCat("t", i), StrCat("k", i));
      for (int64_t n = Pick(1, 3); n > 0; --n) target.add_inputs()->set_check(Check());
      if (i > 0) target.add_inputs()->set_target(StrCat("t", i - 1));
      target.set_down_when(std::vector<std::string>{"any", "all", "majority", "2"}[Pick(0, 3)]);
      if (Pick(0, 1) == 0) target.set_monthly_fee_fen(Pick(0, 1'000'000));
      facts.push_back(world_.base.Entry("target", target));
    }
    world_.base.Record(facts);
  }

  std::string StoreSome(int64_t from_ms, int64_t to_ms) {
    const std::string check = Check();
    std::vector<series::Sample> samples;
    for (int64_t n = Pick(1, 6); n > 0; --n) samples.push_back({Pick(from_ms / 1000, to_ms / 1000) * 1000, State()});
    if (Pick(0, 1) == 0)
      std::sort(samples.begin(), samples.end(), [](auto& a, auto& b) { return a.time_ms < b.time_ms; });
    std::ostringstream text;
    for (const series::Sample& sample : samples) text << " " << sample.time_ms << "=" << sample.value;
    world_.Store(check, samples);
    last_ = {check, samples};
    return check + text.str();
  }

  std::string Step() {
    switch (Pick(0, 14)) {
      case 0:
      case 1:
      case 2:
      case 3: {  // results as they come in
        const int64_t from_ms = now_ms_;
        Advance(Pick(1, 60) * kMinute);
        return StrCat("in order ", StoreSome(from_ms, now_ms_));
      }
      case 4:
        return StrCat("late ", StoreSome(now_ms_ - Pick(1, 40) * kDay, now_ms_));
      case 5:
        return StrCat("ahead ", StoreSome(now_ms_, now_ms_ + 3 * kHour));
      case 6:
        if (!last_.second.empty()) world_.Store(last_.first, last_.second);
        return "twice";
      case 7: {
        const int64_t start_ms = now_ms_ - Pick(-100, 20'000) * kMinute;
        const auto end_ms = Pick(0, 2) == 0 ? std::nullopt : std::optional(start_ms + Pick(1, 5'000) * kMinute);
        world_.Record({world_.base.Incident(StrCat("i", Pick(0, 3)), StrCat("t", Pick(0, 2)), start_ms, end_ms,
                                            static_cast<ledger::Impact>(Pick(1, 3)), Pick(0, 4) == 0)});
        return "declaration";
      }
      case 8:
        world_.Record({CheckFact(static_cast<int>(Pick(0, kChecks - 1)))});
        return "another rule";
      case 9:
        Advance(Pick(1, 24) * kHour);
        return "time passes";
      case 10: {
        const int64_t start_ms = now_ms_ - Pick(-20'000, 20'000) * kMinute;
        world_.Record({world_.base.Ruling(StrCat("r", Pick(0, 3)), StrCat("t", Pick(0, 2)),
                                          {start_ms, start_ms + Pick(1, 9'000) * kMinute},
                                          static_cast<ledger::RulingState>(Pick(1, 3)), Pick(0, 4) == 0)});
        return "ruling";
      }
      case 11: {
        const int64_t start_ms = now_ms_ - Pick(-20'000, 20'000) * kMinute;
        const auto told_ms = Pick(0, 3) == 0 ? std::nullopt : std::optional(start_ms - Pick(0, 72) * kHour);
        const auto off_ms = Pick(0, 3) == 0 ? std::optional(start_ms - Pick(-1, 1)) : std::nullopt;
        const ledger::Scope scopes[] = {{ledger::ScopeKind::kTarget, StrCat("t", Pick(0, 2))},
                                        {ledger::ScopeKind::kProvider, "north"}};
        world_.Record({world_.base.Maintenance(StrCat("m", Pick(0, 3)), scopes[Pick(0, 1)],
                                               {start_ms, start_ms + Pick(1, 9'000) * kMinute}, told_ms, off_ms)});
        return "maintenance";
      }
      case 12:
        world_.Record({world_.base.Entry("contract", Contract(static_cast<int>(Pick(0, 2))))});
        return "another contract";
      case 13:
        Advance(Pick(0, 3) == 0 ? Pick(20, 70) * kDay : kMinute);
        return "months pass";
      default:
        Advance(-Pick(1, 90) * kMinute);
        return "the clock is set back";
    }
  }
  void Advance(int64_t by_ms) {
    now_ms_ += by_ms;
    world_.SetNow(now_ms_);
  }

  std::mt19937_64 random_;
  LiveWorld world_;
  int64_t now_ms_ = 0;
  std::pair<std::string, std::vector<series::Sample>> last_;
};

TEST(LiveProperty, EqualsReportsMadeFromScratch) {
  const char* seed = std::getenv("NINES_SEED");
  const char* cases = std::getenv("NINES_CASES");
  const uint64_t first = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
  const uint64_t last = first + (cases != nullptr ? std::strtoull(cases, nullptr, 10) : 40);
  for (uint64_t i = first; i < last && !testing::Test::HasFailure(); ++i) {
    SCOPED_TRACE(StrCat("to repeat: NINES_CASES=1 NINES_SEED=", i));
    RandomWorld(i).Run(80);
  }
}

}  // namespace
}  // namespace nines::live
