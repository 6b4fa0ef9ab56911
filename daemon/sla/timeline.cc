#include "daemon/sla/timeline.h"

#include <algorithm>
#include <utility>

namespace nines::sla {
namespace {

auto FirstEndingAfter(const Timeline& timeline, int64_t time_ms) {
  return std::partition_point(timeline.begin(), timeline.end(),
                              [time_ms](const Span& span) { return span.end_ms <= time_ms; });
}

}  // namespace

void AppendSpan(Timeline& timeline, int64_t start_ms, int64_t end_ms, State state) {
  if (!timeline.empty()) start_ms = timeline.back().end_ms;
  if (end_ms <= start_ms) return;
  if (!timeline.empty() && timeline.back().state == state) {
    timeline.back().end_ms = end_ms;
  } else {
    timeline.push_back({start_ms, end_ms, state});
  }
}

Interval WindowOf(const Timeline& timeline) {
  if (timeline.empty()) return {};
  return {timeline.front().start_ms, timeline.back().end_ms};
}

Timeline Clip(const Timeline& timeline, Interval window) {
  Timeline clipped;
  for (auto span = FirstEndingAfter(timeline, window.start_ms);
       span != timeline.end() && span->start_ms < window.end_ms; ++span) {
    const Interval part = Intersect(span->interval(), window);
    AppendSpan(clipped, part.start_ms, part.end_ms, span->state);
  }
  return clipped;
}

State StateAt(const Timeline& timeline, int64_t time_ms) {
  const auto span = FirstEndingAfter(timeline, time_ms);
  return span != timeline.end() && span->start_ms <= time_ms ? span->state : State::kUnknown;
}

Timeline ApplyMinOutage(Timeline timeline, int64_t min_outage_ms) {
  if (min_outage_ms <= 0) return timeline;
  return ApplyMinOutage(std::move(timeline), [min_outage_ms](int64_t) { return min_outage_ms; });
}

Timeline ApplyMinOutage(Timeline timeline, const std::function<int64_t(int64_t start_ms)>& min_outage_ms) {
  const auto good = [](const Span& span) { return span.state == State::kUp || span.state == State::kDegraded; };
  const auto flips = [&](size_t i) {
    return timeline[i].state == State::kDown && i > 0 && i + 1 < timeline.size() &&
           timeline[i].length_ms() < min_outage_ms(timeline[i].start_ms) && good(timeline[i - 1]) &&
           good(timeline[i + 1]);
  };
  // Neighbours of a down span are never down, so that no flip decides about another.
  Timeline result;
  result.reserve(timeline.size());
  for (size_t i = 0; i < timeline.size(); ++i) {
    AppendSpan(result, timeline[i].start_ms, timeline[i].end_ms, flips(i) ? State::kUp : timeline[i].state);
  }
  return result;
}

}  // namespace nines::sla
