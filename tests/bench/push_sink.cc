#include "tests/bench/push_sink.h"

#include <algorithm>
#include <random>
#include <utility>

#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/process_usage.h"
#include "wire/status.h"

namespace nines::bench {
namespace {

constexpr int kRegistrationsPerBatch = 2000;

}  // namespace

absl::StatusOr<std::unique_ptr<PushStream>> PushStream::Open(const std::shared_ptr<grpc::Channel>& channel,
                                                             const PushOptions& options,
                                                             std::atomic<int64_t>& acknowledged) {
  std::unique_ptr<PushStream> stream(new PushStream(channel, options, acknowledged));
  NINES_RETURN_IF_ERROR(stream->Hello(options));
  stream->reader_ = std::thread([&stream = *stream] { stream.ReadAcknowledgements(); });
  return stream;
}

PushStream::PushStream(const std::shared_ptr<grpc::Channel>& channel, const PushOptions& options,
                       std::atomic<int64_t>& acknowledged)
    : collector_id_(options.collector_id),
      in_flight_max_(static_cast<size_t>(options.in_flight_max)),
      acknowledged_(acknowledged),
      stub_(v1::IngestService::NewStub(channel)),
      call_(stub_->Push(&context_)) {}

PushStream::~PushStream() {
  context_.TryCancel();
  if (reader_.joinable()) reader_.join();
}

absl::Status PushStream::Hello(const PushOptions& options) {
  v1::PushRequest request;
  v1::Hello* hello = request.mutable_hello();
  hello->set_collector_id(options.collector_id);
  hello->set_provider_id(options.provider_id);
  hello->set_epoch(std::random_device()() | 1ULL);  // a stream of its own each time
  hello->set_version("nines-bench");
  v1::PushResponse response;
  if (!call_->Write(request) || !call_->Read(&response)) return Finish();
  if (!response.has_welcome()) return absl::InternalError("the daemon's first answer is not a Welcome");
  sequence_ = response.welcome().last_sequence();
  return absl::OkStatus();
}

absl::Status PushStream::Finish() {
  const absl::Status status = wire::FromGrpc(call_->Finish());
  return Annotate(status.ok() ? absl::UnavailableError("the daemon ended the stream") : status,
                  StrCat("stream of ", collector_id_));
}

absl::Status PushStream::Send(int64_t samples) {
  v1::Batch& batch = *request_.mutable_batch();
  batch.set_sequence(++sequence_);
  {
    MutexLock lock(mutex_);
    while (in_flight_.size() >= in_flight_max_ && error_.ok() && !ended_) moved_.Wait(mutex_);
    NINES_RETURN_IF_ERROR(error_);
    in_flight_.push_back({sequence_, samples, WallSeconds()});
  }
  // A write that fails is explained by the reader, which finds the same end of the call.
  if (!call_->Write(request_)) return Drain();
  batch.Clear();
  return absl::OkStatus();
}

absl::Status PushStream::Drain() {
  MutexLock lock(mutex_);
  while (!in_flight_.empty() && error_.ok() && !ended_) moved_.Wait(mutex_);
  return error_;
}

std::vector<float> PushStream::TakeLatencies() {
  MutexLock lock(mutex_);
  return std::exchange(latencies_s_, {});
}

void PushStream::ReadAcknowledgements() {
  v1::PushResponse response;
  while (call_->Read(&response)) OnAcknowledgement(response.acknowledgement());
  const absl::Status status = Finish();
  MutexLock lock(mutex_);
  ended_ = true;
  if (error_.ok()) error_ = status;
  moved_.NotifyAll();
}

void PushStream::OnAcknowledgement(const v1::Acknowledgement& acknowledgement) {
  MutexLock lock(mutex_);
  const double now_s = WallSeconds();
  while (!in_flight_.empty() && in_flight_.front().sequence <= acknowledgement.sequence()) {
    if (in_flight_.front().samples > 0) {
      latencies_s_.push_back(static_cast<float>(now_s - in_flight_.front().sent_s));
    }
    acknowledged_ += in_flight_.front().samples;
    in_flight_.pop_front();
  }
  for (const v1::Refusal& refusal : acknowledgement.refusals()) {
    acknowledged_ -= static_cast<int64_t>(refusal.count());
    if (!error_.ok()) continue;
    error_ = absl::FailedPreconditionError(StrCat("the daemon refused ", refusal.count(), " samples of batch ",
                                                  refusal.sequence(), " of ", collector_id_, ": ",
                                                  v1::RefusalReason_Name(refusal.reason()), ": ", refusal.message()));
  }
  moved_.NotifyAll();
}

absl::Status PushSink::Register(int64_t series, const std::function<LabelSet(int64_t)>& labels_of) {
  for (int64_t i = 0; i < series; ++i) {
    v1::SeriesRegistration* registration = stream_->batch().add_register_series();
    for (auto& [name, value] : labels_of(i)) {
      v1::Label* label = registration->add_labels();
      label->set_name(std::move(name));
      label->set_value(std::move(value));
    }
    if (stream_->batch().register_series_size() == kRegistrationsPerBatch) NINES_RETURN_IF_ERROR(stream_->Send(0));
  }
  NINES_RETURN_IF_ERROR(stream_->Send(0));
  return stream_->Drain();
}

absl::Status PushSink::Add(int64_t time_ms, int64_t first_series, std::span<const double> values) {
  v1::Row* row = stream_->batch().add_rows();
  row->set_time_ms(time_ms);
  row->set_first_series(static_cast<uint32_t>(first_series));
  row->mutable_values()->Add(values.begin(), values.end());
  samples_ += static_cast<int64_t>(values.size());
  return stream_->batch().rows_size() < rows_per_batch_ ? absl::OkStatus() : Flush();
}

absl::Status PushSink::Flush() { return samples_ == 0 ? absl::OkStatus() : stream_->Send(std::exchange(samples_, 0)); }

}  // namespace nines::bench
