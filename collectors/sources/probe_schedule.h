#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

// How often a source runs, and how long one run may take.
struct Schedule {
  absl::Duration interval;
  absl::Duration timeout;
};

// With the defaults of config.proto filled in. Errors name the field.
absl::StatusOr<Schedule> ScheduleOf(const v1::SourceConfig& config);

}  // namespace nines::collector
