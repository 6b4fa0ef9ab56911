#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace nines {

// "15s", "1h30m", "250ms", "1.5s", "2d", "0" → milliseconds, never negative. Errors say what was expected.
absl::StatusOr<int64_t> ParseDurationMs(std::string_view text);

// 5 400 000 → "1h30m", 2 678 401 → "44m38.401s", 0 → "0s". Exact: ParseDurationMs gives the same number back.
std::string FormatDurationMs(int64_t duration_ms);

// "99.9%" → 999 000; "999000" → 999 000. At most four decimals, between 0 and 100 %.
absl::StatusOr<int64_t> ParsePartsPerMillion(std::string_view text);

}  // namespace nines
