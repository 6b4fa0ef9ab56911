#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "absl/status/status.h"
#include "tests/bench/fleet.h"

namespace nines::bench {

// Where samples go: a stream, a connection. Used by one thread at a time; may make its caller wait.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  // Says which series there will be; returns once the server has been told. Once, first of all.
  virtual absl::Status Register(int64_t series, const std::function<LabelSet(int64_t)>& labels_of) = 0;
  // One sample each of series first_series, first_series + 1, …
  virtual absl::Status Add(int64_t time_ms, int64_t first_series, std::span<const double> values) = 0;
  // Sends what has been added.
  virtual absl::Status Flush() = 0;
  // Returns once everything that was sent has been acknowledged, or with the error why not: a refusal is one.
  virtual absl::Status Drain() = 0;
};

}  // namespace nines::bench
