#include "daemon/rpc/push_stream.h"

#include <grpcpp/impl/codegen/proto_utils.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/version.h"
#include "daemon/ingest/fact_check.h"
#include "wire/status.h"

namespace nines::rpc {
namespace {

// More refusals go into further messages, so that none outgrows what a client is willing to read.
constexpr size_t kRefusalsPerMessage = 500;
// Past this many unwritten ones nothing more is read: their reader is slow.
constexpr size_t kRefusalsWaitingMax = 10'000;
constexpr size_t kMessageBytesMax = 1024;

// What a refusal quotes comes from outside and may be as long as a batch.
std::string Clip(const std::string& text) {
  if (text.size() <= kMessageBytesMax) return text;
  size_t end = kMessageBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not within a character
  return text.substr(0, end) + "…";
}

void ToProto(const ingest::Refusal& refusal, v1::Refusal* out) {
  out->set_sequence(refusal.sequence);
  out->set_reason(static_cast<v1::RefusalReason>(refusal.reason));
  out->set_count(refusal.count);
  out->set_message(Clip(refusal.message));
  out->set_fact_source(Clip(refusal.fact_source));
  out->set_fact_id(Clip(refusal.fact_id));
}

}  // namespace

PushStream::PushStream(PushService& service, std::string peer, std::optional<std::string> identity)
    : service_(service), peer_(std::move(peer)), identity_(std::move(identity)) {}

void PushStream::Open() {
  MutexLock lock(mutex_);
  Advance();
}

void PushStream::Close(const absl::Status& status) {
  MutexLock lock(mutex_);
  if (!closing_) closing_ = status;
  Advance();
}

void PushStream::OnReadDone(bool ok) {
  {
    MutexLock lock(mutex_);
    if (!ok || closing_) {
      reading_ = false;
      if (!closing_) closing_ = absl::OkStatus();  // the collector has said all it has to say
      Advance();
      return;
    }
  }
  const absl::Status status = Handle();
  if (status.ok()) return;
  MutexLock lock(mutex_);
  reading_ = false;
  if (!closing_) closing_ = status;
  Advance();
}

void PushStream::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  if (!ok) cancelled_ = true;
  Advance();
}

void PushStream::OnCancel() {
  MutexLock lock(mutex_);
  cancelled_ = true;
  if (!closing_) closing_ = absl::CancelledError("the collector is gone");
  Advance();
}

void PushStream::OnDone() {
  const auto self = shared_from_this();
  bool entered = false;
  {
    MutexLock lock(mutex_);
    entered = entered_;
    spdlog::info("stream of collector {} of provider {} at {} ended: {}", key_.collector, key_.provider.value(), peer_,
                 closing_ ? closing_->ToString() : "");
  }
  if (entered) service_.ingest_.board().Disconnected(key_.provider, key_.collector);
  service_.Leave(self, key_);
}

absl::Status PushStream::Handle() {
  arena_.Reset();
  auto* request = google::protobuf::Arena::CreateMessage<v1::PushRequest>(&arena_);
  {
    grpc::ProtoBufferReader reader(&received_);
    if (!reader.status().ok() || !request->ParseFromZeroCopyStream(&reader)) {
      return absl::InvalidArgumentError("a message that is no nines.v1.PushRequest; send one, or update the daemon");
    }
  }
  received_.Clear();
  switch (request->message_case()) {
    case v1::PushRequest::kHello:
      return HandleHello(request->hello());
    case v1::PushRequest::kBatch:
      return HandleBatch(request->batch());
    case v1::PushRequest::MESSAGE_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      "a message that is neither hello nor batch; send one of them, or update the daemon");
}

absl::Status PushStream::HandleHello(const v1::Hello& hello) {
  if (decoder_ != nullptr) return absl::InvalidArgumentError("a second hello; open a new stream instead");
  NINES_RETURN_IF_ERROR(ingest::CheckIdText("hello.collector_id", hello.collector_id()));
  NINES_RETURN_IF_ERROR(ingest::CheckIdText("hello.provider_id", hello.provider_id()));
  if (hello.epoch() == 0) {
    return absl::InvalidArgumentError("hello.epoch is 0; make it at random when the spool is created, and keep it");
  }
  if (identity_ && *identity_ != hello.provider_id()) {
    return absl::PermissionDeniedError(StrCat("the certificate is of '", *identity_, "', the hello of provider '",
                                              hello.provider_id(), "'; a collector writes for its own provider alone"));
  }
  NINES_ASSIGN_OR_RETURN(const auto catalogue, service_.catalogue_.Get());
  if (!catalogue->providers.contains(ProviderId(hello.provider_id()))) {
    return absl::FailedPreconditionError(
        StrCat("provider '", hello.provider_id(), "' is not in the catalogue; add it with ninesctl apply"));
  }
  key_ = {ProviderId(hello.provider_id()), hello.collector_id(), hello.epoch()};
  decoder_ = std::make_unique<ingest::PushDecoder>(key_, service_.options_.registrations_max);
  service_.ingest_.board().Connected(key_.provider, key_.collector, hello.version());
  service_.Enter(shared_from_this(), key_);
  spdlog::info("stream of collector {} of provider {} at {} opened", key_.collector, key_.provider.value(), peer_);

  v1::Welcome welcome;
  welcome.set_last_sequence(service_.ledger_.LastSequence(key_));
  welcome.set_daemon_version(std::string(Version()));
  welcome.set_batch_bytes_max(service_.options_.batch_bytes_max);
  MutexLock lock(mutex_);
  entered_ = true;
  welcome_ = std::move(welcome);
  reading_ = false;
  Advance();
  return absl::OkStatus();
}

absl::Status PushStream::HandleBatch(const v1::Batch& batch) {
  if (decoder_ == nullptr)
    return absl::InvalidArgumentError(
        "a batch before hello; send hello first, with collector_id, provider_id and epoch");
  if (batch.sequence() <= last_read_) {
    return absl::InvalidArgumentError(StrCat("batch.sequence ", batch.sequence(), " after ", last_read_,
                                             "; within a stream it starts at 1 or more and grows"));
  }
  if (const size_t bytes = batch.ByteSizeLong(); bytes > service_.options_.batch_bytes_max) {
    return absl::ResourceExhaustedError(StrCat("batch ", batch.sequence(), " has ", bytes, " bytes; send at most ",
                                               service_.options_.batch_bytes_max, " in one"));
  }
  last_read_ = batch.sequence();
  batch_ = decoder_->Decode(batch);
  {
    MutexLock lock(mutex_);
    if (closing_) {
      reading_ = false;
      Advance();
      return absl::OkStatus();
    }
    ++in_flight_;
  }
  Submit();
  return absl::OkStatus();
}

void PushStream::Submit() {
  const auto self = shared_from_this();
  const uint64_t sequence = batch_.sequence;
  const bool taken = service_.ingest_.Submit(
      batch_, [self, sequence](ingest::Outcome outcome) { self->OnOutcome(sequence, std::move(outcome)); },
      [self] { self->OnRoom(); });
  // Otherwise the chain goes on in OnRoom(), perhaps at this moment.
  if (!taken) return;
  MutexLock lock(mutex_);
  reading_ = false;
  Advance();
}

void PushStream::OnRoom() {
  {
    MutexLock lock(mutex_);
    if (cancelled_) {
      --in_flight_;
      reading_ = false;
      Advance();
      return;
    }
  }
  Submit();
}

void PushStream::OnOutcome(uint64_t sequence, ingest::Outcome outcome) {
  MutexLock lock(mutex_);
  --in_flight_;
  if (!outcome.status.ok()) {
    if (!closing_) closing_ = outcome.status;
  } else {
    durable_ = sequence;
    std::move(outcome.refusals.begin(), outcome.refusals.end(), std::back_inserter(refusals_));
  }
  Advance();
}

bool PushStream::FillResponse(v1::PushResponse* response) {
  if (welcome_) {
    *response->mutable_welcome() = *std::move(welcome_);
    welcome_.reset();
    return true;
  }
  if (durable_ == acknowledged_ && refusals_.empty()) return false;
  v1::Acknowledgement* acknowledgement = response->mutable_acknowledgement();
  const size_t count = std::min(refusals_.size(), kRefusalsPerMessage);
  for (size_t i = 0; i < count; ++i) ToProto(refusals_[i], acknowledgement->add_refusals());
  refusals_.erase(refusals_.begin(), refusals_.begin() + static_cast<ptrdiff_t>(count));
  // A batch is acknowledged with the last of its refusals.
  if (refusals_.empty()) acknowledged_ = durable_;
  acknowledgement->set_sequence(acknowledged_);
  return true;
}

void PushStream::Advance() {
  if (finished_) return;
  if (v1::PushResponse response; !writing_ && !cancelled_ && FillResponse(&response)) {
    bool own_buffer = false;
    response_.Clear();
    // A message of ours always has bytes.
    NINES_CHECK(grpc::SerializationTraits<v1::PushResponse>::Serialize(response, &response_, &own_buffer).ok());
    writing_ = true;
    StartWrite(&response_);
  }
  if (closing_) {
    if (writing_ || in_flight_ > 0) return;
    finished_ = true;
    Finish(wire::ToGrpc(*closing_));
    return;
  }
  const bool room = in_flight_ < service_.options_.batches_in_flight_max && refusals_.size() < kRefusalsWaitingMax;
  if (!reading_ && room) {
    reading_ = true;
    StartRead(&received_);
  }
}

}  // namespace nines::rpc
