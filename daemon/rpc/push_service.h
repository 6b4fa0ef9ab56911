#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/mutex.h"
#include "daemon/catalogue/cache.h"
#include "daemon/ingest/ingest.h"
#include "nines/v1/ingest.grpc.pb.h"
#include "storage/ledger/ledger.h"

namespace nines::rpc {

class PushStream;

// IngestService: the streams of collectors. It has to outlive the server it is registered with, and
// the ingest's Stop(). Thread-safe.
//
// Messages come and go as bytes: a batch has thousands of small parts, which are parsed into one piece of memory.
class PushService final : public v1::IngestService::WithRawCallbackMethod_Push<v1::IngestService::Service> {
 public:
  struct Options {
    uint32_t batch_bytes_max = 4 << 20;
    uint32_t registrations_max = 2'000'000;  // label sets of one stream
    size_t batches_in_flight_max = 32;       // read and not yet durable, of one stream
  };
  PushService(ingest::Ingest& ingest, const ledger::Ledger& ledger, catalogue::Cache& catalogue,
              const Options& options);
  ~PushService() override;

  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Push(grpc::CallbackServerContext* context) override;

  // Reads no more, and ends every stream with UNAVAILABLE once what was read is acknowledged. Does not wait.
  // Idempotent.
  void Stop();

 private:
  friend class PushStream;
  // Ends the stream that the same collector had before.
  void Enter(const std::shared_ptr<PushStream>& stream, const ledger::StreamKey& key);
  void Leave(const std::shared_ptr<PushStream>& stream, const ledger::StreamKey& key);

  ingest::Ingest& ingest_;
  const ledger::Ledger& ledger_;
  catalogue::Cache& catalogue_;
  const Options options_;

  Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::shared_ptr<PushStream>> streams_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<ProviderId, std::string>, std::shared_ptr<PushStream>> current_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::rpc
