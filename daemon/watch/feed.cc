#include "daemon/watch/feed.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/status_macros.h"
#include "base/time_text.h"

namespace nines::watch {
namespace {

constexpr auto kEvery = std::chrono::seconds(1);
// A state is looked for so far back: what is older is no news.
constexpr int64_t kBackMs = 86'400'000;

// Whether a snapshot says of a target what is known of it already. A state other than an outage is looked at from the
// month's start on: there it begins anew every month, and has not changed.
bool Unchanged(const live::TargetStatus& status, sla::State state, int64_t since_ms) {
  if (status.state != state) return false;
  return status.since_ms == since_ms || (status.since_ms == status.month.start_ms && since_ms <= status.since_ms);
}

}  // namespace

Feed::Feed(live::Live& live, const report::Reporter& reporter, const Clock& clock, Options options)
    : live_(live), reporter_(reporter), clock_(clock), options_(options), run_(clock.NowMs()) {}

Feed::~Feed() { Stop(); }

void Feed::Start() {
  thread_ = std::thread([this] { Run(); });
}

void Feed::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    news_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Feed::Run() {
  bool failed = false;
  while (true) {
    const absl::Status status = Look();
    // Said once: it is tried again every second.
    if (!status.ok() && !failed) spdlog::error("changes of state cannot be told: {}", status.ToString());
    failed = !status.ok();
    MutexLock lock(mutex_);
    if (!stopping_) news_.WaitFor(mutex_, kEvery);
    if (stopping_) return;
  }
}

absl::StatusOr<std::vector<Change>> Feed::ChangesOf(const live::TargetStatus& status, const Known& known,
                                                    int64_t now_ms) {
  const int64_t from_ms = std::max(std::min(known.since_ms, status.since_ms), looked_ms_ - kBackMs);
  const report::Filter filter{ProviderId(), AgencyId(), {status.target}};
  NINES_ASSIGN_OR_RETURN(const std::vector<report::StateEntry> entries,
                         reporter_.States({std::min(from_ms, now_ms - 1), now_ms}, filter));
  std::vector<Change> changes;
  for (const report::StateEntry& entry : entries) {
    const bool is_known = entry.span.start_ms == known.since_ms && entry.span.state == known.state;
    // What began before the window goes on from there.
    if (entry.span.start_ms < from_ms || entry.span.end_ms <= known.since_ms || is_known) continue;
    changes.push_back({status.target, entry.span.state, entry.span.start_ms});
  }
  return changes;
}

absl::Status Feed::Look() {
  MutexLock looking(looking_);
  const std::shared_ptr<const live::Snapshot> snapshot = live_.Now();
  NINES_RETURN_IF_ERROR(snapshot->error);
  const bool first = looked_ms_ == 0;
  std::map<TargetId, Known> known;
  std::vector<Change> all;
  for (const live::TargetStatus& status : snapshot->targets) {
    Known& now = known[status.target];
    now = {status.state, status.since_ms};
    const auto before = known_.find(status.target);
    if (before == known_.end()) {
      if (!first) all.push_back({status.target, status.state, status.since_ms});
      continue;
    }
    if (Unchanged(status, before->second.state, before->second.since_ms)) {
      now = before->second;
      continue;
    }
    NINES_ASSIGN_OR_RETURN(const std::vector<Change> changes, ChangesOf(status, before->second, snapshot->now_ms));
    all.insert(all.end(), changes.begin(), changes.end());
  }
  std::stable_sort(all.begin(), all.end(), [](const Change& a, const Change& b) { return a.since_ms < b.since_ms; });
  known_ = std::move(known);
  catalogue_ = snapshot->catalogue;
  looked_ms_ = snapshot->now_ms;
  MutexLock lock(mutex_);
  last_ms_ = snapshot->now_ms;
  for (Change& change : all) {
    kept_.push_back({std::move(change), snapshot->catalogue});
    ++last_sequence_;
    if (kept_.size() > options_.changes_max) kept_.pop_front();
  }
  if (!all.empty()) news_.NotifyAll();
  return absl::OkStatus();
}

Cursor Feed::Newest() const { return {run_, last_sequence_, last_ms_}; }

absl::StatusOr<Batch> Feed::Begin(const report::Filter& filter) {
  NINES_RETURN_IF_ERROR(Look());
  // What was seen, and not what holds by now: nothing between the two is lost or comes twice.
  MutexLock looking(looking_);
  NINES_RETURN_IF_ERROR(report::CheckFilter(filter, *catalogue_));
  Batch batch;
  for (const auto& [target, known] : known_) {
    if (report::Matches(filter, catalogue_->targets.at(target))) {
      batch.changes.push_back({target, known.state, known.since_ms});
    }
  }
  MutexLock lock(mutex_);
  batch.cursor = Newest();
  return batch;
}

absl::StatusOr<Batch> Feed::After(const Cursor& cursor, const report::Filter& filter, size_t changes_max) {
  {
    MutexLock lock(mutex_);
    const uint64_t dropped = last_sequence_ - kept_.size();
    if (cursor.run == run_ && cursor.sequence >= dropped && cursor.sequence <= last_sequence_) {
      Batch batch{{}, cursor};
      for (size_t i = cursor.sequence - dropped; i < kept_.size() && batch.changes.size() < changes_max; ++i) {
        const auto& [change, catalogue] = kept_[i];
        if (report::Matches(filter, catalogue->targets.at(change.target))) batch.changes.push_back(change);
        ++batch.cursor.sequence;
      }
      if (batch.cursor.sequence == last_sequence_) batch.cursor = Newest();
      return batch;
    }
  }
  return Missed(cursor, filter);
}

absl::StatusOr<Batch> Feed::Missed(const Cursor& cursor, const report::Filter& filter) {
  Batch batch;
  {
    // Taken first: what changes while the history is read comes once more.
    MutexLock lock(mutex_);
    batch.cursor = Newest();
  }
  const int64_t now_ms = clock_.NowMs();
  if (cursor.time_ms < now_ms - kResumeMs || cursor.time_ms > now_ms) {
    return absl::OutOfRangeError(StrCat("resume_token is of ", FormatTimeUtc(cursor.time_ms),
                                        ", and changes are told for 31 days; begin anew without one, and list the "
                                        "outages of the time between"));
  }
  const int64_t from_ms = cursor.time_ms - kLateMs;
  NINES_ASSIGN_OR_RETURN(const std::vector<report::StateEntry> entries, reporter_.States({from_ms, now_ms}, filter));
  for (const report::StateEntry& entry : entries) {
    if (entry.span.start_ms < from_ms) continue;
    batch.changes.push_back({entry.target, entry.span.state, entry.span.start_ms});
  }
  // And what holds now, also where it began before all that.
  NINES_ASSIGN_OR_RETURN(const Batch now, Begin(filter));
  for (const Change& change : now.changes) {
    const bool told = std::find(batch.changes.begin(), batch.changes.end(), change) != batch.changes.end();
    if (!told) batch.changes.push_back(change);
  }
  std::stable_sort(batch.changes.begin(), batch.changes.end(),
                   [](const Change& a, const Change& b) { return a.since_ms < b.since_ms; });
  return batch;
}

bool Feed::Wait(const Cursor& cursor, absl::Duration timeout) {
  MutexLock lock(mutex_);
  const bool news = cursor.run != run_ || cursor.sequence < last_sequence_;
  if (!stopping_ && !news) news_.WaitFor(mutex_, absl::ToChronoMilliseconds(timeout));
  return !stopping_;
}

}  // namespace nines::watch
