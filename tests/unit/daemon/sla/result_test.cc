#include "daemon/sla/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "daemon/sla/target.h"

namespace nines::sla {
namespace {

using testing::ElementsAre;

constexpr ResultState kUp = ResultState::kUp;
constexpr ResultState kDown = ResultState::kDown;
constexpr ResultState kStale = ResultState::kStale;

TEST(RunBuilder, JoinsResultsOfOneStateUpToTheHold) {
  RunBuilder builder({.hold_ms = 10, .down_after = 1});
  for (int64_t time_ms : {0, 10, 20, 31}) builder.Add({time_ms, kUp});
  for (int64_t time_ms : {32, 33}) builder.Add({time_ms, kDown});
  EXPECT_THAT(builder.runs(),
              ElementsAre(ResultRun{0, 20, kUp, 3}, ResultRun{31, 31, kUp, 1}, ResultRun{32, 33, kDown, 2}));
}

TEST(RunBuilder, KeepsTheFirstDownResultsOfARowApart) {
  RunBuilder builder({.hold_ms = 10, .down_after = 3});
  for (int64_t time_ms : {0, 1, 2, 3, 4}) builder.Add({time_ms, kDown});
  builder.Add({5, kStale});
  for (int64_t time_ms : {6, 7}) builder.Add({time_ms, kDown});
  builder.Add({8, kUp});
  builder.Add({9, kDown});
  EXPECT_THAT(builder.runs(),
              ElementsAre(ResultRun{0, 0, kDown, 1}, ResultRun{1, 1, kDown, 1}, ResultRun{2, 4, kDown, 3},
                          ResultRun{5, 5, kStale, 1}, ResultRun{6, 7, kDown, 2}, ResultRun{8, 8, kUp, 1},
                          ResultRun{9, 9, kDown, 1}));
}

TEST(RunBuilder, TakesTheEndsOfTime) {
  RunBuilder builder({.hold_ms = kUnlimitedHoldMs, .down_after = 1});
  builder.Add({kTimeMinMs, kStale});
  builder.Add({kTimeMaxMs, kStale});
  EXPECT_EQ(builder.runs().front(), (ResultRun{kTimeMinMs, kTimeMinMs, kStale, 1}));
}

TEST(RunBuilderDeathTest, RefusesTimeThatDoesNotGrow) {
  RunBuilder builder({});
  builder.Add({5, kUp});
  EXPECT_DEATH(builder.Add({5, kUp}), "broken invariant");
}

TEST(SortResults, LastRecordedOfOneTimeStands) {
  EXPECT_THAT(SortResults({{3, kUp}, {1, kUp}, {3, kDown}, {1, kStale}, {2, kUp}}),
              ElementsAre(Result{1, kStale}, Result{2, kUp}, Result{3, kDown}));
  EXPECT_THAT(SortResults({{1, kUp}, {2, kDown}}), ElementsAre(Result{1, kUp}, Result{2, kDown}));
  EXPECT_TRUE(SortResults({}).empty());
}

TEST(CheckTrack, SaysWhatIsLate) {
  CheckTrack track({});
  EXPECT_EQ(track.Add({10, kUp}), CheckTrack::Added::kInOrder);
  EXPECT_EQ(track.Add({10, kUp}), CheckTrack::Added::kInOrder);
  EXPECT_EQ(track.Add({10, kDown}), CheckTrack::Added::kLate);
  EXPECT_EQ(track.Add({9, kUp}), CheckTrack::Added::kLate);
  EXPECT_EQ(track.runs().runs().size(), 1u);
}

}  // namespace
}  // namespace nines::sla
