#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace nines::collector {

// The end of the time that one probe or scrape has. What is in flight then is stopped by closing what it waits on, so
// that nothing outlives it. Confined to the executor's thread.
class Deadline {
 public:
  Deadline(boost::asio::any_io_executor executor, absl::Duration timeout);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Called once, when the time is over (at once if it is already); replaces the one before. Null = nothing to stop any
  // more.
  void OnPassed(std::function<void()> stop);
  bool passed() const;
  absl::Duration left() const;
  absl::Duration timeout() const { return timeout_; }

  // "timed out after 10s"
  absl::Status Error() const;

 private:
  struct State;
  const absl::Duration timeout_;
  const std::chrono::steady_clock::time_point at_;
  std::shared_ptr<State> state_;
};

// Whether the trouble is the collector's own (no more file descriptors, no permission): it says nothing of the target,
// so that there is no result.
bool IsOwnFailure(const absl::Status& status);

}  // namespace nines::collector
