#include "collectors/sources/tcp_deadline.h"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "base/duration_text.h"
#include "base/status_macros.h"

namespace nines::collector {

// Outlives the Deadline where the timer's handler is already under way.
struct Deadline::State {
  explicit State(const boost::asio::any_io_executor& executor) : timer(executor) {}
  boost::asio::steady_timer timer;
  std::function<void()> stop;
  bool passed = false;
};

Deadline::Deadline(boost::asio::any_io_executor executor, absl::Duration timeout)
    : timeout_(timeout),
      at_(std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(timeout)),
      state_(std::make_shared<State>(executor)) {
  state_->timer.expires_at(at_);
  state_->timer.async_wait([state = state_](boost::system::error_code error) {
    if (error || state->passed) return;
    state->passed = true;
    if (state->stop) std::exchange(state->stop, nullptr)();
  });
}

Deadline::~Deadline() {
  state_->stop = nullptr;
  state_->timer.cancel();
}

void Deadline::OnPassed(std::function<void()> stop) {
  state_->stop = nullptr;
  if (passed()) {
    if (stop) stop();
    return;
  }
  state_->stop = std::move(stop);
}

bool Deadline::passed() const { return state_->passed; }

absl::Duration Deadline::left() const {
  return std::max(absl::ZeroDuration(), absl::FromChrono(at_ - std::chrono::steady_clock::now()));
}

absl::Status Deadline::Error() const {
  return absl::DeadlineExceededError(StrCat("timed out after ", FormatDurationMs(absl::ToInt64Milliseconds(timeout_))));
}

bool IsOwnFailure(const absl::Status& status) {
  return absl::IsResourceExhausted(status) || absl::IsPermissionDenied(status) || absl::IsInternal(status);
}

}  // namespace nines::collector
