#pragma once

#include <atomic>
#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace nines {

// The one source of time. Thread-safe. Everything that asks for the time takes a Clock&, so that no test waits.
class Clock {
 public:
  virtual ~Clock() = default;

  virtual absl::Time Now() const = 0;
  // Grows steadily whatever happens to the wall clock; its zero means nothing.
  virtual absl::Duration Monotonic() const = 0;

  int64_t NowMs() const { return absl::ToUnixMillis(Now()); }
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
  absl::Duration Monotonic() const override;
};

// Stands still until it is moved.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(absl::Time start) : now_ns_(absl::ToUnixNanos(start)) {}

  absl::Time Now() const override { return absl::FromUnixNanos(now_ns_.load()); }
  absl::Duration Monotonic() const override { return absl::Nanoseconds(monotonic_ns_.load()); }

  void Advance(absl::Duration by) {
    now_ns_ += absl::ToInt64Nanoseconds(by);
    monotonic_ns_ += absl::ToInt64Nanoseconds(by);
  }
  // Sets the wall clock alone, as an operator or NTP would.
  void SetWall(absl::Time now) { now_ns_ = absl::ToUnixNanos(now); }

 private:
  std::atomic<int64_t> now_ns_;
  std::atomic<int64_t> monotonic_ns_{0};
};

}  // namespace nines
