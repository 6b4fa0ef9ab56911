#include "base/clock.h"

#include <chrono>

namespace nines {

absl::Duration SystemClock::Monotonic() const {
  return absl::FromChrono(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace nines
