#include "daemon/housekeeping.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/mutex.h"

namespace nines {

class Housekeeping::Impl {
 public:
  explicit Impl(series::Store& store) : store_(store) {}

  void Start() {
    thread_ = std::thread([this] { Run(); });
  }
  void Stop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      wake_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void Run() {
    bool failed = false;
    while (!stopping_) {
      const absl::Status status = store_.Tend([this] { return stopping_.load(); });
      // Said once: it is tried again every second.
      if (!status.ok() && !failed) spdlog::error("the storage cannot be tended: {}", status.ToString());
      if (status.ok() && failed) spdlog::info("the storage is tended again");
      failed = !status.ok();
      MutexLock lock(mutex_);
      if (!stopping_) wake_.WaitFor(mutex_, std::chrono::seconds(1));
    }
  }

  series::Store& store_;
  std::atomic<bool> stopping_ = false;
  Mutex mutex_;
  CondVar wake_;
  std::thread thread_;
};

Housekeeping::Housekeeping(series::Store& store) : impl_(std::make_unique<Impl>(store)) {}
Housekeeping::~Housekeeping() { Stop(); }
void Housekeeping::Start() { impl_->Start(); }
void Housekeeping::Stop() { impl_->Stop(); }

}  // namespace nines
