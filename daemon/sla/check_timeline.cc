#include <algorithm>

#include "base/check.h"
#include "daemon/sla/timeline.h"

namespace nines::sla {
namespace {

bool DownOrStale(const ResultRun& run) { return run.state == ResultState::kDown || run.state == ResultState::kStale; }

int64_t DownCount(const ResultRun& run) { return run.state == ResultState::kDown ? run.count : 0; }

// Whether the down results around run `at`, which is down, make `down_after` in a row. Neither a hole nor a stale
// marker breaks a row. A run of more than one down result follows on `down_after` of them (see RunBuilder), so that
// it does not matter here whether its last ones are later than now.
bool CountsAsDown(std::span<const ResultRun> runs, size_t at, int down_after, int64_t now_ms) {
  int64_t in_row = runs[at].count;
  for (size_t i = at; in_row < down_after && i > 0 && DownOrStale(runs[i - 1]); --i) in_row += DownCount(runs[i - 1]);
  for (size_t i = at + 1; in_row < down_after && i < runs.size(); ++i) {
    if (runs[i].first_ms > now_ms || !DownOrStale(runs[i])) break;
    in_row += DownCount(runs[i]);
  }
  return in_row >= down_after;
}

State StateOfRun(std::span<const ResultRun> runs, size_t at, int down_after, int64_t now_ms) {
  switch (runs[at].state) {
    case ResultState::kUp:
      return State::kUp;
    case ResultState::kDegraded:
      return State::kDegraded;
    case ResultState::kDown:
      return CountsAsDown(runs, at, down_after, now_ms) ? State::kDown : State::kUp;
    case ResultState::kStale:
      return State::kUnknown;
  }
  NINES_CHECK(false);
}

}  // namespace

Timeline CheckTimeline(std::span<const ResultRun> runs, const CheckRule& rule, Interval window, int64_t now_ms) {
  const int64_t end_ms = std::min(window.end_ms, now_ms);
  Timeline timeline;
  // Of the runs that begin before the window only the last can hold into it.
  const auto later = std::partition_point(runs.begin(), runs.end(),
                                          [&](const ResultRun& run) { return run.first_ms <= window.start_ms; });
  size_t at = later - runs.begin();
  if (at > 0) --at;
  for (; at < runs.size() && runs[at].first_ms < end_ms; ++at) {
    const ResultRun& run = runs[at];
    if (run.state == ResultState::kStale) continue;
    int64_t held_to_ms = std::min(run.last_ms + rule.hold_ms, end_ms);
    if (at + 1 < runs.size()) held_to_ms = std::min(held_to_ms, runs[at + 1].first_ms);
    if (held_to_ms <= window.start_ms) continue;
    AppendSpan(timeline, window.start_ms, run.first_ms, State::kUnknown);
    AppendSpan(timeline, window.start_ms, held_to_ms, StateOfRun(runs, at, rule.down_after, now_ms));
  }
  AppendSpan(timeline, window.start_ms, end_ms, State::kUnknown);
  return timeline;
}

}  // namespace nines::sla
