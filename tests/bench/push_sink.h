#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "nines/v1/ingest.grpc.pb.h"
#include "tests/bench/sample_sink.h"

namespace nines::bench {

struct PushOptions {
  std::string collector_id;
  std::string provider_id;
  int in_flight_max = 32;  // batches that are not acknowledged
  int rows_per_batch = 500;
};

// One collector's stream. Send, Drain and Close belong to one thread; a second one, its own, reads acknowledgements.
class PushStream {
 public:
  // Returns once the daemon has welcomed it. `acknowledged` counts samples, and outlives this.
  static absl::StatusOr<std::unique_ptr<PushStream>> Open(const std::shared_ptr<grpc::Channel>& channel,
                                                          const PushOptions& options,
                                                          std::atomic<int64_t>& acknowledged);
  ~PushStream();

  // The batch to fill next; empty after each Send. Its messages keep their memory.
  v1::Batch& batch() { return *request_.mutable_batch(); }
  // Numbers and sends the batch, once fewer than in_flight_max wait. Any refusal of an earlier one is an error.
  absl::Status Send(int64_t samples);
  // Waits until everything is acknowledged.
  absl::Status Drain();

  // Seconds from sending to acknowledgement, of every batch with samples since the last call.
  std::vector<float> TakeLatencies();

 private:
  struct InFlight {
    uint64_t sequence;
    int64_t samples;
    double sent_s;
  };

  PushStream(const std::shared_ptr<grpc::Channel>& channel, const PushOptions& options,
             std::atomic<int64_t>& acknowledged);
  absl::Status Hello(const PushOptions& options);
  void ReadAcknowledgements();
  void OnAcknowledgement(const v1::Acknowledgement& acknowledgement);
  // The call's own error. Once, after a read or write has failed.
  absl::Status Finish();

  const std::string collector_id_;
  const size_t in_flight_max_;
  std::atomic<int64_t>& acknowledged_;
  std::unique_ptr<v1::IngestService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PushRequest, v1::PushResponse>> call_;
  v1::PushRequest request_;
  uint64_t sequence_ = 0;

  Mutex mutex_;
  CondVar moved_;
  std::deque<InFlight> in_flight_ ABSL_GUARDED_BY(mutex_);
  std::vector<float> latencies_s_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread reader_;
};

// Samples through one stream, in batches of rows_per_batch.
class PushSink final : public SampleSink {
 public:
  PushSink(std::unique_ptr<PushStream> stream, int rows_per_batch)
      : stream_(std::move(stream)), rows_per_batch_(rows_per_batch) {}

  absl::Status Register(int64_t series, const std::function<LabelSet(int64_t)>& labels_of) override;
  absl::Status Add(int64_t time_ms, int64_t first_series, std::span<const double> values) override;
  absl::Status Flush() override;
  absl::Status Drain() override { return stream_->Drain(); }

 private:
  std::unique_ptr<PushStream> stream_;
  const int rows_per_batch_;
  int64_t samples_ = 0;  // in the batch
};

}  // namespace nines::bench
