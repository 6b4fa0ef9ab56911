#include "daemon/sla/result.h"

#include <algorithm>

namespace nines::sla {

void RunBuilder::StartRun(Result result) {
  switch (result.state) {
    case ResultState::kUp:
    case ResultState::kDegraded:
      downs_ = 0;
      break;
    case ResultState::kDown:
      ++downs_;
      break;
    case ResultState::kStale:
      break;
  }
  last_state_ = result.state;
  runs_.push_back({.first_ms = result.time_ms, .last_ms = result.time_ms, .state = result.state, .count = 1});
}

std::vector<Result> SortResults(std::vector<Result> in_recording_order) {
  std::vector<Result>& results = in_recording_order;
  const auto not_later = [](const Result& a, const Result& b) { return a.time_ms >= b.time_ms; };
  if (std::adjacent_find(results.begin(), results.end(), not_later) == results.end()) return std::move(results);
  std::stable_sort(results.begin(), results.end(),
                   [](const Result& a, const Result& b) { return a.time_ms < b.time_ms; });
  size_t kept = 0;
  for (size_t i = 0; i < results.size(); ++i) {
    const bool replaced = i + 1 < results.size() && results[i + 1].time_ms == results[i].time_ms;
    if (!replaced) results[kept++] = results[i];
  }
  results.resize(kept);
  return std::move(results);
}

std::vector<ResultRun> RunsOf(std::vector<Result> in_recording_order, const CheckRule& rule) {
  RunBuilder builder(rule);
  for (const Result& result : SortResults(std::move(in_recording_order))) builder.Add(result);
  return builder.runs();
}

}  // namespace nines::sla
