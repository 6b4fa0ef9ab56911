#include "daemon/live/live.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "base/status_macros.h"
#include "daemon/live/track.h"
#include "daemon/report/history.h"
#include "daemon/report/observation.h"
#include "daemon/report/period.h"
#include "daemon/report/world.h"

namespace nines::live {
namespace {

// Runs that reach further back than they need to are let go: after a month is over, never within one.
constexpr int64_t kSpareMs = 20 * 86'400'000LL;

// The month of each target that an instant lies in. Asking a zone's rules once is enough for a snapshot.
class Months {
 public:
  explicit Months(int64_t now_ms) : now_ms_(now_ms) {}

  absl::StatusOr<report::Month> Of(const catalogue::Target& target) {
    const std::string& zone = target.contracts.front().terms.time_zone;
    for (const catalogue::ContractVersion& version : target.contracts) {
      if (version.terms.time_zone != zone) return report::LastMonthAt(now_ms_, target);
    }
    auto [month, is_new] = months_.try_emplace(zone);
    if (is_new) {
      NINES_ASSIGN_OR_RETURN(month->second, report::LastMonthAt(now_ms_, target));
    }
    return month->second;
  }

 private:
  int64_t now_ms_;
  std::map<std::string, report::Month> months_;
};

// A target with what its timelines are computed from.
struct Watched {
  const catalogue::Target* target = nullptr;
  report::Plan plan;
  report::Recorded recorded;
  Interval decided;  // what `overrides` cover
  report::StepOverrides overrides;
  std::vector<Track*> tracks;  // of the plan's checks
  int64_t month_start_ms = kTimeMinMs;
  int64_t before_ms = 0;  // how far before the month is looked
};

// Once a month, and when facts change: nothing else changes what is excluded.
void Decide(Watched& watched, Interval window) {
  if (watched.decided.start_ms <= window.start_ms && window.end_ms == watched.decided.end_ms) return;
  watched.decided = window;
  watched.overrides = report::OverridesOver(watched.plan, watched.recorded, window);
}

// As reports have it. The month of a target with one contract is assessed already.
absl::StatusOr<std::optional<report::MonthCredit>> CreditOfMonth(const TargetStatus& status,
                                                                 const catalogue::Target& target,
                                                                 const sla::Timeline& counted, int64_t now_ms) {
  if (now_ms <= status.month.start_ms) return std::nullopt;
  if (target.contracts.size() == 1) {
    const catalogue::ContractVersion& version = target.contracts.front();
    if (version.terms.credits.empty()) return std::nullopt;
    return report::CreditOf(status.month_so_far, version, status.month_label, status.month.end_ms <= now_ms);
  }
  NINES_ASSIGN_OR_RETURN(const std::vector<report::MonthCredit> credits,
                         report::CreditsOf(counted, target, status.month, now_ms));
  if (credits.empty()) return std::nullopt;
  return credits.back();
}

}  // namespace

class Live::Impl {
 public:
  Impl(const series::Store& store, const ledger::Ledger& ledger, catalogue::Cache& catalogue, const Clock& clock)
      : store_(store), ledger_(ledger), catalogue_(catalogue), clock_(clock) {}

  void OnResults(const ProviderId& provider, const CheckId& check, std::span<const series::Sample> results);
  absl::Status OnFacts();
  std::shared_ptr<const Snapshot> Now();
  Stats stats() const {
    MutexLock lock(mutex_);
    return stats_;
  }

 private:
  // What a snapshot in the making needs to know.
  struct Making {
    Snapshot& snapshot;
    Months months;
    std::unordered_map<const Track*, int64_t> needed_from_ms;
  };

  void AdoptWorld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(computing_, mutex_);
  std::vector<Track*> MoveTracks(int64_t now_ms) ABSL_EXCLUSIVE_LOCKS_REQUIRED(computing_, mutex_);
  void Load(Track* track, int64_t from_ms, Snapshot& snapshot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(computing_);
  void LoadMissing(const Watched& watched, int64_t from_ms, Making& making) ABSL_EXCLUSIVE_LOCKS_REQUIRED(computing_);
  report::Observation ObserveWindow(const Watched& watched, int64_t from_ms, int64_t now_ms, TargetStatus& status);
  absl::StatusOr<TargetStatus> StatusOf(Watched& watched, Making& making) ABSL_EXCLUSIVE_LOCKS_REQUIRED(computing_);
  void LetGo(const Making& making) ABSL_EXCLUSIVE_LOCKS_REQUIRED(computing_);

  const series::Store& store_;
  const ledger::Ledger& ledger_;
  catalogue::Cache& catalogue_;
  const Clock& clock_;

  // Held while a snapshot is made, also over reads of the store; taken before mutex_.
  Mutex computing_;
  std::shared_ptr<const report::World> adopted_ ABSL_GUARDED_BY(computing_);
  std::vector<Watched> watched_ ABSL_GUARDED_BY(computing_);
  std::shared_ptr<const Snapshot> last_ ABSL_GUARDED_BY(computing_);
  uint64_t last_version_ ABSL_GUARDED_BY(computing_) = 0;

  // Held for a few microseconds at a time: the writer thread must not wait for a snapshot.
  mutable Mutex mutex_;
  std::shared_ptr<const report::World> world_ ABSL_GUARDED_BY(mutex_);
  std::unordered_map<CheckId, std::unique_ptr<Track>> tracks_ ABSL_GUARDED_BY(mutex_);
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;  // grows with everything that can change a snapshot
  Stats stats_ ABSL_GUARDED_BY(mutex_);
};

void Live::Impl::OnResults(const ProviderId& provider, const CheckId& check, std::span<const series::Sample> results) {
  MutexLock lock(mutex_);
  const auto found = tracks_.find(check);
  // Results under another provider's name are another series, which no target looks at.
  if (found == tracks_.end() || found->second->check().provider != provider) return;
  const int64_t now_ms = clock_.NowMs();
  ++version_;
  for (const series::Sample& sample : results) {
    switch (found->second->Add(sample, now_ms)) {
      case Track::Taken::kInOrder:
        ++stats_.results_in_order;
        break;
      case Track::Taken::kLate:
        ++stats_.results_late;
        break;
      case Track::Taken::kAhead:
        ++stats_.results_ahead;
        break;
      case Track::Taken::kNoResult:
        ++stats_.results_skipped;
        break;
      case Track::Taken::kLeftToLoad:
        break;
    }
  }
}

absl::Status Live::Impl::OnFacts() {
  NINES_ASSIGN_OR_RETURN(report::World world, report::ReadWorld(ledger_, catalogue_));
  MutexLock lock(mutex_);
  if (world_ == nullptr || world_->position <= world.position) {
    world_ = std::make_shared<const report::World>(std::move(world));
    ++version_;
  }
  return absl::OkStatus();
}

void Live::Impl::AdoptWorld() {
  if (adopted_ == world_) return;
  adopted_ = world_;
  const catalogue::Catalogue& catalogue = *adopted_->catalogue;
  std::unordered_map<CheckId, std::unique_ptr<Track>> tracks;
  for (const auto& [id, check] : catalogue.checks) {
    std::unique_ptr<Track>& track = tracks[id];
    if (const auto before = tracks_.find(id); before != tracks_.end()) track = std::move(before->second);
    const bool same =
        track != nullptr && track->check().provider == check.provider && track->check().rule == check.rule;
    if (!same) track = std::make_unique<Track>(check);
  }
  tracks_ = std::move(tracks);
  watched_.clear();
  watched_.reserve(catalogue.targets.size());
  for (const auto& [id, target] : catalogue.targets) {
    Watched& watched = watched_.emplace_back();
    watched.target = &target;
    watched.plan = report::PlanOf(catalogue, target);
    watched.recorded = report::RecordedOf(*adopted_, watched.plan);
    for (const catalogue::Check* check : watched.plan.checks) watched.tracks.push_back(tracks_[check->id].get());
  }
}

std::vector<Track*> Live::Impl::MoveTracks(int64_t now_ms) {
  std::vector<Track*> dirty;
  for (const auto& [id, track] : tracks_) {
    track->MoveTo(now_ms);
    if (track->dirty()) dirty.push_back(track.get());
  }
  return dirty;
}

void Live::Impl::Load(Track* track, int64_t from_ms, Snapshot& snapshot) {
  {
    MutexLock lock(mutex_);
    track->BeginLoad();
    ++stats_.reloads;
  }
  const absl::StatusOr<Track::Loaded> loaded = Track::Load(store_, track->check(), from_ms, snapshot.now_ms);
  MutexLock lock(mutex_);
  if (loaded.ok()) {
    track->Install(*loaded);
    return;
  }
  track->Abandon();
  if (snapshot.error.ok()) snapshot.error = Annotate(loaded.status(), StrCat("check ", track->check().id.value()));
}

void Live::Impl::LoadMissing(const Watched& watched, int64_t from_ms, Making& making) {
  for (Track* track : watched.tracks) {
    const auto [needed, is_new] = making.needed_from_ms.emplace(track, from_ms);
    if (!is_new) needed->second = std::min(needed->second, from_ms);
    bool covers = false;
    {
      MutexLock lock(mutex_);
      covers = track->Covers(from_ms);
    }
    if (!covers) Load(track, from_ms, making.snapshot);
  }
}

report::Observation Live::Impl::ObserveWindow(const Watched& watched, int64_t from_ms, int64_t now_ms,
                                              TargetStatus& status) {
  MutexLock lock(mutex_);
  std::vector<sla::CheckInput> inputs;
  inputs.reserve(watched.tracks.size());
  status.checks.clear();
  int64_t first_ms = report::FirstRecordedMs(watched.recorded);
  for (const Track* track : watched.tracks) {
    const sla::CheckInput& input = inputs.emplace_back(track->input());
    first_ms = std::min(first_ms, track->first_ms());
    const sla::Timeline now = sla::CheckTimeline(input.runs, input.rule, {now_ms - 1, now_ms}, now_ms);
    status.checks.push_back({track->check().id, now.back().state, track->last_result_ms()});
  }
  return report::Observe(watched.plan, inputs, watched.recorded, watched.overrides, {from_ms, now_ms}, now_ms,
                         from_ms <= first_ms ? report::Before::kNothing : report::Before::kSomething);
}

absl::StatusOr<TargetStatus> Live::Impl::StatusOf(Watched& watched, Making& making) {
  const catalogue::Target& target = *watched.target;
  const int64_t now_ms = making.snapshot.now_ms;
  const sla::ContractTerms terms = watched.plan.steps.back().terms;
  NINES_ASSIGN_OR_RETURN(const report::Month month, making.months.Of(target));
  const Interval ahead = {std::min(now_ms, month.interval.end_ms), month.interval.end_ms};
  const catalogue::ContractVersion& version = target.ContractAt(std::max(month.interval.start_ms, ahead.start_ms - 1));
  const sla::Contract& contract = version.terms;
  if (watched.month_start_ms != month.interval.start_ms) {
    watched.month_start_ms = month.interval.start_ms;
    watched.before_ms = report::kFirstMarginMs + report::MinOutageMs(watched.plan);
  }
  TargetStatus status;
  status.target = target.id;
  status.contract = &version;
  status.month = month.interval;
  status.month_label = month.label;
  report::Observation observation;
  // Burn rates look back over the month's start.
  const Interval period = {std::min(month.interval.start_ms, now_ms - report::kLongestBurnMs), now_ms};
  while (true) {
    const int64_t from_ms = period.start_ms - watched.before_ms;
    LoadMissing(watched, from_ms, making);
    Decide(watched, {from_ms, std::max(month.interval.end_ms, now_ms)});
    observation = ObserveWindow(watched, from_ms, now_ms, status);
    if (!report::UnsettledEdges(observation, period, terms).left) break;
    watched.before_ms *= report::kMarginGrowth;
  }
  const sla::Timeline& counted = observation.accounted;
  status.state = counted.back().state;
  status.since_ms = counted.back().start_ms;
  if (!report::IsBad(status.state, contract)) status.since_ms = std::max(status.since_ms, month.interval.start_ms);
  const std::vector<sla::Override>& overrides = watched.overrides.back();
  status.month_so_far = sla::Assess(counted, month.interval, terms, now_ms, sla::ExcludedMs(overrides, ahead));
  status.account = status.month_so_far.account;
  NINES_ASSIGN_OR_RETURN(status.credit, CreditOfMonth(status, target, counted, now_ms));
  if (!ahead.empty()) {
    status.spending =
        report::SpendingOf(counted, contract, status.month_so_far.left_ms, overrides, month.interval, now_ms);
  }
  return status;
}

void Live::Impl::LetGo(const Making& making) {
  MutexLock lock(mutex_);
  for (const auto& [id, track] : tracks_) {
    const auto needed = making.needed_from_ms.find(track.get());
    // A check that no target looks at is not loaded, or not any more.
    const int64_t from_ms = needed == making.needed_from_ms.end() ? kTimeMaxMs : needed->second;
    if (track->loaded() && track->from_ms() < from_ms - kSpareMs) track->Forget();
  }
}

std::shared_ptr<const Snapshot> Live::Impl::Now() {
  MutexLock computing(computing_);
  auto snapshot = std::make_shared<Snapshot>();
  uint64_t version = 0;
  std::vector<std::pair<Track*, int64_t>> reload;
  {
    MutexLock lock(mutex_);
    snapshot->now_ms = clock_.NowMs();
    version = version_;
    if (last_ != nullptr && last_->now_ms == snapshot->now_ms && last_version_ == version && last_->error.ok()) {
      return last_;
    }
    AdoptWorld();
    for (Track* track : MoveTracks(snapshot->now_ms)) reload.emplace_back(track, track->from_ms());
  }
  for (const auto& [track, from_ms] : reload) Load(track, from_ms, *snapshot);
  snapshot->catalogue = std::shared_ptr<const catalogue::Catalogue>(adopted_, adopted_->catalogue.get());
  Making making{*snapshot, Months(snapshot->now_ms), {}};
  snapshot->targets.reserve(watched_.size());
  for (Watched& watched : watched_) {
    absl::StatusOr<TargetStatus> status = StatusOf(watched, making);
    if (status.ok()) {
      snapshot->targets.push_back(*std::move(status));
    } else if (snapshot->error.ok()) {
      snapshot->error = Annotate(status.status(), StrCat("target ", watched.target->id.value()));
    }
  }
  LetGo(making);
  last_ = std::move(snapshot);
  last_version_ = version;
  return last_;
}

absl::StatusOr<std::unique_ptr<Live>> Live::Create(const series::Store& store, const ledger::Ledger& ledger,
                                                   catalogue::Cache& catalogue, const Clock& clock) {
  auto impl = std::make_unique<Impl>(store, ledger, catalogue, clock);
  NINES_RETURN_IF_ERROR(impl->OnFacts());
  const std::shared_ptr<const Snapshot> first = impl->Now();
  NINES_RETURN_IF_ERROR(first->error);
  return std::unique_ptr<Live>(new Live(std::move(impl)));
}

Live::Live(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Live::~Live() = default;

void Live::OnResults(const ProviderId& provider, const CheckId& check, std::span<const series::Sample> results) {
  impl_->OnResults(provider, check, results);
}

absl::Status Live::OnFacts() { return impl_->OnFacts(); }
std::shared_ptr<const Snapshot> Live::Now() { return impl_->Now(); }
Live::Stats Live::stats() const { return impl_->stats(); }

}  // namespace nines::live
