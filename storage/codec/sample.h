#pragma once

#include <bit>
#include <cstdint>

namespace nines::codec {

struct Sample {
  int64_t time_ms = 0;
  double value = 0;
};

// Same bits: NaNs are told apart, and so are 0 and -0.
inline bool SameBits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

}  // namespace nines::codec
