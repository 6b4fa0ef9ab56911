#include "daemon/ingest/writer.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "absl/time/time.h"
#include "base/check.h"
#include "base/duration_text.h"
#include "base/status_macros.h"
#include "daemon/ingest/fact_check.h"

namespace nines::ingest {
namespace {

std::string TimeText(int64_t time_ms) {
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixMillis(time_ms), absl::UTCTimeZone());
}

}  // namespace

Writer::Writer(rocks::Database& database, series::Store& store, ledger::Ledger& ledger, catalogue::Cache& catalogue,
               const Clock& clock, const Options& options)
    : database_(database), store_(store), ledger_(ledger), catalogue_(catalogue), clock_(clock), options_(options) {}

void Writer::SetOptions(const Options& options) {
  MutexLock lock(mutex_);
  options_ = options;
}

Stats Writer::stats() const {
  MutexLock lock(mutex_);
  return stats_;
}

absl::Status Writer::healthy() const {
  MutexLock lock(mutex_);
  return health_;
}

void Writer::SetHealth(const absl::Status& status) {
  MutexLock lock(mutex_);
  if (health_.ok() && !status.ok()) spdlog::error("storage fails, senders have to wait: {}", status.ToString());
  if (!health_.ok() && status.ok()) spdlog::info("storage works again");
  health_ = status;
}

void Writer::Commit(std::vector<Item>& group) {
  const absl::Duration begin = clock_.Monotonic();
  {
    MutexLock lock(mutex_);
    now_options_ = options_;
  }
  now_ms_ = clock_.NowMs();
  points_.clear();
  staged_.clear();
  rocks::Batch data;
  absl::StatusOr<std::shared_ptr<const catalogue::Catalogue>> catalogue(nullptr);
  for (const Item& item : group) {
    if (item.batch.facts.empty()) continue;
    catalogue = catalogue_.Get();
    break;
  }
  std::vector<Prepared> prepared;
  prepared.reserve(group.size());
  absl::Status status = catalogue.status();
  for (Item& item : group) {
    if (!status.ok()) break;
    prepared.push_back(Prepare(item, catalogue->get(), data));
  }
  if (status.ok()) status = Write(data);
  if (!status.ok()) {
    ledger_.Discard();
    SetHealth(status);
    {
      MutexLock lock(mutex_);
      ++stats_.failed_commits;
    }
    const absl::Status answer =
        absl::UnavailableError(StrCat("the storage failed, send it again: ", FromAbsl(status.message())));
    for (Item& item : group) {
      if (item.batch.session != nullptr) item.batch.session->broken = true;
      item.done({.status = answer, .refusals = {}, .recorded = {}});
    }
    return;
  }
  Publish(group, prepared);
  Count(group, prepared, clock_.Monotonic() - begin);
  for (size_t i = 0; i < group.size(); ++i) group[i].done(std::move(prepared[i].outcome));
  SetHealth(store_.Maintain());
}

Writer::Prepared Writer::Prepare(Item& item, const catalogue::Catalogue* catalogue, rocks::Batch& data) {
  Batch& batch = item.batch;
  Prepared prepared;
  NINES_CHECK(batch.session != nullptr || batch.stream.collector.empty());
  if (batch.session != nullptr && batch.session->broken) {
    prepared.outcome.status = absl::UnavailableError("an earlier batch of this stream was lost; open it again");
    batch.results.clear();
    return prepared;
  }
  // Also of a duplicate: the numbers of the batches behind it count on them.
  if (batch.session != nullptr) Register(batch);
  if (!batch.stream.collector.empty()) {
    if (IsDuplicate(batch, &prepared.gap)) {
      prepared.outcome.duplicate = true;
      batch.results.clear();
      return prepared;
    }
    staged_[{batch.stream.provider, batch.stream.collector, batch.stream.epoch}] = batch.sequence;
    ledger_.StagePosition(batch.stream, batch.sequence, data);
  }
  prepared.outcome.refusals = std::move(batch.refusals);
  TakeSamples(batch, prepared);
  TakeResults(batch, prepared);
  if (!batch.facts.empty()) TakeFacts(item, *catalogue, prepared, data);
  for (Refusal& refusal : prepared.outcome.refusals) refusal.sequence = batch.sequence;
  return prepared;
}

void Writer::Register(Batch& batch) {
  Session& session = *batch.session;
  for (SeriesEntry& entry : batch.register_series) {
    const uint32_t number = static_cast<uint32_t>(session.series.size());
    Session::Slot& slot = session.series.emplace_back();
    if (entry.refused.empty()) {
      slot.labels = std::move(entry.labels);
    } else {
      slot.state = Session::Slot::State::kRefused;
      session.refused_series[number] = {entry.reason, std::move(entry.refused)};
    }
  }
  for (CheckEntry& entry : batch.register_checks) {
    const uint32_t number = static_cast<uint32_t>(session.checks.size());
    Session::CheckSlot& check = session.checks.emplace_back();
    check.check = entry.check;
    if (entry.refused.empty()) {
      check.slot.labels = series::CheckResultLabels(session.provider, entry.check);
    } else {
      check.slot.state = Session::Slot::State::kRefused;
      session.refused_checks[number] = {entry.reason, std::move(entry.refused)};
    }
  }
  batch.register_series.clear();
  batch.register_checks.clear();
}

bool Writer::IsDuplicate(const Batch& batch, bool* gap) {
  const ledger::StreamKey& key = batch.stream;
  const auto staged = staged_.find({key.provider, key.collector, key.epoch});
  const uint64_t last = staged != staged_.end() ? staged->second : ledger_.LastSequence(key);
  *gap = batch.sequence > last + 1;
  return batch.sequence <= last;
}

const Session::Refused* Writer::Resolve(Session::Slot& slot, const Session& session, uint32_t number,
                                        const absl::flat_hash_map<uint32_t, Session::Refused>& refused) {
  if (slot.state == Session::Slot::State::kRefused) return &refused.at(number);
  const std::optional<SeriesId> known = store_.Find(slot.labels);
  if (!known && store_.SeriesOfProvider(session.provider.value()) >= now_options_.series_per_provider_max) {
    // Not remembered: the limit may be raised while the stream goes on.
    too_many_.reason = RefusalReason::kTooManySeries;
    too_many_.message =
        StrCat("provider '", session.provider.value(), "' has its ", now_options_.series_per_provider_max,
               " series; send fewer, or raise ingest.series_per_provider_max");
    return &too_many_;
  }
  slot.id = known ? *known : store_.Resolve(slot.labels, registrations_);
  slot.state = Session::Slot::State::kResolved;
  slot.labels = series::Labels();
  return nullptr;
}

void Writer::TakeSamples(const Batch& batch, Prepared& prepared) {
  if (batch.points.empty()) return;
  Session& session = *batch.session;
  RefusalList refusals(prepared.outcome.refusals);
  const int64_t oldest_ms = now_ms_ - now_options_.late_window_ms;
  const int64_t newest_ms = now_ms_ + now_options_.ahead_window_ms;
  points_.reserve(points_.size() + batch.points.size());
  for (const Batch::Point& point : batch.points) {
    if (point.time_ms < oldest_ms) [[unlikely]] {
      refusals.Add(RefusalReason::kTooOld, "samples older than the window for late ones", 1, [&] {
        return StrCat(TimeText(point.time_ms), " is more than ", FormatDurationMs(now_options_.late_window_ms),
                      " before ", TimeText(now_ms_), "; send sooner, or widen ingest.late_window");
      });
      continue;
    }
    if (point.time_ms > newest_ms) [[unlikely]] {
      refusals.Add(RefusalReason::kTooFarAhead, "samples ahead of the daemon's clock", 1, [&] {
        return StrCat(TimeText(point.time_ms), " is more than ", FormatDurationMs(now_options_.ahead_window_ms),
                      " after ", TimeText(now_ms_), "; set the sender's clock, or widen ingest.ahead_window");
      });
      continue;
    }
    Session::Slot& slot = session.series.at(point.series);
    if (slot.state != Session::Slot::State::kResolved) [[unlikely]] {
      if (const auto* refused = Resolve(slot, session, point.series, session.refused_series)) {
        refusals.Add(refused->reason, "samples of series that were refused", 1, [&] { return refused->message; });
        continue;
      }
    }
    points_.push_back({slot.id, point.time_ms, point.value});
    ++prepared.samples;
  }
}

void Writer::TakeResults(Batch& batch, Prepared& prepared) {
  RefusalList refusals(prepared.outcome.refusals);
  for (Batch::Results& results : batch.results) {
    Session::CheckSlot& check = batch.session->checks.at(results.check);
    if (check.slot.state != Session::Slot::State::kResolved) {
      if (const auto* refused = Resolve(check.slot, *batch.session, results.check, batch.session->refused_checks)) {
        refusals.Add(refused->reason, "results of checks that were refused", results.samples.size(),
                     [&] { return refused->message; });
        results.samples.clear();
        continue;
      }
    }
    for (const series::Sample& sample : results.samples)
      points_.push_back({check.slot.id, sample.time_ms, sample.value});
    prepared.results += results.samples.size();
  }
}

void Writer::TakeFacts(const Item& item, const catalogue::Catalogue& catalogue, Prepared& prepared,
                       rocks::Batch& data) {
  std::vector<ledger::NewFact> good;
  std::string wrong;
  bool denied = false;
  for (const ledger::NewFact& fact : item.batch.facts) {
    const absl::Status status = CheckFact(fact, catalogue);
    if (status.ok()) {
      good.push_back(fact);
      continue;
    }
    const bool not_allowed = status.code() == absl::StatusCode::kPermissionDenied;
    denied |= not_allowed;
    StrAppend(&wrong, wrong.empty() ? "" : "\n", FromAbsl(status.message()));
    FactName name = NameOf(fact.body);
    prepared.outcome.refusals.push_back(
        {.reason = not_allowed ? RefusalReason::kNotAllowed : RefusalReason::kInvalidFact,
         .message = std::string(status.message()),
         .fact_source = std::move(name.source),
         .fact_id = std::move(name.id)});
  }
  if (item.all_or_nothing && !wrong.empty()) {
    prepared.outcome.status = denied ? absl::PermissionDeniedError(wrong) : absl::InvalidArgumentError(wrong);
    return;
  }
  prepared.outcome.recorded = ledger_.Stage(good, now_ms_, data);
}

absl::Status Writer::Write(rocks::Batch& data) {
  if (!registrations_.empty()) {
    // The log is written in order, so that the synced write below makes this one durable as well.
    NINES_RETURN_IF_ERROR(database_.Write(registrations_, rocks::Durability::kBuffer));
    registrations_ = rocks::Batch();
  }
  if (!points_.empty()) store_.Log(points_, data);
  if (data.empty()) return absl::OkStatus();
  return database_.Write(data, rocks::Durability::kSync);
}

void Writer::Publish(const std::vector<Item>& group, const std::vector<Prepared>& prepared) {
  if (!points_.empty()) store_.Append(points_);
  ledger_.Publish();
  bool new_facts = false;
  for (size_t i = 0; i < group.size(); ++i) {
    const Batch& batch = group[i].batch;
    for (const ledger::Recorded& recorded : prepared[i].outcome.recorded) new_facts |= !recorded.unchanged;
    if (prepared[i].outcome.status.ok() && !batch.stream.collector.empty())
      board_.BatchDurable(batch.stream, now_ms_, batch.health);
    if (!listener_.on_results) continue;
    for (const Batch::Results& results : batch.results) {
      if (results.samples.empty()) continue;
      listener_.on_results(batch.session->provider, batch.session->checks[results.check].check, results.samples);
    }
  }
  if (new_facts && listener_.on_facts) listener_.on_facts();
}

void Writer::Count(const std::vector<Item>& group, const std::vector<Prepared>& prepared, absl::Duration took) {
  MutexLock lock(mutex_);
  ++stats_.commits;
  stats_.commit_seconds += absl::ToDoubleSeconds(took);
  for (size_t i = 0; i < group.size(); ++i) {
    const Prepared& one = prepared[i];
    ++stats_.batches;
    stats_.duplicate_batches += one.outcome.duplicate ? 1 : 0;
    stats_.sequence_gaps += one.gap ? 1 : 0;
    stats_.samples += one.samples;
    stats_.results += one.results;
    for (const ledger::Recorded& recorded : one.outcome.recorded) stats_.facts += recorded.unchanged ? 0 : 1;
    for (const Refusal& refusal : one.outcome.refusals)
      stats_.refused[static_cast<int>(refusal.reason)] += refusal.count;
  }
}

}  // namespace nines::ingest
