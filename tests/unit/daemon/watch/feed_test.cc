#include "daemon/watch/feed.h"

#include <gmock/gmock.h>

#include "tests/unit/daemon/report/supervised_world.h"

namespace nines::watch {
namespace {

using report::kDown;
using report::kUp;
using report::Ms;
using report::Must;
using sla::State;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr size_t kMany = 1000;

class FeedTest : public testing::Test {
 protected:
  FeedTest() {
    At("2025-01-20 00:00:00");
    world_.Record({world_.Entry("target", world_.Target("portal")),
                   world_.Entry("check", world_.Check("web", "portal", -1)),
                   world_.Entry("target", world_.Target("quiet"))});
    Result("2025-01-01 00:00:00", kUp);
    live_ = Must(live::Live::Create(*world_.store, *world_.ledger, *world_.catalogue, world_.clock));
    Restart();
  }

  void At(const std::string& time) { world_.clock.SetWall(absl::FromUnixMillis(Ms(time))); }
  void Result(const std::string& time, double value) {
    const std::vector<series::Sample> sample = {{Ms(time), value}};
    world_.Store("web", sample);
    if (live_ != nullptr) live_->OnResults(ProviderId("north"), CheckId("web"), sample);
  }
  void Restart(size_t changes_max = 100) {
    feed_ = std::make_unique<Feed>(*live_, reporter_, world_.clock, Feed::Options{.changes_max = changes_max});
    ASSERT_TRUE(feed_->Look().ok());
  }
  void LookAt(const std::string& time) {
    At(time);
    ASSERT_TRUE(feed_->Look().ok());
  }
  static Change PortalIs(State state, const std::string& since) { return {TargetId("portal"), state, Ms(since)}; }
  std::vector<Change> Next(Cursor& cursor, const report::Filter& filter = {}) {
    Batch batch = Must(feed_->After(cursor, filter, kMany));
    cursor = batch.cursor;
    return batch.changes;
  }

  report::SupervisedWorld world_;
  report::Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
  std::unique_ptr<live::Live> live_;
  std::unique_ptr<Feed> feed_;
};

TEST_F(FeedTest, BeginsWithTheStatesThatHoldAndTellsEveryChange) {
  Batch now = Must(feed_->Begin({}));
  EXPECT_THAT(now.changes, ElementsAre(PortalIs(State::kUp, "2025-01-01 00:00:00"),
                                       Change{TargetId("quiet"), State::kUnknown, Ms("2025-01-01 00:00:00")}));
  Cursor cursor = now.cursor;
  Result("2025-01-20 00:00:01", kDown);
  LookAt("2025-01-20 00:00:02");
  EXPECT_THAT(Next(cursor), ElementsAre(PortalIs(State::kDown, "2025-01-20 00:00:01")));
  EXPECT_THAT(Next(cursor), IsEmpty());
  LookAt("2025-01-20 00:00:03");
  EXPECT_THAT(Next(cursor), IsEmpty());
  Result("2025-01-20 00:00:04", kUp);
  LookAt("2025-01-20 00:00:05");
  EXPECT_THAT(Next(cursor), ElementsAre(PortalIs(State::kUp, "2025-01-20 00:00:04")));
}

TEST_F(FeedTest, WhatCameAndWentBetweenTwoLooksIsTold) {
  Cursor cursor = Must(feed_->Begin({})).cursor;
  Result("2025-01-20 00:00:01", kDown);
  Result("2025-01-20 00:00:02", kUp);
  Result("2025-01-20 00:00:03", kDown);
  Result("2025-01-20 00:00:04", kUp);
  LookAt("2025-01-20 00:00:05");
  EXPECT_THAT(Next(cursor),
              ElementsAre(PortalIs(State::kDown, "2025-01-20 00:00:01"), PortalIs(State::kUp, "2025-01-20 00:00:02"),
                          PortalIs(State::kDown, "2025-01-20 00:00:03"), PortalIs(State::kUp, "2025-01-20 00:00:04")));
}

TEST_F(FeedTest, WhatAWatcherBeganWithDoesNotComeAgain) {
  Result("2025-01-20 00:00:01", kDown);
  At("2025-01-20 00:00:02");
  Batch now = Must(feed_->Begin({}));
  EXPECT_THAT(now.changes, testing::Contains(PortalIs(State::kDown, "2025-01-20 00:00:01")));
  LookAt("2025-01-20 00:00:03");
  EXPECT_THAT(Next(now.cursor), IsEmpty());
}

TEST_F(FeedTest, ANewMonthIsNoChange) {
  LookAt("2025-01-31 23:59:59");
  Cursor cursor = Must(feed_->Begin({})).cursor;
  LookAt("2025-02-01 00:00:01");
  LookAt("2025-02-02 00:00:00");
  EXPECT_THAT(Next(cursor), IsEmpty());
  Result("2025-02-02 00:00:01", kDown);
  LookAt("2025-02-02 00:00:02");
  EXPECT_THAT(Next(cursor), ElementsAre(PortalIs(State::kDown, "2025-02-02 00:00:01")));
}

TEST_F(FeedTest, AWatcherThatWasAwayTooLongForMemoryGetsItFromTheHistory) {
  Restart(/*changes_max=*/2);
  Cursor cursor = Must(feed_->Begin({})).cursor;
  for (const char* time : {"2025-01-20 00:00:01", "2025-01-20 00:00:03", "2025-01-20 00:00:05"}) {
    Result(time, kDown);
    Result(std::string(time).replace(18, 1, 1, static_cast<char>(time[18] + 1)), kUp);
  }
  LookAt("2025-01-20 00:00:07");
  const std::vector<Change> changes = Next(cursor, {ProviderId(), AgencyId(), {TargetId("portal")}});
  EXPECT_THAT(changes,
              ElementsAre(PortalIs(State::kDown, "2025-01-20 00:00:01"), PortalIs(State::kUp, "2025-01-20 00:00:02"),
                          PortalIs(State::kDown, "2025-01-20 00:00:03"), PortalIs(State::kUp, "2025-01-20 00:00:04"),
                          PortalIs(State::kDown, "2025-01-20 00:00:05"), PortalIs(State::kUp, "2025-01-20 00:00:06")));
  EXPECT_THAT(Next(cursor), IsEmpty());
}

TEST_F(FeedTest, OverARestartNothingIsMissed) {
  Cursor cursor = Must(feed_->Begin({})).cursor;
  Result("2025-01-20 00:00:01", kDown);
  At("2025-01-20 00:10:00");
  Restart();
  EXPECT_THAT(Next(cursor, {ProviderId(), AgencyId(), {TargetId("portal")}}),
              ElementsAre(PortalIs(State::kDown, "2025-01-20 00:00:01")));
  Result("2025-01-20 00:10:01", kUp);
  LookAt("2025-01-20 00:10:02");
  EXPECT_THAT(Next(cursor), ElementsAre(PortalIs(State::kUp, "2025-01-20 00:10:01")));
}

TEST_F(FeedTest, ACursorThatIsTooOldIsRefused) {
  Cursor cursor = Must(feed_->Begin({})).cursor;
  At("2025-02-21 00:00:00");
  Restart();
  EXPECT_EQ(feed_->After(cursor, {}, kMany).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_F(FeedTest, AFilterHidesOthersAndMovesOn) {
  const report::Filter quiet = {ProviderId(), AgencyId(), {TargetId("quiet")}};
  Cursor cursor = Must(feed_->Begin(quiet)).cursor;
  Result("2025-01-20 00:00:01", kDown);
  LookAt("2025-01-20 00:00:02");
  EXPECT_THAT(Next(cursor, quiet), IsEmpty());
  EXPECT_EQ(cursor.sequence, 1u);
  EXPECT_FALSE(feed_->Begin({ProviderId("nobody"), AgencyId(), {}}).ok());
}

TEST_F(FeedTest, ANewTargetIsAChange) {
  Cursor cursor = Must(feed_->Begin({})).cursor;
  world_.Record({world_.Entry("target", world_.Target("fresh"))});
  ASSERT_TRUE(live_->OnFacts().ok());
  LookAt("2025-01-20 00:00:02");
  EXPECT_THAT(Next(cursor), ElementsAre(Change{TargetId("fresh"), State::kUnknown, Ms("2025-01-01 00:00:00")}));
}

TEST_F(FeedTest, StoppingEndsTheWait) {
  const Cursor cursor = Must(feed_->Begin({})).cursor;
  EXPECT_TRUE(feed_->Wait(cursor, absl::ZeroDuration()));
  feed_->Start();
  feed_->Stop();
  EXPECT_FALSE(feed_->Wait(cursor, absl::InfiniteDuration()));
}

}  // namespace
}  // namespace nines::watch
