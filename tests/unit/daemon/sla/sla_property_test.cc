#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/model/seeded_cases.h"
#include "tests/unit/daemon/sla/drawn_world.h"

// Properties of the calculus over drawn worlds, 10 000 each; NINES_SEED and NINES_CASES choose others. Whether the
// calculus says what SLA.md says is asked elsewhere: tests/model compares it with a naive one.
namespace nines::sla {
namespace {

using drawn::Counted;
using drawn::CountedOf;
using drawn::Drawing;
using drawn::DrawnCheck;
using drawn::DrawnWorld;

constexpr int64_t kPropertyCases = 10'000;

Interval PeriodIn(const DrawnWorld& world, drawn::Dice& dice) {
  const int64_t start_ms = dice.Pick(world.window.start_ms, world.window.end_ms - 1);
  return {start_ms, dice.Pick(start_ms + 1, world.window.end_ms)};
}

// Calls visit(time_ms) once for every stretch of time in which neither the timelines nor the contract change.
template <typename Visit>
void VisitPieces(ContractTerms terms, const std::vector<const Timeline*>& timelines, const Visit& visit) {
  std::vector<int64_t> starts;
  for (const Term& term : terms) starts.push_back(term.from_ms);
  for (const Timeline* timeline : timelines) {
    for (const Span& span : *timeline) starts.push_back(span.start_ms);
  }
  std::sort(starts.begin(), starts.end());
  starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
  for (const int64_t time_ms : starts) visit(time_ms);
}

TEST(SlaPartition, EveryMillisecondIsInExactlyOneClass) {
  ForEachCase(
      [](std::mt19937_64& random) {
        Drawing drawing(random);
        const DrawnWorld world = drawing.World();
        const Counted counted = CountedOf(world);
        const std::vector<Term> terms = world.target.Terms();
        int64_t reached_ms = world.window.start_ms;
        for (size_t i = 0; i < counted.accounted.size(); ++i) {
          const Span& span = counted.accounted[i];
          ASSERT_EQ(span.start_ms, reached_ms);
          ASSERT_LT(span.start_ms, span.end_ms);
          ASSERT_TRUE(i == 0 || span.state != counted.accounted[i - 1].state);
          reached_ms = span.end_ms;
        }
        ASSERT_EQ(reached_ms, std::min(world.window.end_ms, world.now_ms));
        const Interval period = PeriodIn(world, drawing.dice());
        const Assessment assessment = Assess(counted.accounted, period, terms, world.now_ms, 0);
        const Account& account = assessment.account;
        EXPECT_EQ(account.total_ms(), Interval({period.start_ms, std::min(period.end_ms, world.now_ms)}).length_ms());
        for (const int64_t part : {account.up_ms, account.degraded_ms, account.down_ms, account.unknown_ms}) {
          EXPECT_GE(part, 0);
        }
        EXPECT_EQ(account.excluded_ms, ExcludedMs(counted.overrides, assessment.period));
        EXPECT_EQ(assessment.good_ms + assessment.bad_ms + assessment.unknown_ms, account.scheduled_ms());
        int64_t in_outages_ms = 0;
        for (const Outage& outage : assessment.outages) in_outages_ms += outage.inside.length_ms();
        EXPECT_EQ(in_outages_ms, assessment.bad_ms);
      },
      kPropertyCases);
}

// Each part by itself: its own exclusions, as if nothing else had been asked for.
Assessment AssessmentOfPart(const DrawnWorld& world, const Counted& counted, Interval part) {
  const std::vector<Term> terms = world.target.Terms();
  const Timeline accounted =
      ApplyOverrides(Clip(counted.counted, part), OverridesOf(world.target.exclusions, terms, part));
  return Assess(accounted, part, terms, world.now_ms, 0);
}

TEST(SlaAdditivity, AnyCutAddsUpToTheWhole) {
  ForEachCase(
      [](std::mt19937_64& random) {
        Drawing drawing(random);
        const DrawnWorld world = drawing.World();
        const Counted counted = CountedOf(world);
        const Interval period = PeriodIn(world, drawing.dice());
        const Assessment whole = Assess(counted.accounted, period, world.target.Terms(), world.now_ms, 0);
        Assessment sum;
        for (int64_t from_ms = period.start_ms; from_ms < period.end_ms;) {
          // Where something begins, or anywhere.
          int64_t to_ms = drawing.dice().OneIn(2) ? drawing.Time() : drawing.dice().Pick(from_ms + 1, period.end_ms);
          if (to_ms <= from_ms || to_ms > period.end_ms) to_ms = period.end_ms;
          const Assessment part = AssessmentOfPart(world, counted, {from_ms, to_ms});
          sum.account += part.account;
          sum.good_ms += part.good_ms;
          sum.bad_ms += part.bad_ms;
          sum.counted_good_ms += part.counted_good_ms;
          sum.counted_bad_ms += part.counted_bad_ms;
          from_ms = to_ms;
        }
        EXPECT_EQ(sum.account, whole.account);
        EXPECT_EQ(sum.good_ms, whole.good_ms);
        EXPECT_EQ(sum.bad_ms, whole.bad_ms);
        EXPECT_EQ(sum.counted_good_ms, whole.counted_good_ms);
        EXPECT_EQ(sum.counted_bad_ms, whole.counted_bad_ms);
      },
      kPropertyCases);
}

// Of one time only one result, so that no order of recording decides.
void LeaveOneResultATime(DrawnWorld& world) {
  for (DrawnCheck& check : world.checks) check.recorded = SortResults(std::move(check.recorded));
}

template <typename T>
void Repeat(std::vector<T>& all, drawn::Dice& dice) {
  for (size_t i = all.size(); i-- > 0;) {
    if (dice.OneIn(3)) all.push_back(T(all[i]));
  }
}

// Of overlapping rulings the one recorded last decides: they are repeated where they stand.
void RepeatRulings(std::vector<Ruling>& rulings, drawn::Dice& dice) {
  for (size_t i = rulings.size(); i-- > 0;) {
    const Ruling again = rulings[i];
    if (dice.OneIn(2)) rulings.insert(rulings.begin() + static_cast<ptrdiff_t>(i), again);
  }
}

TEST(SlaOrder, OrderAndDuplicationChangeNothing) {
  ForEachCase(
      [](std::mt19937_64& random) {
        Drawing drawing(random);
        drawn::Dice& dice = drawing.dice();
        DrawnWorld world = drawing.World();
        LeaveOneResultATime(world);
        const Counted before = CountedOf(world);
        for (DrawnCheck& check : world.checks) {
          Repeat(check.recorded, dice);
          dice.Shuffle(check.recorded);
        }
        Repeat(world.declarations, dice);
        dice.Shuffle(world.declarations);
        std::vector<drawn::DrawnTarget*> targets = {&world.target};
        for (drawn::DrawnTarget& inner : world.inner) targets.push_back(&inner);
        for (drawn::DrawnTarget* target : targets) {
          Repeat(target->exclusions.maintenance, dice);
          dice.Shuffle(target->exclusions.maintenance);
          RepeatRulings(target->exclusions.rulings, dice);
        }
        const Counted after = CountedOf(world);
        EXPECT_EQ(after.observed, before.observed);
        EXPECT_EQ(after.declared, before.declared);
        EXPECT_EQ(after.accounted, before.accounted);
      },
      kPropertyCases);
}

// Takes results in the order in which they arrive, and begins again where one is late.
CheckTrack TrackOf(const std::vector<Result>& arriving, const CheckRule& rule) {
  CheckTrack track(rule);
  std::vector<Result> so_far;
  for (const Result& result : arriving) {
    so_far.push_back(result);
    if (track.Add(result) == CheckTrack::Added::kInOrder) continue;
    track = CheckTrack(rule);
    for (const Result& each : SortResults(so_far)) {
      EXPECT_EQ(track.Add(each), CheckTrack::Added::kInOrder);
    }
  }
  return track;
}

TEST(SlaLate, LateIsAsGoodAsOnTime) {
  ForEachCase(
      [](std::mt19937_64& random) {
        Drawing drawing(random);
        drawn::Dice& dice = drawing.dice();
        DrawnWorld world = drawing.World();
        LeaveOneResultATime(world);
        const Counted on_time = CountedOf(world);
        // Some arrive long after their time, when others have come; facts after all of the results.
        const int64_t delay_max_ms = world.window.length_ms() / 3;
        std::vector<CheckTrack> tracks;
        for (const DrawnCheck& check : world.checks) {
          std::vector<std::pair<int64_t, Result>> arrivals;
          for (const Result& result : check.recorded) {
            arrivals.emplace_back(result.time_ms + (dice.OneIn(3) ? dice.Pick(0, delay_max_ms) : 0), result);
          }
          std::stable_sort(arrivals.begin(), arrivals.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; });
          std::vector<Result> arriving;
          for (const auto& [arrival_ms, result] : arrivals) arriving.push_back(result);
          tracks.push_back(TrackOf(arriving, check.rule));
        }
        std::vector<CheckInput> inputs;
        for (const CheckTrack& track : tracks) inputs.push_back(track.input());
        dice.Shuffle(world.declarations);
        dice.Shuffle(world.target.exclusions.maintenance);
        const Counted late = CountedOf(world, inputs);
        EXPECT_EQ(late.observed, on_time.observed);
        EXPECT_EQ(late.accounted, on_time.accounted);
      },
      kPropertyCases);
}

// Where a contract lets unknown time look better than what it hides, as SLA.md has it; docs/sla.md tells of both. It
// may nowhere else.
bool MayLookBetter(const Contract& contract, State observed_before, State observed_after, State declared) {
  const bool degraded_is_good = contract.degraded_counts_as == DegradedCountsAs::kUp;
  // A declared degraded stands alone where the worse that was observed is gone.
  const bool declared_stands = contract.basis == Basis::kEither && degraded_is_good && declared == State::kDegraded &&
                               observed_before == State::kDown && observed_after == State::kUnknown;
  // An input that was degraded no longer shows among others that are up.
  const bool no_longer_shows = !degraded_is_good && observed_before == State::kDegraded && observed_after == State::kUp;
  return declared_stands || no_longer_shows;
}

bool IsGood(State state, const Contract& contract) {
  return state == State::kUp || (state == State::kDegraded && contract.degraded_counts_as == DegradedCountsAs::kUp);
}

// Something that was seen of one check is no longer known.
void HideSome(DrawnWorld& world, Drawing& drawing) {
  DrawnCheck& check = world.checks[static_cast<size_t>(drawing.dice().Pick(0, std::ssize(world.checks) - 1))];
  if (drawing.dice().OneIn(3)) {
    check.rule.hold_ms = std::min(check.rule.hold_ms, drawing.dice().Pick(0, world.window.length_ms()));
    return;
  }
  const int64_t time_ms = drawing.Time();
  const bool taken = std::any_of(check.recorded.begin(), check.recorded.end(),
                                 [&](const Result& result) { return result.time_ms == time_ms; });
  if (!taken) check.recorded.push_back({time_ms, ResultState::kStale});
}

TEST(SlaUnknown, AFurtherUnknownNeverRaisesTheLowerBound) {
  int64_t lowered = 0;
  ForEachCase(
      [&](std::mt19937_64& random) {
        Drawing drawing(random);
        DrawnWorld world = drawing.World();
        if (world.checks.empty()) return;
        const std::vector<Term> terms = world.target.Terms();
        const Counted before = CountedOf(world);
        HideSome(world, drawing);
        const Counted after = CountedOf(world);
        bool may_look_better = false;
        const std::vector<const Timeline*> timelines = {&before.observed, &after.observed, &before.accounted,
                                                        &after.accounted, &after.declared};
        VisitPieces(terms, timelines, [&](int64_t time_ms) {
          const Contract& contract = ContractAt(terms, time_ms);
          const bool better = IsGood(StateAt(after.accounted, time_ms), contract) &&
                              !IsGood(StateAt(before.accounted, time_ms), contract);
          if (!better) return;
          may_look_better = true;
          EXPECT_TRUE(MayLookBetter(contract, StateAt(before.observed, time_ms), StateAt(after.observed, time_ms),
                                    StateAt(after.declared, time_ms)))
              << "at " << time_ms;
        });
        const Interval period = PeriodIn(world, drawing.dice());
        const Assessment known = Assess(before.accounted, period, terms, world.now_ms, 0);
        const Assessment hidden = Assess(after.accounted, period, terms, world.now_ms, 0);
        ASSERT_EQ(hidden.lower.has_value(), known.lower.has_value());
        if (!known.lower.has_value() || may_look_better) return;
        EXPECT_EQ(hidden.lower->den, known.lower->den);
        EXPECT_LE(hidden.lower->num, known.lower->num);
        if (hidden.lower->num < known.lower->num) ++lowered;
      },
      kPropertyCases);
  EXPECT_GT(lowered, 0);
}

TEST(SlaMissing, AMissingInputNeverTurnsDownIntoUp) {
  int64_t no_longer_down = 0;
  ForEachCase(
      [&](std::mt19937_64& random) {
        Drawing drawing(random);
        DrawnWorld world = drawing.World();
        if (world.checks.empty()) return;
        const std::vector<Term> terms = world.target.Terms();
        const Counted before = CountedOf(world);
        world.checks[static_cast<size_t>(drawing.dice().Pick(0, std::ssize(world.checks) - 1))].recorded.clear();
        const Counted after = CountedOf(world);
        const std::vector<const Timeline*> timelines = {&before.observed, &after.observed, &before.accounted,
                                                        &after.accounted, &after.declared};
        VisitPieces(terms, timelines, [&](int64_t time_ms) {
          const State seen = StateAt(after.observed, time_ms);
          if (StateAt(before.observed, time_ms) == State::kDown) {
            EXPECT_TRUE(seen == State::kDown || seen == State::kUnknown) << "at " << time_ms;
            if (seen == State::kUnknown) ++no_longer_down;
          }
          if (StateAt(before.accounted, time_ms) != State::kDown) return;
          const State accounted = StateAt(after.accounted, time_ms);
          EXPECT_NE(accounted, State::kUp) << "at " << time_ms;
          if (accounted != State::kDegraded) return;
          EXPECT_TRUE(ContractAt(terms, time_ms).basis == Basis::kEither && seen == State::kUnknown &&
                      StateAt(after.declared, time_ms) == State::kDegraded)
              << "at " << time_ms;
        });
      },
      kPropertyCases);
  EXPECT_GT(no_longer_down, 0);
}

}  // namespace
}  // namespace nines::sla
