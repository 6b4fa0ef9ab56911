#include "collectors/sources/probe_schedule.h"

#include <algorithm>

#include "base/duration_text.h"
#include "base/status_macros.h"
#include "wire/time.h"

namespace nines::collector {

absl::StatusOr<Schedule> ScheduleOf(const v1::SourceConfig& config) {
  const int64_t interval_ms = config.has_interval() ? wire::ToMs(config.interval()) : 15'000;
  if (interval_ms <= 0) return absl::InvalidArgumentError("interval: must be longer than 0, like 15s");
  const int64_t timeout_ms =
      config.has_timeout() ? wire::ToMs(config.timeout()) : std::min<int64_t>(10'000, interval_ms);
  if (timeout_ms <= 0 || timeout_ms > interval_ms) {
    return absl::InvalidArgumentError(
        StrCat("timeout: must be longer than 0 and at most the interval, ", FormatDurationMs(interval_ms)));
  }
  return Schedule{absl::Milliseconds(interval_ms), absl::Milliseconds(timeout_ms)};
}

}  // namespace nines::collector
