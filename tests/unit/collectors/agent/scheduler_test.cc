#include "collectors/agent/scheduler.h"

#include <gtest/gtest.h>

#include <boost/asio/use_awaitable.hpp>
#include <numeric>

#include "collectors/agent/spool_recorder.h"
#include "tests/unit/collectors/agent/temporary_directory.h"

namespace nines::collector {
namespace {

class FakeSource final : public Source {
 public:
  FakeSource(boost::asio::io_context& io, std::string name) : name_(std::move(name)), go_(io) {}
  const std::string& name() const override { return name_; }
  const std::string& item() const override { return name_; }
  absl::Duration interval() const override { return absl::Seconds(10); }
  bool AtEnd() const override { return at_end; }
  boost::asio::awaitable<absl::Status> Run(Recorder&) override {
    ++runs;
    while (holds) co_await go_.Wait();
    co_return result;
  }
  void Release() {
    holds = false;
    go_.Notify();
  }

  int runs = 0;
  bool holds = false, at_end = true;
  absl::Status result;

 private:
  const std::string name_;
  Signal go_;
};

class SchedulerTest : public ::testing::Test {
 protected:
  SchedulerTest()
      : spool_(*Spool::Open({.directory = directory_.path()}, clock_)),
        recorder_(io_, *spool_),
        scheduler_(io_, recorder_, clock_, [this] { ++errors_; }) {}

  FakeSource* Add(const std::string& name, FirstRun first) {
    auto source = std::make_unique<FakeSource>(io_, name);
    FakeSource* raw = source.get();
    scheduler_.Add(std::move(source), first);
    return raw;
  }
  absl::Duration Advance(absl::Duration by) {
    clock_.Advance(by);
    const absl::Duration next = scheduler_.StartDue();
    io_.restart();
    io_.poll();
    return next;
  }

  TemporaryDirectory directory_;
  ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  boost::asio::io_context io_;
  std::unique_ptr<Spool> spool_;
  SpoolRecorder recorder_;
  int errors_ = 0;
  Scheduler scheduler_;
};

TEST_F(SchedulerTest, RunsEachInterval) {
  FakeSource* source = Add("a", FirstRun::kAtOnce);
  Advance(absl::ZeroDuration());
  EXPECT_EQ(source->runs, 1);
  EXPECT_EQ(Advance(absl::Seconds(9)), absl::Seconds(1));
  EXPECT_EQ(source->runs, 1);
  Advance(absl::Seconds(1));
  EXPECT_EQ(source->runs, 2);
}

TEST_F(SchedulerTest, NeverOverlapsAndLeavesOutWhatItMissed) {
  FakeSource* source = Add("a", FirstRun::kAtOnce);
  source->holds = true;
  Advance(absl::ZeroDuration());
  Advance(absl::Seconds(10));
  Advance(absl::Seconds(15));  // at 25
  EXPECT_EQ(source->runs, 1);
  source->Release();
  Advance(absl::ZeroDuration());
  EXPECT_EQ(scheduler_.running(), 0u);
  EXPECT_EQ(Advance(absl::Seconds(4)), absl::Seconds(1)) << "the next is at 30";
  EXPECT_EQ(source->runs, 1);
  Advance(absl::Seconds(1));
  EXPECT_EQ(source->runs, 2);
}

TEST_F(SchedulerTest, SpreadsFirstRunsTheSameWayEachTime) {
  std::vector<FakeSource*> sources;
  for (int i = 0; i < 1000; ++i) sources.push_back(Add("source " + std::to_string(i), FirstRun::kSpread));
  std::vector<int> started;
  for (int second = 0; second < 10; ++second) {
    Advance(absl::Seconds(1));
    int runs = 0;
    for (const FakeSource* source : sources) runs += source->runs;
    started.push_back(runs - (started.empty() ? 0 : std::accumulate(started.begin(), started.end(), 0)));
  }
  for (const int count : started) EXPECT_NEAR(count, 100, 40);
  EXPECT_EQ(std::accumulate(started.begin(), started.end(), 0), 1000);
}

TEST_F(SchedulerTest, CountsErrorsAndKnowsTheEnd) {
  FakeSource* good = Add("good", FirstRun::kAtOnce);
  FakeSource* bad = Add("bad", FirstRun::kAtOnce);
  Add("for ever", FirstRun::kSpread);
  good->at_end = false;
  bad->result = absl::NotFoundError("no file");
  EXPECT_FALSE(scheduler_.AtEnd());
  Advance(absl::ZeroDuration());
  EXPECT_EQ(errors_, 1);
  EXPECT_FALSE(scheduler_.AtEnd());
  good->at_end = true;
  EXPECT_TRUE(scheduler_.AtEnd());
  EXPECT_TRUE(scheduler_.HasFailed());
  bad->result = absl::OkStatus();
  Advance(absl::Seconds(10));
  EXPECT_FALSE(scheduler_.HasFailed());
}

TEST_F(SchedulerTest, StartsNothingAfterStop) {
  FakeSource* source = Add("a", FirstRun::kAtOnce);
  scheduler_.Stop();
  Advance(absl::ZeroDuration());
  EXPECT_EQ(source->runs, 0);
}

}  // namespace
}  // namespace nines::collector
