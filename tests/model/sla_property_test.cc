#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "daemon/sla/account.h"
#include "daemon/sla/target.h"
#include "tests/model/seeded_cases.h"
#include "tests/model/sla_naive.h"

// Properties of the calculus before exclusions, over random worlds.
namespace nines::sla {
namespace {

using naive::kFirst;
using naive::kForever;
using naive::kLast;
using naive::Pick;
using naive::World;

CheckRule RuleOf(const naive::Check& check) {
  return {.hold_ms = check.hold == kForever ? kUnlimitedHoldMs : check.hold, .down_after = check.down_after};
}

std::vector<Result> ResultsOf(const naive::Check& check) {
  std::vector<Result> results;
  for (const auto& [time, state] : check.recorded) results.push_back({time, state});
  return results;
}

InputNode NodeOf(const naive::Node& node) {
  if (node.kind == naive::Node::Kind::kCheck) return InputNode::Check(node.index);
  if (node.kind == naive::Node::Kind::kTarget) return InputNode::Computed(node.index);
  std::vector<InputNode> inputs;
  for (const naive::Node& input : node.inputs) inputs.push_back(NodeOf(input));
  return InputNode::Group(*ParseDownWhen(node.down_when), std::move(inputs));
}

Timeline TimelineOf(const std::vector<State>& states) {
  Timeline timeline;
  for (size_t at = 0; at < states.size(); ++at) {
    const int64_t time = kFirst + static_cast<int64_t>(at);
    AppendSpan(timeline, time, time + 1, states[at]);
  }
  return timeline;
}

Timeline CountedOf(const World& world) {
  std::vector<std::vector<ResultRun>> runs;
  for (const naive::Check& check : world.checks) runs.push_back(RunsOf(ResultsOf(check), RuleOf(check)));
  std::vector<CheckInput> inputs;
  for (size_t i = 0; i < runs.size(); ++i) inputs.push_back({runs[i], RuleOf(world.checks[i])});
  std::vector<Timeline> targets;
  for (const std::vector<State>& states : world.targets) targets.push_back(TimelineOf(states));
  std::vector<const Timeline*> computed;
  for (const Timeline& target : targets) computed.push_back(&target);
  std::vector<DeclaredSpan> declared;
  for (const naive::Declared& each : world.declared) {
    declared.push_back({{each.start, each.end == kForever ? kTimeMaxMs : each.end}, each.impact, ""});
  }
  return TimelinesOf(NodeOf(world.root), inputs, declared, world.contract, {kFirst, kLast}, world.now, computed)
      .counted;
}

TEST(SlaProperty, EqualsTheNaiveModel) {
  ForEachCase([](std::mt19937_64& random) {
    const World world = naive::RandomWorld(random);
    const Timeline counted = CountedOf(world);
    ASSERT_EQ(counted, TimelineOf(naive::CountedStates(world)));
    const Assessment assessment = Assess(counted, {world.start, world.end}, world.contract, world.now);
    naive::Outcome expected = naive::Assess(world);
    EXPECT_EQ(assessment.account.up_ms, expected.account[State::kUp]);
    EXPECT_EQ(assessment.account.degraded_ms, expected.account[State::kDegraded]);
    EXPECT_EQ(assessment.account.down_ms, expected.account[State::kDown]);
    EXPECT_EQ(assessment.account.unknown_ms, expected.account[State::kUnknown]);
    EXPECT_EQ(assessment.account.excluded_ms, 0);
    EXPECT_EQ(assessment.good_ms, expected.good);
    EXPECT_EQ(assessment.bad_ms, expected.bad);
    EXPECT_EQ(assessment.coverage_ppm, expected.coverage_ppm);
    EXPECT_EQ(VerdictName(assessment.verdict), expected.verdict);
    ASSERT_EQ(assessment.availability.has_value(), expected.availability.has_value());
    if (expected.availability.has_value()) {
      EXPECT_EQ(*assessment.availability, (Ratio{expected.availability->first, expected.availability->second}));
    }
    std::vector<std::pair<int64_t, int64_t>> outages;
    int64_t inside_ms = 0;
    for (const Outage& outage : assessment.outages) {
      outages.emplace_back(outage.whole.start_ms, outage.whole.end_ms);
      EXPECT_EQ(outage.open, outage.whole.end_ms == world.now);
      inside_ms += outage.inside.length_ms();
    }
    EXPECT_EQ(outages, expected.outages);
    EXPECT_EQ(inside_ms, expected.bad);
  });
}

TEST(SlaProperty, AnyWindowOfACheckEqualsTheNaiveModel) {
  ForEachCase([](std::mt19937_64& random) {
    const World world = naive::RandomWorld(random);
    for (const naive::Check& check : world.checks) {
      const Interval window = {world.start, std::min(world.end, world.now)};
      const Timeline part =
          CheckTimeline(RunsOf(ResultsOf(check), RuleOf(check)), RuleOf(check), {world.start, world.end}, world.now);
      EXPECT_EQ(part, Clip(TimelineOf(naive::CheckStates(check, world.now)), window));
    }
  });
}

TEST(SlaProperty, AccountsPartitionThePeriodAndAddUp) {
  ForEachCase([](std::mt19937_64& random) {
    const World world = naive::RandomWorld(random);
    const Timeline counted = CountedOf(world);
    const Interval period = {world.start, world.end};
    const Account whole = AccountOf(counted, period);
    EXPECT_EQ(whole.total_ms(), period.length_ms());
    Account sum;
    for (int64_t from = period.start_ms; from < period.end_ms;) {
      const int64_t to = Pick(random, from + 1, period.end_ms);
      sum += AccountOf(counted, {from, to});
      from = to;
    }
    EXPECT_EQ(sum, whole);
  });
}

TEST(SlaProperty, OrderAndDuplicatesOfResultsChangeNothing) {
  ForEachCase([](std::mt19937_64& random) {
    World world = naive::RandomWorld(random);
    for (naive::Check& check : world.checks) {
      // Of one time only one state, so that no order of recording decides.
      std::map<int64_t, ResultState> results(check.recorded.begin(), check.recorded.end());
      check.recorded.assign(results.begin(), results.end());
    }
    const Timeline in_order = CountedOf(world);
    for (naive::Check& check : world.checks) {
      const size_t results = check.recorded.size();
      for (size_t i = 0; i < results; ++i) {
        if (Pick(random, 0, 2) == 0) check.recorded.push_back(check.recorded[i]);
      }
      std::shuffle(check.recorded.begin(), check.recorded.end(), random);
    }
    std::shuffle(world.declared.begin(), world.declared.end(), random);
    if (!world.declared.empty()) world.declared.push_back(world.declared.front());
    EXPECT_EQ(CountedOf(world), in_order);
  });
}

TEST(SlaProperty, IncrementalEqualsRebuilt) {
  ForEachCase([](std::mt19937_64& random) {
    const World world = naive::RandomWorld(random);
    for (const naive::Check& check : world.checks) {
      CheckTrack track(RuleOf(check));
      std::vector<Result> so_far;
      for (const Result& result : ResultsOf(check)) {
        so_far.push_back(result);
        if (track.Add(result) == CheckTrack::Added::kLate) {
          track = CheckTrack(RuleOf(check));
          for (const Result& each : SortResults(so_far)) ASSERT_EQ(track.Add(each), CheckTrack::Added::kInOrder);
        }
        const int64_t now = Pick(random, kFirst, kLast);
        naive::Check known = check;
        known.recorded.resize(so_far.size());
        ASSERT_EQ(track.TimelineOver({kFirst, kLast}, now), TimelineOf(naive::CheckStates(known, now)));
      }
      EXPECT_EQ(track.runs().runs(), RunsOf(so_far, RuleOf(check)));
    }
  });
}

TEST(SlaProperty, MoreUnknownNeverRaisesTheLowerNorLowersTheUpperBound) {
  ForEachCase([](std::mt19937_64& random) {
    World world = naive::RandomWorld(random);
    if (world.checks.empty()) return;
    // A declaration stands in for unknown time, and an unknown input no longer shows as degraded: both are as SLA.md
    // has them, and another question.
    world.contract.basis = Basis::kObserved;
    world.contract.degraded_counts_as = DegradedCountsAs::kUp;
    const Interval period = {world.start, world.end};
    const Assessment before = Assess(CountedOf(world), period, world.contract, world.now);
    std::vector<std::pair<int64_t, ResultState>>& recorded =
        world.checks[Pick(random, 0, world.checks.size() - 1)].recorded;
    const int64_t time = Pick(random, kFirst, kLast);
    if (std::any_of(recorded.begin(), recorded.end(), [&](const auto& each) { return each.first == time; })) return;
    recorded.emplace_back(time, ResultState::kStale);
    const Assessment after = Assess(CountedOf(world), period, world.contract, world.now);
    ASSERT_EQ(after.lower.has_value(), before.lower.has_value());
    if (!before.lower.has_value()) return;
    EXPECT_LE(after.lower->num, before.lower->num);
    EXPECT_GE(after.unknown_ms, before.unknown_ms);
    // Beside unknown time min_outage lets a short outage stand that it forgave before.
    if (world.contract.min_outage_ms > 0) return;
    EXPECT_GE(after.upper->num, before.upper->num);
  });
}

}  // namespace
}  // namespace nines::sla
