#pragma once

#include <cstdint>
#include <vector>

#include "base/check.h"
#include "base/interval.h"
#include "daemon/sla/state.h"

// The results of one check (SLA.md section 3), and the runs they are compressed into.
namespace nines::sla {

struct Result {
  int64_t time_ms = 0;  // within [kTimeMinMs, kTimeMaxMs]
  ResultState state = ResultState::kUp;

  friend bool operator==(const Result&, const Result&) = default;
};

// For a source that reports only changes: a result holds until the next one.
inline constexpr int64_t kUnlimitedHoldMs = kTimeMaxMs;

// How the results of a check count.
struct CheckRule {
  int64_t hold_ms = 45'000;  // how long a result holds; in [0, kUnlimitedHoldMs]
  int down_after = 1;        // fewer consecutive down results than this count as up; at least 1

  friend bool operator==(const CheckRule&, const CheckRule&) = default;
};

// `count` consecutive results of one state without a gap longer than the hold: they hold over all of
// [first_ms, last_ms] and on from there.
struct ResultRun {
  int64_t first_ms = 0;
  int64_t last_ms = 0;
  ResultState state = ResultState::kUp;
  int64_t count = 0;

  friend bool operator==(const ResultRun&, const ResultRun&) = default;
};

// Compresses results, given in the order of time, into runs, losing nothing that the calculus asks for, whatever the
// window and `now`. The first `down_after` down results in a row stay runs of their own: what is known at a `now` in
// the middle of a run then follows from the runs alone. Runs hold for the rule that they were built with.
// Thread-compatible.
class RunBuilder {
 public:
  explicit RunBuilder(CheckRule rule) : rule_(rule) { NINES_CHECK(rule.hold_ms >= 0 && rule.down_after >= 1); }

  // `result.time_ms` is later than last_ms().
  void Add(Result result) {
    NINES_CHECK(result.time_ms > last_ms_);
    const bool close = result.time_ms - last_ms_ <= rule_.hold_ms;
    last_ms_ = result.time_ms;
    if (close && result.state == last_state_ && (result.state != ResultState::kDown || downs_ >= rule_.down_after)) {
      ResultRun& run = runs_.back();
      run.last_ms = result.time_ms;
      ++run.count;
      return;
    }
    StartRun(result);
  }

  const std::vector<ResultRun>& runs() const { return runs_; }
  const CheckRule& rule() const { return rule_; }
  // Time and state of the last result added. Before the first: kTimeMinMs - 1, and no state of the enumeration.
  int64_t last_ms() const { return last_ms_; }
  ResultState last_state() const { return last_state_; }

 private:
  static constexpr ResultState kNone{0xff};  // equals no result's

  void StartRun(Result result);

  CheckRule rule_;
  int64_t last_ms_ = kTimeMinMs - 1;
  ResultState last_state_ = kNone;
  int64_t downs_ = 0;  // down results in a row, over holes and stale markers; counted no further than needed
  std::vector<ResultRun> runs_;
};

// Orders results by their own time. Of several at one time the one recorded last stands.
std::vector<Result> SortResults(std::vector<Result> in_recording_order);

// The runs of results in any order of recording.
std::vector<ResultRun> RunsOf(std::vector<Result> in_recording_order, const CheckRule& rule);

}  // namespace nines::sla
