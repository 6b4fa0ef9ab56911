#include "daemon/live/track.h"

#include <algorithm>

#include "base/status_macros.h"
#include "daemon/report/results.h"

namespace nines::live {
namespace {

// A collector whose clock runs a little ahead; an hour at 15 s.
constexpr size_t kAheadMax = 240;

bool Contains(const std::vector<sla::Result>& results, const sla::Result& result) {
  const auto found = std::lower_bound(results.begin(), results.end(), result.time_ms,
                                      [](const sla::Result& r, int64_t time_ms) { return r.time_ms < time_ms; });
  return found != results.end() && *found == result;
}

}  // namespace

Track::Taken Track::Add(const series::Sample& sample, int64_t now_ms) {
  const std::optional<sla::ResultState> state = report::ResultStateOf(sample.value);
  if (!state.has_value()) {
    Displace(sample.time_ms);
    return Taken::kNoResult;
  }
  const sla::Result result = {sample.time_ms, *state};
  first_ms_ = std::min(first_ms_, result.time_ms);
  if (loading_) {
    arrived_.push_back(result);
    return Taken::kLeftToLoad;
  }
  if (!loaded() || dirty_) return Taken::kLeftToLoad;
  if (result.time_ms > now_ms) {
    KeepAhead(result);
    return Taken::kAhead;
  }
  return Apply(result);
}

Track::Taken Track::Apply(const sla::Result& result) {
  const bool again = result.time_ms == runs_->last_ms() && result.state == runs_->last_state();
  if (again) return Taken::kInOrder;
  if (result.time_ms <= runs_->last_ms()) {
    dirty_ = true;
    return Taken::kLate;
  }
  runs_->Add(result);
  if (result.state != sla::ResultState::kStale) last_result_ms_ = result.time_ms;
  return Taken::kInOrder;
}

void Track::Displace(int64_t time_ms) {
  if (loading_ || (loaded() && time_ms <= runs_->last_ms())) dirty_ = true;
  ahead_.erase(time_ms);
}

void Track::KeepAhead(const sla::Result& result) {
  if (!reload_at_ms_.has_value()) {
    ahead_[result.time_ms] = result.state;
    if (ahead_.size() <= kAheadMax) return;
    reload_at_ms_ = ahead_.begin()->first;
    ahead_.clear();
  }
  reload_at_ms_ = std::min(*reload_at_ms_, result.time_ms);
}

void Track::MoveTo(int64_t now_ms) {
  if (!loaded() || dirty_ || loading_) return;
  if (runs_->last_ms() > now_ms || reload_at_ms_.value_or(kTimeMaxMs) <= now_ms) {
    dirty_ = true;
    return;
  }
  while (!ahead_.empty() && ahead_.begin()->first <= now_ms) {
    const auto next = ahead_.begin();
    Apply({next->first, next->second});
    ahead_.erase(next);
  }
}

absl::StatusOr<Track::Loaded> Track::Load(const series::Store& store, const catalogue::Check& check, int64_t from_ms,
                                          int64_t now_ms) {
  Loaded loaded;
  loaded.from_ms = from_ms;
  loaded.now_ms = now_ms;
  NINES_ASSIGN_OR_RETURN(loaded.results, report::LoadResults(store, check, {from_ms, kTimeMaxMs}, now_ms));
  NINES_ASSIGN_OR_RETURN(loaded.ahead, report::LoadAhead(store, check, now_ms, kAheadMax + 1));
  NINES_ASSIGN_OR_RETURN(loaded.first_ms, report::FirstResultMs(store, check));
  NINES_ASSIGN_OR_RETURN(loaded.last_result_ms, report::LastResultMs(store, check, now_ms + 1));
  return loaded;
}

void Track::BeginLoad() {
  loading_ = true;
  dirty_ = false;
  arrived_.clear();
}

void Track::Install(const Loaded& loaded) {
  loading_ = false;
  from_ms_ = loaded.from_ms;
  last_result_ms_ = loaded.last_result_ms;
  runs_.emplace(check_.rule);
  for (const sla::Result& result : loaded.results) runs_->Add(result);
  ahead_.clear();
  reload_at_ms_.reset();
  for (const sla::Result& result : loaded.ahead) KeepAhead(result);
  first_ms_ = loaded.first_ms.value_or(kTimeMaxMs);
  for (const sla::Result& result : arrived_) {
    first_ms_ = std::min(first_ms_, result.time_ms);
    if (Contains(loaded.results, result)) continue;
    if (result.time_ms > loaded.now_ms) {
      KeepAhead(result);
    } else {
      Apply(result);
    }
  }
  arrived_.clear();
  arrived_.shrink_to_fit();
}

void Track::Abandon() {
  loading_ = false;
  arrived_.clear();
  Forget();
}

void Track::Forget() {
  runs_.reset();
  dirty_ = false;
  last_result_ms_.reset();
  ahead_.clear();
  reload_at_ms_.reset();
}

sla::CheckInput Track::input() const {
  if (!loaded()) return {{}, check_.rule};
  return {runs_->runs(), check_.rule};
}

}  // namespace nines::live
