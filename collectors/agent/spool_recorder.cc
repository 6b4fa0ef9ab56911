#include "collectors/agent/spool_recorder.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/utf8.h"

namespace nines::collector {
namespace {

constexpr std::chrono::milliseconds kGatherFor(100);
constexpr std::chrono::milliseconds kRetryAfter(1000);
constexpr int64_t kWriteAtBytes = 512 << 10;

}  // namespace

SpoolRecorder::SpoolRecorder(boost::asio::io_context& io, Spool& spool)
    : io_(io), spool_(spool), added_(io), appended_(io), answered_(io) {}

void SpoolRecorder::AddRow(int64_t time_ms, std::span<const RowSample> samples) {
  builder_.AddRow(time_ms, samples);
  MaybeWriteEarly();
}

void SpoolRecorder::AddResult(std::string_view check, int64_t time_ms, v1::ResultState state) {
  builder_.AddResult(check, time_ms, state);
  MaybeWriteEarly();
}

void SpoolRecorder::AddDeclaration(v1::Declaration declaration) {
  refused_.erase({declaration.source(), declaration.id()});
  builder_.AddDeclaration(std::move(declaration));
  MaybeWriteEarly();
}

void SpoolRecorder::AddMaintenance(v1::Maintenance maintenance) {
  refused_.erase({maintenance.source(), maintenance.id()});
  builder_.AddMaintenance(std::move(maintenance));
  MaybeWriteEarly();
}

void SpoolRecorder::SetCursor(const std::string& source, std::string cursor) {
  builder_.SetCursor(source, std::move(cursor));
  added_.Notify();
}

std::string SpoolRecorder::GetCursor(const std::string& source) const {
  if (const std::string* cursor = builder_.FindCursor(source)) return *cursor;
  return spool_.cursor(ToUtf8(source));
}

void SpoolRecorder::MaybeWriteEarly() {
  if (builder_.bytes() >= kWriteAtBytes && !unwritten_ && last_error_.ok()) TryWrite();
  added_.Notify();
}

bool SpoolRecorder::TryWrite() {
  bool wrote = false;
  while (unwritten_ || !builder_.empty()) {
    const absl::StatusOr<bool> written = WriteOne();
    if (!written.ok() && written.status() != last_error_) {
      spdlog::error("spool: {}; sources wait until it can be written again", written.status().ToString());
    }
    last_error_ = written.status();
    if (!written.ok() || !*written) break;
    wrote = true;
  }
  // Dropping may have taken records along whose answers somebody waits for.
  OnLost(spool_.dropped_through());
  if (wrote) appended_.Notify();
  return !unwritten_ && builder_.empty();
}

absl::StatusOr<bool> SpoolRecorder::WriteOne() {
  if (!unwritten_) {
    const absl::StatusOr<std::optional<uint64_t>> segment = spool_.Reserve(record_bytes_max_);
    if (!segment.ok()) return segment.status();
    if (!segment->has_value()) return false;
    if (segment_ != **segment) builder_.StartSegment();
    segment_ = **segment;
    builder_.Build(record_bytes_max_, &unwritten_.emplace());
  }
  const absl::Status appended = spool_.Append(&*unwritten_);
  if (!appended.ok()) return appended;
  RememberFacts(unwritten_->batch());
  unwritten_.reset();
  return true;
}

void SpoolRecorder::RememberFacts(const v1::Batch& batch) {
  for (const auto& fact : batch.declarations()) {
    facts_unanswered_.push_back({batch.sequence(), {fact.source(), fact.id()}});
  }
  for (const auto& fact : batch.maintenance()) {
    facts_unanswered_.push_back({batch.sequence(), {fact.source(), fact.id()}});
  }
}

boost::asio::awaitable<absl::Status> SpoolRecorder::Flush() {
  // Lets others run, however much a source has to say.
  co_await boost::asio::post(io_, boost::asio::use_awaitable);
  while (!TryWrite()) {
    if (stopped_) co_return absl::CancelledError("the collector stops");
    co_await answered_.WaitFor(kRetryAfter);
  }
  if (stopped_) co_return absl::CancelledError("the collector stops");
  co_return absl::OkStatus();
}

boost::asio::awaitable<absl::StatusOr<std::vector<v1::Refusal>>> SpoolRecorder::Acknowledged() {
  const absl::Status flushed = co_await Flush();
  if (!flushed.ok()) co_return flushed;
  const uint64_t target = spool_.last_sequence();
  while (std::max(spool_.acked_sequence(), spool_.dropped_through()) < target) {
    if (stopped_) co_return absl::CancelledError("the collector stops");
    co_await answered_.Wait();
  }
  std::vector<v1::Refusal> refusals;
  for (const auto& [key, refusal] : refused_) refusals.push_back(refusal);
  co_return refusals;
}

boost::asio::awaitable<void> SpoolRecorder::Run() {
  while (!stopped_) {
    if (builder_.empty() && !unwritten_) {
      co_await added_.Wait();
      continue;
    }
    boost::asio::steady_timer gather(io_, kGatherFor);
    boost::system::error_code ignored;
    co_await gather.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    while (!stopped_ && !TryWrite()) co_await answered_.WaitFor(kRetryAfter);
  }
}

void SpoolRecorder::Stop() {
  stopped_ = true;
  TryWrite();
  added_.Notify();
  answered_.Notify();
}

void SpoolRecorder::OnWelcome(const v1::Welcome& welcome) {
  if (welcome.batch_bytes_max() > 0) {
    record_bytes_max_ = std::min<int64_t>(kRecordBytesMax, welcome.batch_bytes_max());
  }
  OnLost(welcome.last_sequence());
  spool_.Acknowledge(welcome.last_sequence());
  answered_.Notify();
}

void SpoolRecorder::OnAcknowledgement(const v1::Acknowledgement& acknowledgement) {
  for (const v1::Refusal& refusal : acknowledgement.refusals()) {
    if (refusal.fact_id().empty()) continue;
    const FactKey key(refusal.fact_source(), refusal.fact_id());
    // Only the last time it was added counts.
    const auto later = [&](const SentFact& fact) { return fact.key == key && fact.sequence > refusal.sequence(); };
    if (std::none_of(facts_unanswered_.begin(), facts_unanswered_.end(), later)) refused_[key] = refusal;
  }
  Settle(acknowledgement.sequence());
  spool_.Acknowledge(acknowledgement.sequence());
  answered_.Notify();
}

void SpoolRecorder::OnLost(uint64_t sequence) {
  bool lost = false;
  for (const SentFact& fact : facts_unanswered_) {
    if (fact.sequence > sequence) break;
    v1::Refusal& refusal = refused_[fact.key];
    refusal.Clear();
    refusal.set_sequence(fact.sequence);
    refusal.set_message("the answer was lost; to be added again");
    refusal.set_fact_source(fact.key.first);
    refusal.set_fact_id(fact.key.second);
    lost = true;
  }
  Settle(sequence);
  if (lost) answered_.Notify();
}

void SpoolRecorder::Settle(uint64_t sequence) {
  while (!facts_unanswered_.empty() && facts_unanswered_.front().sequence <= sequence) facts_unanswered_.pop_front();
}

}  // namespace nines::collector
