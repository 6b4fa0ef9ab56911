#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"

namespace nines::http {

// For /metrics. Routes are those of the router: a bounded set.
struct ServerStats {
  std::map<std::pair<std::string, int>, uint64_t> requests;  // (route, HTTP status) → answered
  uint64_t connections = 0;                                  // gauge: open now
};

// Thread-safe.
class RequestCounters {
 public:
  void Answered(const std::string& route, int status) {
    MutexLock lock(mutex_);
    ++stats_.requests[{route, status}];
  }
  void ConnectionsAre(uint64_t count) {
    MutexLock lock(mutex_);
    stats_.connections = count;
  }
  ServerStats stats() const {
    MutexLock lock(mutex_);
    return stats_;
  }

 private:
  mutable Mutex mutex_;
  ServerStats stats_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::http
