#include "collectors/agent/stream_client.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/status_macros.h"
#include "base/text.h"
#include "base/version.h"
#include "wire/status.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

constexpr absl::Duration kRefusalLogInterval = absl::Seconds(10);
// Labels of series that are gone stay registered for as long as a stream lasts.
constexpr size_t kSeriesPerStreamMax = 4'000'000;

std::string_view Advice(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnavailable:
      return "is ninesd running there, and the address right?";
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kNotFound:
      return "apply a catalogue that knows this provider_id, or correct it in the config";
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return "the certificate in tls must name this provider_id";
    case absl::StatusCode::kInvalidArgument:
      return "correct collector_id and provider_id in the config";
    case absl::StatusCode::kUnimplemented:
      return "this is not ninesd's gRPC address (grpc_listen)";
    case absl::StatusCode::kResourceExhausted:
      return "raise ingest.batch_bytes_max of the daemon";
    case absl::StatusCode::kAborted:
      return "does another collector use the same collector_id?";
    default:
      return "trying again";
  }
}

}  // namespace

// One gRPC call. Its callbacks run on gRPC's threads and touch nothing but what is theirs; the rest is posted.
class StreamClient::Stream : public grpc::ClientBidiReactor<v1::PushRequest, v1::PushResponse> {
 public:
  Stream(boost::asio::io_context& io, Signal& wake) : io_(io), wake_(wake) {}

  void Start(v1::IngestService::Stub& stub, std::shared_ptr<Stream> self) {
    self_ = std::move(self);
    stub.async()->Push(&context_, this);
    AddHold();  // writes come from outside the callbacks
    StartRead(&response_);
    StartCall();
  }

  // In the io_context:
  void Write(v1::PushRequest request) {
    request_ = std::move(request);
    is_writing_ = true;
    StartWrite(&request_);
  }
  // Ends the call; is_done() follows. Idempotent.
  void End() {
    context_.TryCancel();
    if (!std::exchange(released_, true)) RemoveHold();
  }
  bool can_write() const { return !is_writing_ && !ended_; }
  bool ended() const { return ended_; }
  bool is_done() const { return is_done_; }
  const absl::Status& status() const { return status_; }
  std::deque<v1::PushResponse>& responses() { return responses_; }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return Post([this] { ended_ = true; });
    Post([this, response = std::move(response_)]() mutable { responses_.push_back(std::move(response)); });
    response_.Clear();
    StartRead(&response_);
  }
  void OnWriteDone(bool ok) override {
    Post([this, ok] {
      is_writing_ = false;
      if (!ok) ended_ = true;
    });
  }
  void OnDone(const grpc::Status& status) override {
    Post([this, status = wire::FromGrpc(status), self = std::move(self_)] {
      status_ = status;
      ended_ = is_done_ = true;
    });
  }
  template <typename Handler>
  void Post(Handler handler) {
    boost::asio::post(io_, [this, handler = std::move(handler)]() mutable {
      handler();
      wake_.Notify();
    });
  }

  boost::asio::io_context& io_;
  Signal& wake_;
  grpc::ClientContext context_;
  v1::PushResponse response_;  // gRPC's threads
  v1::PushRequest request_;
  std::shared_ptr<Stream> self_;  // until OnDone
  std::deque<v1::PushResponse> responses_;
  bool is_writing_ = false, ended_ = false, is_done_ = false, released_ = false;
  absl::Status status_;
};

StreamClient::StreamClient(boost::asio::io_context& io, Spool& spool, SpoolRecorder& recorder, const Clock& clock,
                           std::shared_ptr<grpc::Channel> channel, StreamOptions options)
    : io_(io),
      spool_(spool),
      recorder_(recorder),
      clock_(clock),
      options_(std::move(options)),
      stub_(v1::IngestService::NewStub(channel)),
      wake_(recorder.appended()),
      stop_(io) {}

StreamClient::~StreamClient() = default;

void StreamClient::Stop() {
  stopping_ = true;
  stop_.Notify();
  wake_.Notify();
  if (stream_) stream_->End();
}

boost::asio::awaitable<void> StreamClient::Run() {
  std::chrono::milliseconds backoff = options_.backoff_min;
  while (!stopping_) {
    const absl::Status status = co_await Connect();
    if (stopping_) break;
    if (connected_) backoff = options_.backoff_min;
    connected_ = false;
    LogEnd(status);
    std::uniform_int_distribution<int64_t> jitter(backoff.count() / 2, backoff.count());
    const std::chrono::milliseconds wait(jitter(random_));
    co_await stop_.WaitFor(wait);
    backoff = std::min(backoff * 2, options_.backoff_max);
  }
  connected_ = false;
}

boost::asio::awaitable<absl::Status> StreamClient::Connect() {
  stream_ = std::make_shared<Stream>(io_, wake_);
  numbering_ = std::make_unique<StreamNumbering>();
  position_ = {};
  in_flight_.clear();
  in_flight_bytes_ = 0;
  health_sent_at_ = -absl::InfiniteDuration();
  stream_->Start(*stub_, stream_);
  const absl::Status ours = co_await Exchange(*stream_);
  stream_->End();
  while (!stream_->is_done()) co_await wake_.Wait();
  const absl::Status theirs = stream_->status();
  stream_.reset();
  if (!ours.ok()) co_return ours;
  if (theirs.ok()) co_return absl::UnavailableError("the daemon ended the stream");
  co_return theirs;
}

boost::asio::awaitable<absl::Status> StreamClient::Exchange(Stream& stream) {
  v1::PushRequest request;
  v1::Hello* hello = request.mutable_hello();
  hello->set_collector_id(options_.collector_id);
  hello->set_provider_id(options_.provider_id);
  hello->set_epoch(spool_.epoch());
  hello->set_version(std::string(Version()));
  stream.Write(std::move(request));
  boost::asio::steady_timer deadline(io_, options_.welcome_timeout);
  bool late = false;
  deadline.async_wait([this, &late](boost::system::error_code error) {
    if (error) return;
    late = true;
    wake_.Notify();
  });
  while (stream.responses().empty() && !stream.ended() && !late) co_await wake_.Wait();
  deadline.cancel();
  // `late` belongs to this frame: the handler has to be gone before it is.
  co_await boost::asio::post(io_, boost::asio::use_awaitable);
  if (stream.responses().empty()) {
    if (late) co_return absl::UnavailableError("no answer to Hello");
    co_return absl::OkStatus();
  }
  if (!stream.responses().front().has_welcome()) co_return absl::InternalError("the first answer is not a Welcome");
  const v1::Welcome welcome = stream.responses().front().welcome();
  stream.responses().pop_front();
  const absl::Status welcomed = OnWelcome(welcome);
  if (!welcomed.ok()) co_return welcomed;

  while (true) {
    for (; !stream.responses().empty(); stream.responses().pop_front()) {
      if (stream.responses().front().has_acknowledgement()) {
        OnAcknowledgement(stream.responses().front().acknowledgement());
      }
    }
    if (stream.ended() || stopping_ || numbering_->series_count() > kSeriesPerStreamMax) co_return absl::OkStatus();
    bool sent = false;
    if (stream.can_write() && in_flight_bytes_ < options_.window_bytes) {
      const absl::StatusOr<bool> next = SendNext(stream);
      if (!next.ok()) co_return next.status();
      sent = *next;
    }
    if (sent) {
      // A long spool must not keep the sources waiting.
      co_await boost::asio::post(io_, boost::asio::use_awaitable);
    } else {
      co_await wake_.Wait();
    }
  }
}

absl::Status StreamClient::OnWelcome(const v1::Welcome& welcome) {
  const uint64_t last = welcome.last_sequence();
  if (last > spool_.last_sequence()) {
    spdlog::warn(
        "stream: the daemon knows record {} of this spool, whose last is {}: the spool has lost its end, and "
        "goes on under a new epoch",
        last, spool_.last_sequence());
    NINES_RETURN_IF_ERROR(spool_.RenewEpoch());
    return absl::CancelledError("the spool has a new epoch");
  }
  if (last < spool_.acked_sequence()) {
    spdlog::error(
        "stream: the daemon acknowledged record {} once and now knows no more than {}: it has lost data "
        "(restored from a backup?); sending again what this spool still has",
        spool_.acked_sequence(), last);
    spool_.Rewind(last);
  }
  connected_ = true;
  last_error_.clear();
  sent_sequence_ = last;
  batch_bytes_max_ = welcome.batch_bytes_max();
  recorder_.OnWelcome(welcome);
  spdlog::info("stream: connected to {} (version {}); {} records to send", options_.daemon, welcome.daemon_version(),
               spool_.last_sequence() - last);
  return absl::OkStatus();
}

absl::StatusOr<bool> StreamClient::SendNext(Stream& stream) {
  v1::SpoolRecord record;
  const uint64_t segment = position_.segment;
  NINES_ASSIGN_OR_RETURN(const bool found, spool_.Read(&position_, &record));
  if (position_.segment != segment) numbering_->StartSegment();
  if (!found) return false;
  v1::Batch* batch = record.mutable_batch();
  numbering_->Learn(batch);
  if (batch->sequence() <= sent_sequence_) return true;
  sent_sequence_ = batch->sequence();
  const absl::Status renumbered = numbering_->Renumber(batch);
  AddHealth(batch);
  const auto bytes = static_cast<int64_t>(batch->ByteSizeLong());
  if (!renumbered.ok() || (batch_bytes_max_ > 0 && bytes > batch_bytes_max_)) {
    spdlog::error("stream: record {} of {} bytes cannot be sent and is left out: {}", batch->sequence(), bytes,
                  renumbered.ok() ? "ingest.batch_bytes_max of the daemon is smaller" : renumbered.ToString());
    v1::Batch empty;  // its registrations were counted already
    empty.set_sequence(batch->sequence());
    *empty.mutable_register_series() = batch->register_series();
    *empty.mutable_register_checks() = batch->register_checks();
    *batch = std::move(empty);
  }
  in_flight_.push_back({batch->sequence(), bytes});
  in_flight_bytes_ += bytes;
  v1::PushRequest request;
  *request.mutable_batch() = std::move(*batch);
  stream.Write(std::move(request));
  return true;
}

void StreamClient::OnAcknowledgement(const v1::Acknowledgement& acknowledgement) {
  while (!in_flight_.empty() && in_flight_.front().sequence <= acknowledgement.sequence()) {
    in_flight_bytes_ -= in_flight_.front().bytes;
    in_flight_.pop_front();
  }
  for (const v1::Refusal& refusal : acknowledgement.refusals()) LogRefusal(refusal);
  recorder_.OnAcknowledgement(acknowledgement);
}

void StreamClient::LogRefusal(const v1::Refusal& refusal) {
  refused_ += refusal.count();
  const absl::Duration now = clock_.Monotonic();
  if (now - refusal_logged_at_ < kRefusalLogInterval) {
    refusals_unlogged_ += refusal.count();
    return;
  }
  spdlog::warn("stream: the daemon refused {} of record {}: {}: {}{}", refusal.count(), refusal.sequence(),
               v1::RefusalReason_Name(refusal.reason()), refusal.message(),
               refusals_unlogged_ == 0 ? "" : StrCat(" (and ", refusals_unlogged_, " before, not logged)"));
  refusal_logged_at_ = now;
  refusals_unlogged_ = 0;
}

void StreamClient::LogEnd(const absl::Status& status) {
  const std::string error = status.ToString();
  if (error == last_error_) return;
  last_error_ = error;
  spdlog::warn("stream: no connection to {}: {} ({}); sources go on into the spool", options_.daemon, error,
               Advice(status.code()));
}

void StreamClient::AddHealth(v1::Batch* batch) {
  if (clock_.Monotonic() - health_sent_at_ < options_.health_interval) return;
  health_sent_at_ = clock_.Monotonic();
  v1::CollectorHealth* health = batch->mutable_health();
  health->set_spool_bytes(static_cast<uint64_t>(spool_.bytes()));
  health->set_spool_bytes_max(static_cast<uint64_t>(spool_.bytes_max()));
  health->set_spool_dropped_records(spool_.dropped_records());
  health->set_source_errors(spool_.source_errors());
  *health->mutable_time() = wire::FromMs(clock_.NowMs());
}

}  // namespace nines::collector
