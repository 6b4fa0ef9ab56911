#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "base/mutex.h"
#include "tests/bench/fleet.h"
#include "tests/bench/sample_sink.h"

namespace nines::bench {

struct FleetLoadOptions {
  int64_t series = 300'000;  // a multiple of kSeriesPerVm
  uint64_t seed = 1;
  int64_t interval_ms = 15'000;
  int64_t start_ms = 0;      // of the first step; a VM's samples lie up to an interval later
  double samples_per_s = 0;  // 0: as fast as it is acknowledged
};

// Sends the fleet's scrapes through sinks, one thread and an equal part of the VMs each, in the order of time. The
// parts stay together within a few steps, as they do where the time is real.
class FleetLoad {
 public:
  FleetLoad(const FleetLoadOptions& options, std::vector<std::unique_ptr<SampleSink>> sinks);

  absl::Status Register();
  // Sends so many steps more, and returns once all of it is acknowledged.
  absl::Status RunSteps(int64_t steps);
  // As above, whole steps until so much time has passed.
  absl::Status RunFor(double seconds);

  int64_t steps_sent() const { return next_step_; }
  int64_t samples_sent() const { return next_step_ * options_.series; }

 private:
  absl::Status OnEachPart(const std::function<absl::Status(size_t part)>& work);
  absl::Status Run(int64_t end_step, double deadline_s);
  absl::Status RunPart(size_t part, double deadline_s);
  absl::Status SendStep(size_t part, int64_t step);
  // Waits until `step` is due; false: the run ends before it.
  bool AwaitTurn(size_t part, int64_t step, double deadline_s);

  const FleetLoadOptions options_;
  std::vector<std::unique_ptr<SampleSink>> sinks_;
  std::vector<Fleet> fleets_;  // one a sink
  int64_t next_step_ = 0;
  int64_t run_first_step_ = 0;
  double run_start_s_ = 0;

  Mutex mutex_;
  CondVar moved_;
  std::vector<int64_t> at_step_ ABSL_GUARDED_BY(mutex_);
  int64_t end_step_ ABSL_GUARDED_BY(mutex_) = 0;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace nines::bench
