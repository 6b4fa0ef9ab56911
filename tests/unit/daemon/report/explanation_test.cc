#include "daemon/report/explanation.h"

#include <gmock/gmock.h>

#include <ostream>

#include "daemon/report/report.h"
#include "tests/unit/daemon/report/supervised_world.h"

namespace nines::report {

// "− maintenance 7200000 changes/m-1 #9"
void PrintTo(const Step& step, std::ostream* out) {
  *out << static_cast<int>(step.kind) << ' ' << step.rule << ' ' << (step.state ? sla::StateName(*step.state) : "")
       << ' ' << step.ms << ' ' << step.fact_name;
}

namespace {

constexpr int64_t kHourMs = 3'600'000;

MATCHER_P4(IsStep, kind, rule, ms, fact, "") {
  return arg.kind == kind && arg.rule == rule && arg.ms == ms && arg.fact_name == fact;
}

class ExplanationTest : public testing::Test {
 protected:
  ExplanationTest() {
    SetNow("2024-12-01 00:00:00");
    v1::Contract contract;
    contract.set_id("gold");
    contract.set_basis("either");
    v1::Target target = world_.Target("portal", "gold");
    target.mutable_in_service_from()->set_seconds(Ms("2025-01-02 00:00:00") / 1000);
    world_.Record({world_.Entry("contract", contract), world_.Entry("target", target),
                   world_.Entry("check", world_.Check("web", "portal", 12 * kHourMs))});
    std::vector<series::Sample> samples;
    for (int64_t time_ms = Ms("2025-01-01 00:00:00"); time_ms < Ms("2025-02-01 00:00:00"); time_ms += kHourMs) {
      samples.push_back({time_ms, kUp});
    }
    world_.Store("web", samples);
    SetNow("2025-03-01 00:00:00");
    Down("2025-01-10 00:00:00", "2025-01-10 05:00:00");
    const ledger::Scope scope = {ledger::ScopeKind::kTarget, "portal"};
    world_.Record({world_.Maintenance("good", scope, Span("10 00", "10 02"), Ms("2025-01-01 00:00:00")),
                   world_.Maintenance("late", scope, Span("10 02", "10 03"), Ms("2025-01-09 23:00:00")),
                   world_.Ruling("r-1", "portal", Span("10 03", "10 04"), ledger::RulingState::kUp),
                   world_.Incident("i-1", "portal", Ms("2025-01-20 00:00:00"), Ms("2025-01-20 01:00:00"))});
  }
  void SetNow(std::string_view time) { world_.clock.SetWall(absl::FromUnixMillis(Ms(time))); }
  void Down(std::string_view from, std::string_view to) {
    std::vector<series::Sample> samples;
    for (int64_t time_ms = Ms(from); time_ms < Ms(to); time_ms += kHourMs) samples.push_back({time_ms, kDown});
    world_.Store("web", samples);
  }
  // "10 02" is two o'clock on 10 January.
  static Interval Span(const std::string& from, const std::string& to) {
    return {Ms("2025-01-" + from + ":00:00"), Ms("2025-01-" + to + ":00:00")};
  }
  InstantExplanation At(std::string_view time) { return Must(reporter_.ExplainAt(Ms(time), TargetId("portal"))); }

  SupervisedWorld world_;
  Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
};

TEST_F(ExplanationTest, FromThePeriodToGoodAndBadTime) {
  const AccountExplanation explained = Must(reporter_.Explain({PeriodKind::kMonth, "2025-01", {}}, TargetId("portal")));
  // 744 h: a day not in service, 2 h of maintenance; 3 h are down where one of them is ruled up; 1 h is declared.
  EXPECT_THAT(
      explained.steps,
      testing::ElementsAre(
          IsStep(StepKind::kTotal, "period", 744 * kHourMs, ""),
          IsStep(StepKind::kTaken, "not in service", 24 * kHourMs, "portal"),
          IsStep(StepKind::kTaken, "maintenance", 2 * kHourMs, "changes/good"),
          IsStep(StepKind::kTotal, "scheduled", 718 * kHourMs, ""),
          IsStep(StepKind::kPart, "ruling", 1 * kHourMs, "r-1"), IsStep(StepKind::kPart, "observed", 714 * kHourMs, ""),
          IsStep(StepKind::kPart, "declared", 1 * kHourMs, "tickets/i-1"),
          IsStep(StepKind::kPart, "observed", 2 * kHourMs, ""), IsStep(StepKind::kTotal, "good", 715 * kHourMs, ""),
          IsStep(StepKind::kTotal, "bad", 3 * kHourMs, ""), IsStep(StepKind::kTotal, "unknown", 0, ""),
          IsStep(StepKind::kTotal, "counted as good", 715 * kHourMs, ""),
          IsStep(StepKind::kTotal, "counted as bad", 3 * kHourMs, ""),
          IsStep(StepKind::kNote, "maintenance not excluded: announced late", 1 * kHourMs, "changes/late")));
}

TEST_F(ExplanationTest, AnInstantHasItsStateReasonAndEvidence) {
  const InstantExplanation late = At("2025-01-10 02:30:00");
  EXPECT_EQ(late.state, sla::State::kDown);
  EXPECT_EQ(late.reason, "observed");
  ASSERT_EQ(late.checks.size(), 1u);
  EXPECT_EQ(late.checks[0].state, sla::State::kDown);
  EXPECT_EQ(late.checks[0].result->time_ms, Ms("2025-01-10 02:00:00"));
  EXPECT_EQ(late.facts.at(0).name, "changes/late");
  EXPECT_EQ(late.facts.at(0).says, "not excluded: announced late");
  EXPECT_EQ(late.facts.at(1).kind, "contract");

  const InstantExplanation planned = At("2025-01-10 00:00:00");
  EXPECT_EQ(planned.state, sla::State::kExcluded);
  EXPECT_EQ(planned.observed, sla::State::kDown);
  EXPECT_EQ(planned.reason, "maintenance");
  EXPECT_EQ(planned.facts.at(0).name, "changes/good");

  EXPECT_EQ(At("2025-01-10 03:30:00").reason, "ruling");
  EXPECT_EQ(At("2025-01-10 03:30:00").state, sla::State::kUp);
  const InstantExplanation declared = At("2025-01-20 00:59:59.999");
  EXPECT_EQ(declared.reason, "declared");
  EXPECT_EQ(declared.state, sla::State::kDown);
  EXPECT_EQ(declared.facts.at(0).name, "tickets/i-1");
  EXPECT_EQ(At("2025-01-01 10:00:00").reason, "not in service");
  EXPECT_EQ(At("2025-01-01 10:00:00").facts.at(0).kind, "target");
  const InstantExplanation silent = At("2025-02-10 00:00:00");
  EXPECT_EQ(silent.reason, "no result");
  EXPECT_EQ(silent.checks.at(0).result->time_ms, Ms("2025-01-31 23:00:00"));
}

TEST_F(ExplanationTest, WhatCannotBeExplainedIsRefused) {
  EXPECT_THAT(std::string(reporter_.ExplainAt(Ms("2025-03-01 00:00:00"), TargetId("portal")).status().message()),
              testing::HasSubstr("before now"));
  EXPECT_THAT(std::string(reporter_.ExplainAt(Ms("2025-02-01 00:00:00"), TargetId("protal")).status().message()),
              testing::HasSubstr("'protal'"));
}

}  // namespace
}  // namespace nines::report
