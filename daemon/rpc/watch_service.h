#pragma once

#include <atomic>

#include "daemon/watch/feed.h"
#include "nines/v1/watch.grpc.pb.h"

namespace nines::rpc {

// WatchService. A stream takes a thread of the server's, so there are so many and no more. Thread-safe.
class WatchService final : public v1::WatchService::Service {
 public:
  static constexpr int kWatchersMax = 64;

  explicit WatchService(watch::Feed& feed) : feed_(feed) {}

  grpc::Status WatchStates(grpc::ServerContext* context, const v1::WatchStatesRequest* request,
                           grpc::ServerWriter<v1::WatchStatesResponse>* writer) override;

 private:
  watch::Feed& feed_;
  std::atomic<int> watchers_ = 0;
};

}  // namespace nines::rpc
