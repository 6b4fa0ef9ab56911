#pragma once

#include <cstdint>
#include <string>

namespace nines {

// Milliseconds since the epoch, as messages have it: 1 777 593 600 500 → "2026-05-01T00:00:00.5+00:00".
std::string FormatTimeUtc(int64_t time_ms);

}  // namespace nines
