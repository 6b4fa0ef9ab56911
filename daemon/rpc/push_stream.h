#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "daemon/ingest/push_decoder.h"
#include "daemon/rpc/push_service.h"

namespace nines::rpc {

// One collector's stream: reads a message when the one before it is in the queue, and acknowledges what is durable.
//
// Messages are handled one at a time, in the chain OnReadDone → Submit (→ room) → StartRead; what only that chain
// touches needs no lock. Everything else is under mutex_, which every reaction takes, so that no reaction runs past
// OnDone().
class PushStream final : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                         public std::enable_shared_from_this<PushStream> {
 public:
  // `identity`: the common name of the peer's certificate; nullopt: the peer has shown none.
  PushStream(PushService& service, std::string peer, std::optional<std::string> identity);

  void Open();  // once a shared_ptr owns it
  // Ends the stream with `status` once what was read is acknowledged. The first status stands.
  void Close(const absl::Status& status);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  absl::Status Handle();  // received_
  absl::Status HandleHello(const v1::Hello& hello);
  absl::Status HandleBatch(const v1::Batch& batch);
  void Submit();  // batch_
  void OnRoom();
  void OnOutcome(uint64_t sequence, ingest::Outcome outcome);
  // Starts what can be started now: a write, the next read, or the end.
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool FillResponse(v1::PushResponse* response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  PushService& service_;
  const std::string peer_;
  const std::optional<std::string> identity_;

  // The chain's own.
  grpc::ByteBuffer received_;
  google::protobuf::Arena arena_;  // for what is parsed of it
  std::unique_ptr<ingest::PushDecoder> decoder_;  // null before Hello
  ledger::StreamKey key_;
  uint64_t last_read_ = 0;
  ingest::Batch batch_;

  Mutex mutex_;
  grpc::ByteBuffer response_ ABSL_GUARDED_BY(mutex_);
  std::optional<v1::Welcome> welcome_ ABSL_GUARDED_BY(mutex_);  // to be written
  std::vector<ingest::Refusal> refusals_ ABSL_GUARDED_BY(mutex_);
  uint64_t durable_ ABSL_GUARDED_BY(mutex_) = 0;       // newest durable batch of this stream
  uint64_t acknowledged_ ABSL_GUARDED_BY(mutex_) = 0;  // written to the peer
  size_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;  // a read is outstanding, or its message is being handled
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool entered_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<absl::Status> closing_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::rpc
