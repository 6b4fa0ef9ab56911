#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace nines {

// The ends of time as far as `nines` knows: an interval without a start or an end of its own uses these.
inline constexpr int64_t kTimeMinMs = std::numeric_limits<int64_t>::min() / 4;
inline constexpr int64_t kTimeMaxMs = std::numeric_limits<int64_t>::max() / 4;

// Half-open [start_ms, end_ms), milliseconds since the Unix epoch, UTC. Empty where end_ms <= start_ms.
struct Interval {
  int64_t start_ms = 0;
  int64_t end_ms = 0;

  bool empty() const { return end_ms <= start_ms; }
  int64_t length_ms() const { return empty() ? 0 : end_ms - start_ms; }
  bool Contains(int64_t time_ms) const { return start_ms <= time_ms && time_ms < end_ms; }
  bool Overlaps(const Interval& other) const {
    return std::max(start_ms, other.start_ms) < std::min(end_ms, other.end_ms);
  }

  friend bool operator==(const Interval&, const Interval&) = default;
};

inline Interval Intersect(const Interval& a, const Interval& b) {
  return {std::max(a.start_ms, b.start_ms), std::min(a.end_ms, b.end_ms)};
}

}  // namespace nines
