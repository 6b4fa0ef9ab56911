#include "daemon/report/results.h"

#include <algorithm>
#include <bit>

#include "base/status_macros.h"

namespace nines::report {
namespace {

// Whether nothing before `result` can matter to what comes after it. `downs` counts the down results seen so far.
bool EndsContext(sla::ResultState state, int down_after, int* downs) {
  switch (state) {
    case sla::ResultState::kUp:
    case sla::ResultState::kDegraded:
      return true;
    case sla::ResultState::kDown:
      return ++*downs >= down_after;
    case sla::ResultState::kStale:
      return down_after == 1;
  }
  return true;
}

absl::Status LoadBefore(const series::Store& store, SeriesId series, int down_after, int64_t time_ms,
                        std::vector<sla::Result>* results) {
  int downs = 0;
  while (true) {
    NINES_ASSIGN_OR_RETURN(const std::optional<series::Sample> sample, store.LastBefore(series, time_ms));
    if (!sample.has_value()) break;
    time_ms = sample->time_ms;
    const std::optional<sla::ResultState> state = ResultStateOf(sample->value);
    if (!state.has_value()) continue;
    results->push_back({time_ms, *state});
    if (EndsContext(*state, down_after, &downs)) break;
  }
  std::reverse(results->begin(), results->end());
  return absl::OkStatus();
}

// Down results in a row at the end, over stale markers.
int TrailingDowns(const std::vector<sla::Result>& results, int enough) {
  int downs = 0;
  for (auto result = results.rbegin(); result != results.rend() && downs < enough; ++result) {
    if (result->state == sla::ResultState::kDown) {
      ++downs;
    } else if (result->state != sla::ResultState::kStale) {
      break;
    }
  }
  return downs;
}

absl::Status LoadAfter(const series::Store& store, SeriesId series, int down_after, int64_t time_ms, int64_t now_ms,
                       std::vector<sla::Result>* results) {
  int downs = TrailingDowns(*results, down_after);
  if (downs == 0) return absl::OkStatus();
  while (downs < down_after) {
    NINES_ASSIGN_OR_RETURN(const std::optional<series::Sample> sample, store.FirstFrom(series, time_ms));
    if (!sample.has_value() || sample->time_ms > now_ms) break;
    time_ms = sample->time_ms + 1;
    const std::optional<sla::ResultState> state = ResultStateOf(sample->value);
    if (!state.has_value()) continue;
    results->push_back({sample->time_ms, *state});
    if (*state == sla::ResultState::kStale) continue;
    if (EndsContext(*state, down_after, &downs)) break;
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<sla::ResultState> ResultStateOf(double value) {
  if (value == 1) return sla::ResultState::kUp;
  if (value == 0.5) return sla::ResultState::kDegraded;
  if (value == 0) return sla::ResultState::kDown;
  if (std::bit_cast<uint64_t>(value) == series::kStaleBits) return sla::ResultState::kStale;
  return std::nullopt;
}

absl::StatusOr<std::vector<sla::Result>> LoadResults(const series::Store& store, const catalogue::Check& check,
                                                     Interval window, int64_t now_ms) {
  std::vector<sla::Result> results;
  const std::optional<SeriesId> series = store.Find(series::CheckResultLabels(check.provider, check.id));
  if (!series.has_value()) return results;
  const int down_after = check.rule.down_after;
  NINES_RETURN_IF_ERROR(LoadBefore(store, *series, down_after, std::min(window.start_ms, now_ms + 1), &results));
  window.end_ms = std::min(window.end_ms, now_ms + 1);
  if (!window.empty()) {
    std::vector<series::Sample> samples;
    NINES_RETURN_IF_ERROR(store.Read(*series, window, &samples));
    results.reserve(results.size() + samples.size());
    for (const series::Sample& sample : samples) {
      const std::optional<sla::ResultState> state = ResultStateOf(sample.value);
      if (state.has_value()) results.push_back({sample.time_ms, *state});
    }
  }
  NINES_RETURN_IF_ERROR(
      LoadAfter(store, *series, down_after, std::max(window.start_ms, window.end_ms), now_ms, &results));
  return results;
}

absl::StatusOr<std::vector<sla::Result>> LoadAhead(const series::Store& store, const catalogue::Check& check,
                                                   int64_t now_ms, size_t limit) {
  std::vector<sla::Result> results;
  const std::optional<SeriesId> series = store.Find(series::CheckResultLabels(check.provider, check.id));
  if (!series.has_value()) return results;
  for (int64_t from_ms = now_ms + 1; results.size() < limit;) {
    NINES_ASSIGN_OR_RETURN(const std::optional<series::Sample> sample, store.FirstFrom(*series, from_ms));
    if (!sample.has_value()) break;
    from_ms = sample->time_ms + 1;
    const std::optional<sla::ResultState> state = ResultStateOf(sample->value);
    if (state.has_value()) results.push_back({sample->time_ms, *state});
  }
  return results;
}

absl::StatusOr<std::optional<int64_t>> LastResultMs(const series::Store& store, const catalogue::Check& check,
                                                    int64_t time_ms) {
  const std::optional<SeriesId> series = store.Find(series::CheckResultLabels(check.provider, check.id));
  while (series.has_value()) {
    NINES_ASSIGN_OR_RETURN(const std::optional<series::Sample> sample, store.LastBefore(*series, time_ms));
    if (!sample.has_value()) break;
    time_ms = sample->time_ms;
    const std::optional<sla::ResultState> state = ResultStateOf(sample->value);
    if (state.has_value() && *state != sla::ResultState::kStale) return std::optional<int64_t>(time_ms);
  }
  return std::optional<int64_t>();
}

absl::StatusOr<std::optional<int64_t>> FirstResultMs(const series::Store& store, const catalogue::Check& check) {
  const std::optional<SeriesId> series = store.Find(series::CheckResultLabels(check.provider, check.id));
  if (!series.has_value()) return std::optional<int64_t>();
  NINES_ASSIGN_OR_RETURN(const std::optional<series::Sample> first, store.FirstFrom(*series, kTimeMinMs));
  if (!first.has_value()) return std::optional<int64_t>();
  return std::optional<int64_t>(first->time_ms);
}

}  // namespace nines::report
