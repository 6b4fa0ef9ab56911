#include "base/time_text.h"

#include "absl/time/time.h"

namespace nines {

std::string FormatTimeUtc(int64_t time_ms) {
  return absl::FormatTime(absl::RFC3339_full, absl::FromUnixMillis(time_ms), absl::UTCTimeZone());
}

}  // namespace nines
