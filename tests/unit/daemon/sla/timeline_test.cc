#include "daemon/sla/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/sla/declared.h"
#include "daemon/sla/target.h"

namespace nines::sla {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Timeline, AppendJoinsAndSkips) {
  Timeline timeline;
  AppendSpan(timeline, 5, 5, State::kUp);
  EXPECT_THAT(timeline, IsEmpty());
  AppendSpan(timeline, 5, 7, State::kUp);
  AppendSpan(timeline, 5, 9, State::kUp);
  AppendSpan(timeline, 5, 8, State::kDown);
  AppendSpan(timeline, 5, 12, State::kDown);
  EXPECT_THAT(timeline, ElementsAre(Span{5, 9, State::kUp}, Span{9, 12, State::kDown}));
}

TEST(Timeline, ClipAndStateAt) {
  const Timeline timeline = {{0, 10, State::kUp}, {10, 20, State::kDown}, {20, 30, State::kUp}};
  EXPECT_THAT(Clip(timeline, {10, 25}), ElementsAre(Span{10, 20, State::kDown}, Span{20, 25, State::kUp}));
  EXPECT_THAT(Clip(timeline, {-5, 1}), ElementsAre(Span{0, 1, State::kUp}));
  EXPECT_THAT(Clip(timeline, {30, 40}), IsEmpty());
  EXPECT_THAT(Clip(timeline, {15, 5}), IsEmpty());
  EXPECT_EQ(StateAt(timeline, 9), State::kUp);
  EXPECT_EQ(StateAt(timeline, 10), State::kDown);
  EXPECT_EQ(StateAt(timeline, 30), State::kUnknown);
  EXPECT_EQ(StateAt(timeline, -1), State::kUnknown);
}

TEST(CheckTimeline, AWindowInTheMiddleOfManyRuns) {
  RunBuilder builder({.hold_ms = 10, .down_after = 1});
  for (int64_t i = 0; i < 1'000; ++i) builder.Add({i * 100, i % 2 == 0 ? ResultState::kUp : ResultState::kDown});
  EXPECT_THAT(CheckTimeline(builder.runs(), builder.rule(), {50'005, 50'105}, kTimeMaxMs),
              ElementsAre(Span{50'005, 50'010, State::kUp}, Span{50'010, 50'100, State::kUnknown},
                          Span{50'100, 50'105, State::kDown}));
}

TEST(CheckTimeline, AnEmptyOrFutureWindowHasNoSpans) {
  EXPECT_THAT(CheckTimeline({}, {}, {5, 5}, 10), IsEmpty());
  EXPECT_THAT(CheckTimeline({}, {}, {5, 9}, 5), IsEmpty());
  EXPECT_THAT(CheckTimeline({}, {}, {5, 9}, 6), ElementsAre(Span{5, 6, State::kUnknown}));
}

TEST(DownWhen, ReadsAndWrites) {
  for (const char* text : {"any", "all", "majority", "1", "12"}) {
    EXPECT_EQ(DownWhenText(*ParseDownWhen(text)), text);
  }
  for (const char* text : {"", "0", "-1", "most", "1 of 2", "1.5", "99999999999"}) {
    EXPECT_FALSE(ParseDownWhen(text).ok()) << text;
  }
  EXPECT_EQ(ParseDownWhen("any")->Threshold(5), 1);
  EXPECT_EQ(ParseDownWhen("all")->Threshold(5), 5);
  EXPECT_EQ(ParseDownWhen("majority")->Threshold(5), 3);
  EXPECT_EQ(ParseDownWhen("majority")->Threshold(4), 3);
  EXPECT_EQ(ParseDownWhen("2")->Threshold(5), 2);
  EXPECT_EQ(ParseDownWhen("9")->Threshold(5), 5);
}

TEST(Combine, TimeThatAnInputDoesNotCoverOrExcludesIsUnknown) {
  const Timeline a = {{10, 20, State::kUp}, {20, 30, State::kExcluded}, {30, 40, State::kDown}};
  const Timeline* inputs[] = {&a};
  EXPECT_THAT(Combine(inputs, {}, {0, 50}),
              ElementsAre(Span{0, 10, State::kUnknown}, Span{10, 20, State::kUp}, Span{20, 30, State::kUnknown},
                          Span{30, 40, State::kDown}, Span{40, 50, State::kUnknown}));
  EXPECT_THAT(Combine(inputs, {}, {50, 50}), IsEmpty());
}

TEST(ObservedTimeline, UsesTheTimelinesOfOtherTargets) {
  const Timeline other = {{0, 5, State::kUp}, {5, 10, State::kDown}};
  const Timeline* computed[] = {&other};
  const InputNode root = InputNode::Group({}, {InputNode::Computed(0), InputNode::Computed(7)});
  EXPECT_THAT(ObservedTimeline(root, {}, {0, 20}, 10, computed),
              ElementsAre(Span{0, 5, State::kUnknown}, Span{5, 10, State::kDown}));
}

TEST(ApplyMinOutage, WantsGoodTimeOnBothSides) {
  const Timeline at_edges = {{0, 1, State::kDown}, {1, 5, State::kUp}, {5, 6, State::kDown}};
  EXPECT_EQ(ApplyMinOutage(at_edges, 10), at_edges);
  const Timeline between = {{0, 1, State::kUp}, {1, 3, State::kDown}, {3, 4, State::kUp}};
  EXPECT_THAT(ApplyMinOutage(between, 3), ElementsAre(Span{0, 4, State::kUp}));
  EXPECT_EQ(ApplyMinOutage(between, 2), between);
  const Timeline by_excluded = {{0, 1, State::kUp}, {1, 3, State::kDown}, {3, 4, State::kExcluded}};
  EXPECT_EQ(ApplyMinOutage(by_excluded, 3), by_excluded);
}

TEST(DeclaredTimeline, WorseOfOverlappingUpElsewhere) {
  const DeclaredSpan declarations[] = {{{5, 20}, State::kDegraded, "a"},
                                       {{10, 15}, State::kDown, "b"},
                                       {{30, kTimeMaxMs}, State::kDown, "c"},
                                       {{50, 60}, State::kDown, "beyond"}};
  EXPECT_THAT(DeclaredTimeline(declarations, {0, 40}),
              ElementsAre(Span{0, 5, State::kUp}, Span{5, 10, State::kDegraded}, Span{10, 15, State::kDown},
                          Span{15, 20, State::kDegraded}, Span{20, 30, State::kUp}, Span{30, 40, State::kDown}));
}

TEST(Difference, ListsWhereEitherIsWorse) {
  const Timeline observed = {{0, 10, State::kUp}, {10, 20, State::kDown}, {20, 30, State::kUnknown}};
  const Timeline declared = {
      {0, 5, State::kUp}, {5, 15, State::kDegraded}, {15, 25, State::kUp}, {25, 30, State::kDown}};
  const Difference difference = DifferenceOf(observed, declared);
  EXPECT_THAT(difference.observed_not_declared, ElementsAre(Interval{10, 20}));
  EXPECT_THAT(difference.declared_not_observed, ElementsAre(Interval{5, 10}, Interval{25, 30}));
}

TEST(Names, ReadAndWrite) {
  for (const char* name : {"unknown", "up", "degraded", "down", "excluded"}) {
    EXPECT_EQ(StateName(*ParseState(name)), name);
  }
  for (const char* name : {"up", "degraded", "down", "stale"}) {
    EXPECT_EQ(ResultStateName(*ParseResultState(name)), name);
  }
  for (const char* name : {"observed", "declared", "either", "both"}) EXPECT_EQ(BasisName(*ParseBasis(name)), name);
  EXPECT_FALSE(ParseState("UP").has_value());
  EXPECT_FALSE(ParseResultState("unknown").has_value());
  EXPECT_FALSE(ParseBasis("").has_value());
}

}  // namespace
}  // namespace nines::sla
