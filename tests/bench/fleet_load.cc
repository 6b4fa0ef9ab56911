#include "tests/bench/fleet_load.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <thread>
#include <utility>

#include "base/status_macros.h"
#include "tests/bench/process_usage.h"

namespace nines::bench {
namespace {

// How far one part may run ahead of the slowest.
constexpr int64_t kStepsApart = 4;
constexpr double kNever = std::numeric_limits<double>::infinity();

}  // namespace

FleetLoad::FleetLoad(const FleetLoadOptions& options, std::vector<std::unique_ptr<SampleSink>> sinks)
    : options_(options), sinks_(std::move(sinks)) {
  const int64_t vms = options.series / kSeriesPerVm;
  const auto parts = static_cast<int64_t>(sinks_.size());
  for (int64_t part = 0; part < parts; ++part) {
    const int64_t first = vms * part / parts;
    fleets_.emplace_back(first, vms * (part + 1) / parts - first, options.seed, options.interval_ms);
  }
}

absl::Status FleetLoad::OnEachPart(const std::function<absl::Status(size_t)>& work) {
  std::vector<absl::Status> statuses(sinks_.size());
  std::vector<std::thread> threads;
  for (size_t part = 0; part < sinks_.size(); ++part) {
    threads.emplace_back([&, part] {
      statuses[part] = work(part);
      if (statuses[part].ok()) return;
      MutexLock lock(mutex_);
      failed_ = true;
      moved_.NotifyAll();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const absl::Status& status : statuses) NINES_RETURN_IF_ERROR(status);
  return absl::OkStatus();
}

absl::Status FleetLoad::Register() {
  return OnEachPart([this](size_t part) {
    const Fleet& fleet = fleets_[part];
    return sinks_[part]->Register(fleet.vms() * kSeriesPerVm, [&](int64_t series) {
      return FleetLabels(fleet.first_vm() + series / kSeriesPerVm, static_cast<int>(series % kSeriesPerVm));
    });
  });
}

absl::Status FleetLoad::RunSteps(int64_t steps) { return Run(next_step_ + steps, kNever); }

absl::Status FleetLoad::RunFor(double seconds) {
  return Run(std::numeric_limits<int64_t>::max(), WallSeconds() + seconds);
}

absl::Status FleetLoad::Run(int64_t end_step, double deadline_s) {
  run_first_step_ = next_step_;
  run_start_s_ = WallSeconds();
  {
    MutexLock lock(mutex_);
    at_step_.assign(sinks_.size(), next_step_);
    end_step_ = end_step;
  }
  NINES_RETURN_IF_ERROR(OnEachPart([&](size_t part) { return RunPart(part, deadline_s); }));
  MutexLock lock(mutex_);
  next_step_ = end_step_;
  return absl::OkStatus();
}

absl::Status FleetLoad::RunPart(size_t part, double deadline_s) {
  for (int64_t step = run_first_step_; AwaitTurn(part, step, deadline_s); ++step) {
    NINES_RETURN_IF_ERROR(SendStep(part, step));
  }
  return sinks_[part]->Drain();
}

absl::Status FleetLoad::SendStep(size_t part, int64_t step) {
  Fleet& fleet = fleets_[part];
  SampleSink& sink = *sinks_[part];
  const int64_t step_ms = options_.start_ms + step * options_.interval_ms;
  std::array<double, kSeriesPerVm> values;
  for (int64_t index = 0; index < fleet.vms(); ++index) {
    fleet.Scrape(index, values);
    const int64_t time_ms = step_ms + FleetOffsetMs(fleet.first_vm() + index, options_.interval_ms);
    NINES_RETURN_IF_ERROR(sink.Add(time_ms, index * kSeriesPerVm, values));
  }
  return sink.Flush();
}

bool FleetLoad::AwaitTurn(size_t part, int64_t step, double deadline_s) {
  if (options_.samples_per_s > 0) {
    const double due_s = static_cast<double>((step - run_first_step_) * options_.series) / options_.samples_per_s;
    std::this_thread::sleep_for(std::chrono::duration<double>(run_start_s_ + due_s - WallSeconds()));
  }
  MutexLock lock(mutex_);
  at_step_[part] = step;
  moved_.NotifyAll();
  // Nobody is further than that, so that all of them end at the same step.
  if (WallSeconds() >= deadline_s) end_step_ = std::min(end_step_, step + kStepsApart);
  while (!failed_ && step < end_step_ && step >= *std::min_element(at_step_.begin(), at_step_.end()) + kStepsApart) {
    moved_.Wait(mutex_);
  }
  return !failed_ && step < end_step_;
}

}  // namespace nines::bench
