#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>

namespace nines::wire {

// Milliseconds since the epoch ↔ Timestamp. A finer Timestamp is truncated downwards.
inline int64_t ToMs(const google::protobuf::Timestamp& time) {
  return time.seconds() * 1000 + time.nanos() / 1'000'000;
}
inline google::protobuf::Timestamp FromMs(int64_t time_ms) {
  google::protobuf::Timestamp time;
  int64_t seconds = time_ms / 1000;
  int64_t rest = time_ms % 1000;
  if (rest < 0) {
    rest += 1000;
    --seconds;
  }
  time.set_seconds(seconds);
  time.set_nanos(static_cast<int32_t>(rest * 1'000'000));
  return time;
}

// How "unlimited" is written as a Duration: the longest there is (10 000 years).
inline constexpr int64_t kUnlimitedSeconds = 315'576'000'000;

inline int64_t ToMs(const google::protobuf::Duration& duration) {
  return duration.seconds() * 1000 + duration.nanos() / 1'000'000;
}
inline bool IsUnlimited(const google::protobuf::Duration& duration) { return duration.seconds() >= kUnlimitedSeconds; }

}  // namespace nines::wire
