#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>

#include "base/clock.h"
#include "collectors/agent/signal.h"
#include "collectors/agent/spool.h"
#include "collectors/agent/spool_recorder.h"
#include "collectors/agent/stream_numbering.h"
#include "nines/v1/ingest.grpc.pb.h"

namespace nines::collector {

struct StreamOptions {
  std::string collector_id;
  std::string provider_id;
  std::string daemon;  // for messages
  // Sent and not acknowledged, at most (but for the batch that goes over it).
  int64_t window_bytes = 8 << 20;
  std::chrono::milliseconds backoff_min{500};
  std::chrono::milliseconds backoff_max{30'000};
  std::chrono::milliseconds welcome_timeout{15'000};
  absl::Duration health_interval = absl::Seconds(5);
};

// Sends the spool to the daemon over one stream, in order, and again after every disconnect, for ever. What the daemon
// answers goes to the recorder. Confined to the agent's io_context: gRPC's threads only post to it.
class StreamClient {
 public:
  StreamClient(boost::asio::io_context& io, Spool& spool, SpoolRecorder& recorder, const Clock& clock,
               std::shared_ptr<grpc::Channel> channel, StreamOptions options);
  ~StreamClient();

  // Until Stop(); returns when nothing of it is left on gRPC's threads. To be spawned once.
  boost::asio::awaitable<void> Run();
  void Stop();

  bool connected() const { return connected_; }
  uint64_t refused() const { return refused_; }  // samples, results and facts

 private:
  class Stream;

  // One connection, from Hello to its end; why it ended.
  boost::asio::awaitable<absl::Status> Connect();
  boost::asio::awaitable<absl::Status> Exchange(Stream& stream);
  absl::Status OnWelcome(const v1::Welcome& welcome);
  // Sends the next record if there is one; false: nothing to send.
  absl::StatusOr<bool> SendNext(Stream& stream);
  void OnAcknowledgement(const v1::Acknowledgement& acknowledgement);
  void LogRefusal(const v1::Refusal& refusal);
  void LogEnd(const absl::Status& status);
  void AddHealth(v1::Batch* batch);

  boost::asio::io_context& io_;
  Spool& spool_;
  SpoolRecorder& recorder_;
  const Clock& clock_;
  const StreamOptions options_;
  std::unique_ptr<v1::IngestService::Stub> stub_;
  Signal& wake_;  // the recorder's: something to send, an answer, the end
  Signal stop_;
  std::minstd_rand random_{std::random_device()()};
  bool stopping_ = false;
  bool connected_ = false;
  uint64_t refused_ = 0;
  std::string last_error_;
  absl::Duration refusal_logged_at_ = -absl::InfiniteDuration();
  uint64_t refusals_unlogged_ = 0;
  absl::Duration health_sent_at_ = -absl::InfiniteDuration();

  // Of the stream that is open.
  std::shared_ptr<Stream> stream_;
  std::unique_ptr<StreamNumbering> numbering_;
  Spool::Position position_;
  uint64_t sent_sequence_ = 0;
  int64_t batch_bytes_max_ = 0;
  struct InFlight {
    uint64_t sequence;
    int64_t bytes;
  };
  std::deque<InFlight> in_flight_;
  int64_t in_flight_bytes_ = 0;
};

}  // namespace nines::collector
