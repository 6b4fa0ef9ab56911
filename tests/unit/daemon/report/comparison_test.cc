#include "daemon/report/comparison.h"

#include <gmock/gmock.h>

#include <ostream>

#include "tests/unit/daemon/report/supervised_world.h"

// Declared against observed, with figures worked out by hand.
namespace nines::report {

void PrintTo(const ComparedTime& time, std::ostream* out) {
  *out << time.observed_down_ms << ' ' << time.observed_degraded_ms << ' ' << time.observed_unknown_ms << ' '
       << time.declared_down_ms << ' ' << time.declared_degraded_ms << ' ' << time.observed_not_declared_ms << ' '
       << time.declared_not_observed_ms << ' ' << time.observed_not_declared_excluded_ms << ' '
       << time.declared_not_observed_excluded_ms;
}

namespace {

constexpr int64_t kHours = 3'600'000;

MATCHER_P5(IsSpan, kind, start, end, observed, declared, "") {
  return arg.kind == kind && arg.interval == Interval{Ms(start), Ms(end)} && arg.observed == observed &&
         arg.declared == declared;
}

// January 2025 of `portal`: down on the 10th from 0 to 10 o'clock, silent on the 20th from 0 to 2. What was declared:
//   T-1  10th  2 to 6    down      told at 5, when it was still going on
//   T-2  20th  1 to 3    down      recorded five days later, and said to have been told at half past one
//   T-3  10th  7 to 8    degraded  told ten minutes after its start
// Planned maintenance, announced in time, on the 10th from 8 to 9.
class ComparisonTest : public testing::Test {
 protected:
  ComparisonTest() {
    SetNow("2024-12-01 00:00:00");
    world_.Record(
        {world_.Entry("target", world_.Target("portal")), world_.Entry("check", world_.Check("web", "portal", -1))});
    world_.Store("web", {{Ms("2024-12-01 00:00:00"), kUp},
                         {Ms("2025-01-10 00:00:00"), kDown},
                         {Ms("2025-01-10 10:00:00"), kUp},
                         {Ms("2025-01-20 00:00:00"), kStale},
                         {Ms("2025-01-20 02:00:00"), kUp}});
    world_.Record(
        {world_.Maintenance("m-1", {ledger::ScopeKind::kTarget, "portal"},
                            {Ms("2025-01-10 08:00:00"), Ms("2025-01-10 09:00:00")}, Ms("2025-01-01 00:00:00"))});
    // Known before, but not as an outage.
    Tell("2025-01-10 03:00:00", Outage("T-1", "2025-01-10 02:00:00", std::nullopt, ledger::Impact::kNone));
    Tell("2025-01-10 05:00:00", Outage("T-1", "2025-01-10 02:00:00", std::nullopt));
    t1_told_ = world_.ledger->LastPosition();
    Tell("2025-01-10 07:10:00", Outage("T-3", "2025-01-10 07:00:00", "2025-01-10 08:00:00", ledger::Impact::kDegraded));
    Tell("2025-01-10 12:00:00", Outage("T-1", "2025-01-10 02:00:00", "2025-01-10 06:00:00"));
    ledger::NewFact late = Outage("T-2", "2025-01-20 01:00:00", "2025-01-20 03:00:00");
    std::get<ledger::Declaration>(late.body).told_ms = Ms("2025-01-20 01:30:00");
    Tell("2025-01-25 00:00:00", late);
    // These play no part.
    Tell("2025-01-26 00:00:00", Outage("T-4", "2025-02-01 00:00:00", "2025-02-02 00:00:00"));
    Tell("2025-01-26 00:00:00", world_.Incident("T-5", "portal", Ms("2025-01-15 00:00:00"), Ms("2025-01-16 00:00:00"),
                                                ledger::Impact::kDown, /*withdrawn=*/true));
    SetNow("2025-02-01 00:00:00");
  }
  void SetNow(std::string_view time) { world_.clock.SetWall(absl::FromUnixMillis(Ms(time))); }
  void Tell(std::string_view when, const ledger::NewFact& fact) {
    SetNow(when);
    world_.Record({fact});
  }
  ledger::NewFact Outage(const std::string& id, std::string_view start, std::optional<std::string_view> end,
                         ledger::Impact impact = ledger::Impact::kDown) {
    return world_.Incident(id, "portal", Ms(start), end ? std::optional(Ms(*end)) : std::nullopt, impact);
  }
  Comparison January(const AsOf& as_of = {}) {
    return Must(reporter_.Compare({PeriodKind::kMonth, "2025-01", {}}, {}, "", 10, as_of));
  }

  SupervisedWorld world_;
  FactId t1_told_;
  Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
};

TEST_F(ComparisonTest, TheSpansThatDifferHaveTheirEvidence) {
  using sla::State;
  constexpr auto kNotDeclared = DifferenceKind::kObservedNotDeclared;
  constexpr auto kNotObserved = DifferenceKind::kDeclaredNotObserved;
  const Comparison january = January();
  const TargetComparison& portal = january.targets.at(0);
  ASSERT_THAT(portal.differences,
              testing::ElementsAre(
                  IsSpan(kNotDeclared, "2025-01-10 00:00:00", "2025-01-10 02:00:00", State::kDown, State::kUp),
                  IsSpan(kNotDeclared, "2025-01-10 06:00:00", "2025-01-10 07:00:00", State::kDown, State::kUp),
                  IsSpan(kNotDeclared, "2025-01-10 07:00:00", "2025-01-10 08:00:00", State::kDown, State::kDegraded),
                  IsSpan(kNotDeclared, "2025-01-10 08:00:00", "2025-01-10 10:00:00", State::kDown, State::kUp),
                  IsSpan(kNotObserved, "2025-01-20 01:00:00", "2025-01-20 02:00:00", State::kUnknown, State::kDown),
                  IsSpan(kNotObserved, "2025-01-20 02:00:00", "2025-01-20 03:00:00", State::kUp, State::kDown)));
  EXPECT_EQ(portal.time, (ComparedTime{.observed_down_ms = 10 * kHours,
                                       .observed_degraded_ms = 0,
                                       .observed_unknown_ms = 2 * kHours,
                                       .declared_down_ms = 6 * kHours,
                                       .declared_degraded_ms = kHours,
                                       .observed_not_declared_ms = 6 * kHours,
                                       .declared_not_observed_ms = 2 * kHours,
                                       .observed_not_declared_excluded_ms = kHours,
                                       .declared_not_observed_excluded_ms = 0}));

  const DifferenceSpan& first = portal.differences[0];
  ASSERT_EQ(first.checks.size(), 1u);
  EXPECT_EQ(first.checks[0].check, CheckId("web"));
  EXPECT_EQ(first.checks[0].state, State::kDown);
  EXPECT_EQ(first.checks[0].result->time_ms, Ms("2025-01-10 00:00:00"));
  EXPECT_TRUE(first.facts.empty());
  EXPECT_EQ(portal.differences[2].facts.at(0).name, "tickets/T-3");
  EXPECT_EQ(portal.differences[2].facts.at(0).says, "degraded");
  const DifferenceSpan& maintained = portal.differences[3];
  EXPECT_EQ(maintained.excluded_ms, kHours);
  ASSERT_EQ(maintained.facts.size(), 1u);
  EXPECT_EQ(maintained.facts[0].kind, "maintenance");
  EXPECT_EQ(maintained.facts[0].name, "changes/m-1");
  const DifferenceSpan& silent = portal.differences[4];
  EXPECT_EQ(silent.checks.at(0).state, State::kUnknown);
  EXPECT_EQ(silent.checks.at(0).result->state, sla::ResultState::kStale);
  ASSERT_EQ(silent.facts.size(), 1u);
  EXPECT_EQ(silent.facts[0].name, "tickets/T-2");
  EXPECT_EQ(world_.ledger->Get(silent.facts[0].fact)->recorded_ms, Ms("2025-01-25 00:00:00"));
}

TEST_F(ComparisonTest, EachBasisHasItsAccount) {
  const Comparison january = January();
  const TargetComparison& portal = january.targets.at(0);
  // Of 744 h one is excluded.
  const auto sums = [&](sla::Basis basis) {
    const sla::Assessment& assessment = portal.on_basis[static_cast<size_t>(basis)];
    EXPECT_EQ(assessment.account.excluded_ms, kHours);
    return std::tuple(assessment.good_ms / kHours, assessment.bad_ms / kHours, assessment.unknown_ms / kHours);
  };
  EXPECT_EQ(sums(sla::Basis::kObserved), std::tuple(732, 9, 2));
  EXPECT_EQ(sums(sla::Basis::kDeclared), std::tuple(737, 6, 0));
  EXPECT_EQ(sums(sla::Basis::kEither), std::tuple(731, 11, 1));
  EXPECT_EQ(sums(sla::Basis::kBoth), std::tuple(737, 5, 1));
  const ProviderComparison& north = january.providers.at(0);
  EXPECT_EQ(north.on_basis[0].breached, 1);
  EXPECT_EQ(north.on_basis[0].Percent(), "98.7854");  // 732 of 741 h
  EXPECT_EQ(north.on_basis[1].Percent(), "99.1924");  // 737 of 743 h
  EXPECT_EQ(north.worst[0], TargetId("portal"));

  // What the contract's basis comes to is what the report says.
  for (const sla::Basis basis : kBases) {
    v1::Contract contract;
    contract.set_id("c");
    contract.set_basis(std::string(sla::BasisName(basis)));
    contract.set_effective_from("2024-12");
    v1::Target target = world_.Target("portal", "c");
    target.set_effective_from("2024-12");
    world_.Record({world_.Entry("contract", contract), world_.Entry("target", target)});
    const TargetReport report = Must(reporter_.Build({PeriodKind::kMonth, "2025-01", {}}, {}, "", 10)).targets.at(0);
    const Comparison compared = January();
    EXPECT_EQ(compared.targets.at(0).on_basis[static_cast<size_t>(basis)].account, report.account);
    EXPECT_EQ(compared.targets.at(0).time.observed_not_declared_ms, report.observed_not_declared_ms);
    EXPECT_EQ(compared.targets.at(0).time.declared_not_observed_ms, report.declared_not_observed_ms);
  }
}

TEST_F(ComparisonTest, HowLateDeclarationsCame) {
  const Comparison january = January();
  const ProviderComparison& north = january.providers.at(0);
  EXPECT_EQ(north.declarations, 3u);
  // 3 h, 30 min, 10 min.
  EXPECT_EQ(north.told, (Lateness{.median_ms = kHours / 2, .longest_ms = 3 * kHours, .after_end = 0}));
  // 3 h, 4 d 23 h, 10 min: T-2 was recorded when it was over.
  EXPECT_EQ(north.recorded, (Lateness{.median_ms = 3 * kHours, .longest_ms = 119 * kHours, .after_end = 1}));
  const std::vector<ComparedDeclaration>& declarations = january.targets.at(0).declarations;
  ASSERT_EQ(declarations.size(), 3u);
  EXPECT_EQ(declarations[0].id, "tickets/T-3");
  EXPECT_EQ(declarations[1].id, "tickets/T-1");
  EXPECT_EQ(declarations[1].recorded_ms, Ms("2025-01-10 05:00:00")) << "when it was first told to be an outage";
  EXPECT_EQ(declarations[1].interval.end_ms, Ms("2025-01-10 06:00:00"));
  EXPECT_EQ(declarations[2].told_ms, Ms("2025-01-20 01:30:00"));
}

TEST_F(ComparisonTest, WhatConcernsSeveralTargetsCountsOnceForTheirProvider) {
  world_.Record(
      {world_.Entry("target", world_.Target("mail")), world_.Entry("check", world_.Check("smtp", "mail", -1))});
  ledger::Declaration all;
  all.source = "tickets";
  all.id = "T-9";
  all.scope = {ledger::ScopeKind::kProvider, "north"};
  all.start_ms = Ms("2025-01-31 23:00:00");
  all.impact = ledger::Impact::kDown;
  world_.Record({{"li", ProviderId(), all}});
  const Comparison january = January();
  ASSERT_EQ(january.targets.size(), 2u);
  EXPECT_EQ(january.targets[0].declarations.size(), 1u);
  EXPECT_EQ(january.targets[1].declarations.size(), 4u);
  const ProviderComparison& north = january.providers.at(0);
  EXPECT_EQ(north.targets, 2u);
  EXPECT_EQ(north.declarations, 4u);
  EXPECT_EQ(north.time.declared_down_ms, 8 * kHours);
  // 10 min, 1 h, 3 h, 119 h; it goes on, so that nobody can have told of it after its end.
  EXPECT_EQ(north.recorded, (Lateness{.median_ms = 2 * kHours, .longest_ms = 119 * kHours, .after_end = 1}));
}

TEST_F(ComparisonTest, PagesAndAsOfThen) {
  world_.Record({world_.Entry("target", world_.Target("mail"))});
  const Period january = {PeriodKind::kMonth, "2025-01", {}};
  const Comparison first = Must(reporter_.Compare(january, {}, "", 1));
  EXPECT_EQ(first.targets.at(0).target->id, TargetId("mail"));
  EXPECT_EQ(first.providers.at(0).targets, 2u);
  EXPECT_EQ(first.next_target, "portal");
  const Comparison second = Must(reporter_.Compare(january, {}, first.next_target, 1));
  EXPECT_EQ(second.targets.at(0).target->id, TargetId("portal"));
  EXPECT_TRUE(second.providers.empty());
  EXPECT_EQ(second.next_target, "");
  EXPECT_EQ(second.total, 2u);

  // T-1 alone had been told, and was going on.
  const Comparison then = January({.position = t1_told_, .time_ms = {}});
  EXPECT_EQ(then.targets.at(0).time.declared_down_ms, 526 * kHours);
  EXPECT_EQ(then.targets.at(0).time.observed_not_declared_ms, 2 * kHours);
  EXPECT_EQ(then.providers.at(0).declarations, 1u);
  EXPECT_EQ(then.providers.at(0).recorded->after_end, 0u);
  EXPECT_EQ(reporter_.Compare({PeriodKind::kMonth, "May", {}}, {}, "", 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace nines::report
