#include "daemon/ingest/writer.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "base/check.h"
#include "base/duration_text.h"
#include "base/status_macros.h"
#include "base/time_text.h"
#include "daemon/ingest/fact_check.h"

namespace nines::ingest {

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
  oldest_ms_ = std::max(now_ms_ - now_options_.late_window_ms, store_.TakenFromMs(series::SeriesClass::kSamples));
  newest_ms_ = now_ms_ + now_options_.ahead_window_ms;
  rows_.Clear();
  staged_.clear();
  facts_.Clear();
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
    prepared.push_back(Prepare(item, catalogue->get()));
  }
  bool facts_durable = false;
  if (status.ok()) {
    // Facts first. If the rest fails they are sent again, and what is recorded already changes nothing.
    status = WriteFacts();
    facts_durable = status.ok();
  }
  if (facts_durable) ledger_.PublishFacts();
  if (status.ok()) status = LogSamples();
  if (!status.ok()) return Fail(group, prepared, facts_durable, status);
  ledger_.PublishPositions();
  if (logged_) store_.Append(rows_);
  Publish(group, prepared);
  Count(group, prepared, clock_.Monotonic() - begin);
  for (size_t i = 0; i < group.size(); ++i) group[i].done(std::move(prepared[i].outcome));
  SetHealth(store_.Maintain());
}

void Writer::Fail(std::vector<Item>& group, std::vector<Prepared>& prepared, bool facts_durable,
                  const absl::Status& status) {
  ledger_.Discard();
  SetHealth(status);
  {
    MutexLock lock(mutex_);
    ++stats_.failed_commits;
  }
  const absl::Status answer =
      absl::UnavailableError(StrCat("the storage failed, send it again: ", FromAbsl(status.message())));
  bool new_facts = false;
  for (size_t i = 0; i < group.size(); ++i) {
    const bool only_facts = group[i].batch.session == nullptr;
    if (facts_durable) {
      for (const ledger::Recorded& recorded : prepared[i].outcome.recorded) new_facts |= !recorded.unchanged;
    }
    if (facts_durable && only_facts) {
      group[i].done(std::move(prepared[i].outcome));
      continue;
    }
    if (!only_facts) group[i].batch.session->broken = true;
    group[i].done({.status = answer, .refusals = {}, .recorded = {}});
  }
  if (new_facts && listener_.on_facts) listener_.on_facts();
}

Writer::Prepared Writer::Prepare(Item& item, const catalogue::Catalogue* catalogue) {
  Batch& batch = item.batch;
  Prepared prepared;
  NINES_CHECK(batch.session != nullptr || batch.stream.collector.empty());
  if (batch.session != nullptr) NoticeRemoved(*batch.session);
  if (batch.session != nullptr && batch.session->broken) {
    prepared.outcome.status = absl::UnavailableError("a batch or a series of this stream was lost; open it again");
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
    ledger_.StagePosition(batch.stream, batch.sequence);
  }
  prepared.outcome.refusals = std::move(batch.refusals);
  TakeSamples(batch, prepared);
  TakeResults(batch, prepared);
  if (!batch.facts.empty()) TakeFacts(item, *catalogue, prepared);
  for (Refusal& refusal : prepared.outcome.refusals) refusal.sequence = batch.sequence;
  return prepared;
}

void Writer::Register(Batch& batch) {
  Session& session = *batch.session;
  for (SeriesEntry& entry : batch.register_series) {
    const uint32_t number = static_cast<uint32_t>(session.series.ids.size());
    session.series.ids.push_back(Session::Slots::kNone);
    if (entry.refused.empty()) {
      session.series.fresh[number] = std::move(entry.labels);
    } else {
      session.refused_series[number] = {entry.reason, std::move(entry.refused)};
    }
  }
  for (CheckEntry& entry : batch.register_checks) {
    const uint32_t number = static_cast<uint32_t>(session.checks.ids.size());
    session.checks.ids.push_back(Session::Slots::kNone);
    session.check_ids.push_back(entry.check);
    if (entry.refused.empty()) {
      session.checks.fresh[number] = series::CheckResultLabels(session.provider, entry.check);
    } else {
      session.refused_checks[number] = {entry.reason, std::move(entry.refused)};
    }
  }
  batch.register_series.clear();
  batch.register_checks.clear();
}

void Writer::NoticeRemoved(Session& session) const {
  if (session.removals == store_.removals()) return;
  session.removals = store_.removals();
  for (const Session::Slots* slots : {&session.series, &session.checks}) {
    session.broken |= std::any_of(slots->ids.begin(), slots->ids.end(), [&](uint32_t id) {
      return id != Session::Slots::kNone && !store_.Contains(SeriesId(id));
    });
  }
}

bool Writer::IsDuplicate(const Batch& batch, bool* gap) {
  const ledger::StreamKey& key = batch.stream;
  const auto staged = staged_.find({key.provider, key.collector, key.epoch});
  const uint64_t last = staged != staged_.end() ? staged->second : ledger_.LastSequence(key);
  *gap = batch.sequence > last + 1;
  return batch.sequence <= last;
}

const Session::Refused* Writer::Resolve(Session::Slots& slots, const Session& session, uint32_t number,
                                        const absl::flat_hash_map<uint32_t, Session::Refused>& refused) {
  if (const auto found = refused.find(number); found != refused.end()) return &found->second;
  const auto fresh = slots.fresh.find(number);
  NINES_CHECK(fresh != slots.fresh.end());
  const std::optional<SeriesId> known = store_.Find(fresh->second);
  if (!known && store_.SeriesOfProvider(session.provider.value()) >= now_options_.series_per_provider_max) {
    // Not remembered: the limit may be raised while the stream goes on.
    too_many_.reason = RefusalReason::kTooManySeries;
    too_many_.message =
        StrCat("provider '", session.provider.value(), "' has its ", now_options_.series_per_provider_max,
               " series; send fewer, or raise ingest.series_per_provider_max");
    return &too_many_;
  }
  const SeriesId id = known ? *known : store_.Resolve(fresh->second, registrations_);
  slots.ids[number] = static_cast<uint32_t>(id.value());
  slots.fresh.erase(fresh);
  // A hash map keeps its memory when it is emptied, and there were as many as series.
  if (slots.fresh.empty()) slots.fresh = {};
  return nullptr;
}

bool Writer::IsTaken(const series::Rows::Row& row, RefusalList& refusals) const {
  if (row.time_ms < oldest_ms_) [[unlikely]] {
    refusals.Add(RefusalReason::kTooOld, "samples older than the window for late ones", row.count, [&] {
      return StrCat(FormatTimeUtc(row.time_ms), " is before ", FormatTimeUtc(oldest_ms_),
                    "; send sooner, or widen ingest.late_window (now ", FormatDurationMs(now_options_.late_window_ms),
                    ") and storage.retention_samples");
    });
    return false;
  }
  if (row.time_ms > newest_ms_) [[unlikely]] {
    refusals.Add(RefusalReason::kTooFarAhead, "samples ahead of the daemon's clock", row.count, [&] {
      return StrCat(FormatTimeUtc(row.time_ms), " is more than ", FormatDurationMs(now_options_.ahead_window_ms),
                    " after ", FormatTimeUtc(now_ms_), "; set the sender's clock, or widen ingest.ahead_window");
    });
    return false;
  }
  return true;
}

uint32_t Writer::TakeRow(std::span<const uint32_t> numbers, const double* values, Session& session,
                         RefusalList& refusals) {
  // Nearly always all of them are known.
  const size_t first = rows_.series.size();
  rows_.series.resize(first + numbers.size());
  bool known = true;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const uint32_t id = session.series.ids[numbers[i]];
    rows_.series[first + i] = id;
    known &= id != Session::Slots::kNone;
  }
  if (known) [[likely]] {
    rows_.values.insert(rows_.values.end(), values, values + numbers.size());
    return static_cast<uint32_t>(numbers.size());
  }
  rows_.series.resize(first);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (session.series.ids[numbers[i]] == Session::Slots::kNone) {
      if (const auto* refused = Resolve(session.series, session, numbers[i], session.refused_series)) {
        refusals.Add(refused->reason, "samples of series that were refused", 1, [&] { return refused->message; });
        continue;
      }
    }
    rows_.series.push_back(session.series.ids[numbers[i]]);
    rows_.values.push_back(values[i]);
  }
  return static_cast<uint32_t>(rows_.series.size() - first);
}

void Writer::TakeSamples(const Batch& batch, Prepared& prepared) {
  const series::Rows& rows = batch.rows;
  if (rows.empty()) return;
  Session& session = *batch.session;
  RefusalList refusals(prepared.outcome.refusals);
  const size_t begin = rows_.series.size();
  size_t at = 0;
  for (const series::Rows::Row& row : rows.rows) {
    const uint32_t* numbers = rows.series.data() + at;
    const double* values = rows.values.data() + at;
    at += row.count;
    if (!IsTaken(row, refusals)) continue;
    const uint32_t taken = TakeRow({numbers, row.count}, values, session, refusals);
    if (taken > 0) rows_.rows.push_back({row.time_ms, taken});
  }
  prepared.samples += rows_.series.size() - begin;
}

void Writer::TakeResults(Batch& batch, Prepared& prepared) {
  RefusalList refusals(prepared.outcome.refusals);
  const int64_t oldest_ms = store_.TakenFromMs(series::SeriesClass::kResults);
  for (Batch::Results& results : batch.results) {
    Session& session = *batch.session;
    if (session.checks.ids[results.check] == Session::Slots::kNone) {
      if (const auto* refused = Resolve(session.checks, session, results.check, session.refused_checks)) {
        refusals.Add(refused->reason, "results of checks that were refused", results.samples.size(),
                     [&] { return refused->message; });
        results.samples.clear();
        continue;
      }
    }
    const size_t sent = results.samples.size();
    std::erase_if(results.samples, [&](const series::Sample& sample) { return sample.time_ms < oldest_ms; });
    if (results.samples.size() < sent) {
      refusals.Add(RefusalReason::kTooOld, "results older than their retention", sent - results.samples.size(), [&] {
        return StrCat("some are before ", FormatTimeUtc(oldest_ms), "; widen storage.retention_results to keep them");
      });
    }
    const SeriesId id(session.checks.ids[results.check]);
    for (const series::Sample& sample : results.samples) rows_.Add(id, sample.time_ms, sample.value);
    prepared.results += results.samples.size();
  }
}

void Writer::TakeFacts(const Item& item, const catalogue::Catalogue& catalogue, Prepared& prepared) {
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
  prepared.outcome.recorded = ledger_.Stage(good, now_ms_, facts_);
}

absl::Status Writer::WriteFacts() {
  // New series are in the index already, so that they are kept until their write has succeeded.
  if (!registrations_.empty()) {
    NINES_RETURN_IF_ERROR(
        database_.Write(registrations_, facts_.empty() ? rocks::Durability::kSync : rocks::Durability::kBuffer));
    registrations_.Clear();
  }
  // The database's log is written in order, so that this makes the one above durable as well.
  return facts_.empty() ? absl::OkStatus() : database_.Write(facts_, rocks::Durability::kSync);
}

absl::Status Writer::LogSamples() {
  const std::string positions = ledger_.StagedPositions();
  if (rows_.empty() && positions.empty()) {
    logged_ = false;
    return absl::OkStatus();
  }
  logged_ = true;
  return store_.Log(rows_, positions);
}

void Writer::Publish(const std::vector<Item>& group, const std::vector<Prepared>& prepared) {
  bool new_facts = false;
  for (size_t i = 0; i < group.size(); ++i) {
    const Batch& batch = group[i].batch;
    for (const ledger::Recorded& recorded : prepared[i].outcome.recorded) new_facts |= !recorded.unchanged;
    if (prepared[i].outcome.status.ok() && !batch.stream.collector.empty())
      board_.BatchDurable(batch.stream, now_ms_, batch.health);
    if (!listener_.on_results) continue;
    for (const Batch::Results& results : batch.results) {
      if (results.samples.empty()) continue;
      listener_.on_results(batch.session->provider, batch.session->check_ids[results.check], results.samples);
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
