#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <optional>
#include <vector>

#include "daemon/live/track.h"
#include "daemon/report/observation.h"
#include "tests/model/seeded_cases.h"
#include "tests/unit/daemon/sla/drawn_world.h"

// Incremental = rebuilt, 10 000 times: what tracks hold after results came in any way gives what everything recorded
// gives when it is read at once. A map stands for the store; live_test compares with a real one, less often.
namespace nines::live {
namespace {

constexpr int64_t kTrackCases = 10'000;

double SampleValue(sla::ResultState state) {
  switch (state) {
    case sla::ResultState::kUp:
      return 1;
    case sla::ResultState::kDegraded:
      return 0.5;
    case sla::ResultState::kDown:
      return 0;
    case sla::ResultState::kStale:
      break;
  }
  return std::bit_cast<double>(series::kStaleBits);
}

catalogue::Check CheckOf(const sla::CheckRule& rule) {
  catalogue::Check check;
  check.id = CheckId("c");
  check.rule = rule;
  return check;
}

// One check: what is on its way, what is stored, and the track that follows it.
class Followed {
 public:
  explicit Followed(const sla::drawn::DrawnCheck& check) : track_(CheckOf(check.rule)), coming_(check.recorded) {
    std::reverse(coming_.begin(), coming_.end());
  }

  bool done() const { return coming_.empty(); }
  const Track& track() const { return track_; }

  void Arrive(int64_t now_ms, bool again) {
    if (coming_.empty()) return;
    const sla::Result result = coming_.back();
    if (!again) coming_.pop_back();
    stored_[result.time_ms] = result.state;
    track_.Add({result.time_ms, SampleValue(result.state)}, now_ms);
  }

  // As the owner does it: nothing is dirty afterwards. What arrives while it is read is in the next reading or on top.
  void MoveTo(int64_t now_ms, sla::drawn::Dice& dice) {
    track_.MoveTo(now_ms);
    while (!track_.loaded() || track_.dirty()) {
      track_.BeginLoad();
      const bool before_reading = dice.OneIn(2);
      if (before_reading) Arrive(now_ms, dice.OneIn(3));
      const Track::Loaded loaded = Load(now_ms);
      if (dice.OneIn(3)) Arrive(now_ms, dice.OneIn(3));
      track_.Install(loaded);
    }
  }

  std::vector<sla::ResultRun> Rebuilt() const {
    std::vector<sla::Result> results;
    for (const auto& [time_ms, state] : stored_) results.push_back({time_ms, state});
    return sla::RunsOf(std::move(results), track_.check().rule);
  }

 private:
  Track::Loaded Load(int64_t now_ms) const {
    Track::Loaded loaded;
    loaded.from_ms = kTimeMinMs;
    loaded.now_ms = now_ms;
    for (const auto& [time_ms, state] : stored_) {
      (time_ms <= now_ms ? loaded.results : loaded.ahead).push_back({time_ms, state});
      if (!loaded.first_ms.has_value()) loaded.first_ms = time_ms;
      if (time_ms <= now_ms && state != sla::ResultState::kStale) loaded.last_result_ms = time_ms;
    }
    return loaded;
  }

  Track track_;
  std::vector<sla::Result> coming_;  // the next one last
  std::map<int64_t, sla::ResultState> stored_;
};

class FollowedWorld {
 public:
  FollowedWorld(sla::drawn::DrawnWorld world, sla::drawn::Dice& dice) : world_(std::move(world)), dice_(dice) {
    for (const sla::drawn::DrawnCheck& check : world_.checks) checks_.emplace_back(check);
    for (const sla::drawn::DrawnTarget& inner : world_.inner) AddStep(inner);
    AddStep(world_.target);
    plan_.checks.resize(checks_.size());
    recorded_.declarations = world_.declarations;
    overrides_ = report::OverridesOver(plan_, recorded_, world_.window);
  }

  void Run() {
    now_ms_ = world_.window.start_ms;
    const auto done = [](const Followed& check) { return check.done(); };
    for (int step = 0; step < 40 && !std::all_of(checks_.begin(), checks_.end(), done); ++step) {
      Step();
      if (dice_.OneIn(4)) Compare();
    }
    now_ms_ = world_.now_ms;
    Compare();
  }

 private:
  void AddStep(const sla::drawn::DrawnTarget& target) {
    plan_.steps.push_back({nullptr, target.Terms(), target.root});
    recorded_.exclusions.push_back(target.exclusions);
  }

  void Step() {
    if (dice_.OneIn(2)) now_ms_ += dice_.Pick(0, world_.window.length_ms() / 10);
    if (dice_.OneIn(20)) now_ms_ -= dice_.Pick(0, world_.window.length_ms() / 10);
    for (Followed& check : checks_) {
      if (dice_.OneIn(3)) check.MoveTo(now_ms_, dice_);
      for (int64_t n = dice_.Pick(0, 2); n > 0; --n) check.Arrive(now_ms_, dice_.OneIn(5));
    }
  }

  void Compare() {
    std::vector<std::vector<sla::ResultRun>> runs;
    std::vector<sla::CheckInput> followed;
    std::vector<sla::CheckInput> rebuilt;
    for (Followed& check : checks_) {
      check.MoveTo(now_ms_, dice_);
      runs.push_back(check.Rebuilt());
    }
    for (size_t i = 0; i < checks_.size(); ++i) {
      followed.push_back(checks_[i].track().input());
      rebuilt.push_back({runs[i], world_.checks[i].rule});
    }
    const report::Observation live = Observe(followed);
    const report::Observation again = Observe(rebuilt);
    ASSERT_EQ(live.timelines.observed, again.timelines.observed);
    ASSERT_EQ(live.timelines.counted, again.timelines.counted);
    ASSERT_EQ(live.accounted, again.accounted);
    ASSERT_EQ(live.exact, again.exact);
  }

  report::Observation Observe(std::span<const sla::CheckInput> checks) const {
    return report::Observe(plan_, checks, recorded_, overrides_, world_.window, now_ms_, report::Before::kNothing);
  }

  sla::drawn::DrawnWorld world_;
  sla::drawn::Dice& dice_;
  std::vector<Followed> checks_;
  report::Plan plan_;
  report::Recorded recorded_;
  report::StepOverrides overrides_;
  int64_t now_ms_ = 0;
};

TEST(TrackProperty, IncrementalEqualsRebuilt) {
  ForEachCase(
      [](std::mt19937_64& random) {
        sla::drawn::Drawing drawing(random);
        FollowedWorld(drawing.World(), drawing.dice()).Run();
      },
      kTrackCases);
}

}  // namespace
}  // namespace nines::live
