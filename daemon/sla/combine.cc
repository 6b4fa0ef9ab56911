#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "daemon/sla/timeline.h"

namespace nines::sla {
namespace {

// Walks over one input's timeline in the order of time.
class Cursor {
 public:
  Cursor(const Timeline& timeline, int64_t time_ms) : timeline_(&timeline) {
    at_ = std::partition_point(timeline.begin(), timeline.end(),
                               [&](const Span& span) { return span.end_ms <= time_ms; }) -
          timeline.begin();
    MoveTo(time_ms);
  }

  State state() const { return state_; }
  // Where the state changes next.
  int64_t until_ms() const { return until_ms_; }

  void MoveTo(int64_t time_ms) {
    while (at_ < timeline_->size() && (*timeline_)[at_].end_ms <= time_ms) ++at_;
    state_ = State::kUnknown;
    until_ms_ = std::numeric_limits<int64_t>::max();
    if (at_ == timeline_->size()) return;
    const Span& span = (*timeline_)[at_];
    if (span.start_ms > time_ms) {
      until_ms_ = span.start_ms;
    } else {
      state_ = span.state;
      until_ms_ = span.end_ms;
    }
  }

 private:
  const Timeline* timeline_;
  size_t at_ = 0;
  State state_ = State::kUnknown;
  int64_t until_ms_ = 0;
};

// How many inputs are in each state.
class Counts {
 public:
  void Add(State state) { ++count_[static_cast<size_t>(state)]; }
  void Remove(State state) { --count_[static_cast<size_t>(state)]; }

  State Combined(int inputs, int threshold) const {
    const int degraded = Of(State::kDegraded);
    if (Of(State::kDown) >= threshold) return State::kDown;
    if (Of(State::kUp) + degraded > inputs - threshold) return degraded > 0 ? State::kDegraded : State::kUp;
    return State::kUnknown;
  }

 private:
  int Of(State state) const { return count_[static_cast<size_t>(state)]; }

  std::array<int, 5> count_ = {};
};

}  // namespace

int DownWhen::Threshold(int n) const {
  switch (kind) {
    case Kind::kAny:
      return 1;
    case Kind::kAll:
      return n;
    case Kind::kMajority:
      return n / 2 + 1;
    case Kind::kNumber:
      return std::clamp(number, 1, std::max(n, 1));
  }
  NINES_CHECK(false);
}

absl::StatusOr<DownWhen> ParseDownWhen(std::string_view text) {
  if (text == "any") return DownWhen{DownWhen::Kind::kAny};
  if (text == "all") return DownWhen{DownWhen::Kind::kAll};
  if (text == "majority") return DownWhen{DownWhen::Kind::kMajority};
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1) {
    return DownWhen{DownWhen::Kind::kNumber, number};
  }
  return absl::InvalidArgumentError(
      StrCat("'", text, "' does not say how many inputs must be down; write any, all, majority or a number from 1 on"));
}

std::string DownWhenText(const DownWhen& down_when) {
  switch (down_when.kind) {
    case DownWhen::Kind::kAny:
      return "any";
    case DownWhen::Kind::kAll:
      return "all";
    case DownWhen::Kind::kMajority:
      return "majority";
    case DownWhen::Kind::kNumber:
      return StrCat(down_when.number);
  }
  NINES_CHECK(false);
}

Timeline Combine(std::span<const Timeline* const> inputs, DownWhen down_when, Interval window) {
  Timeline result;
  if (inputs.empty()) {
    AppendSpan(result, window.start_ms, window.end_ms, State::kUnknown);
    return result;
  }
  const int n = static_cast<int>(inputs.size());
  const int threshold = down_when.Threshold(n);
  using Change = std::pair<int64_t, size_t>;  // when, which cursor
  std::priority_queue<Change, std::vector<Change>, std::greater<>> changes;
  std::vector<Cursor> cursors;
  cursors.reserve(inputs.size());
  Counts counts;
  for (const Timeline* input : inputs) {
    const Cursor& cursor = cursors.emplace_back(*input, window.start_ms);
    counts.Add(cursor.state());
    changes.emplace(cursor.until_ms(), cursors.size() - 1);
  }
  while (true) {
    const int64_t until_ms = std::min(changes.top().first, window.end_ms);
    AppendSpan(result, window.start_ms, until_ms, counts.Combined(n, threshold));
    if (until_ms >= window.end_ms) return result;
    while (changes.top().first == until_ms) {
      const size_t which = changes.top().second;
      changes.pop();
      Cursor& cursor = cursors[which];
      counts.Remove(cursor.state());
      cursor.MoveTo(until_ms);
      counts.Add(cursor.state());
      changes.emplace(cursor.until_ms(), which);
    }
  }
}

}  // namespace nines::sla
