#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nines::codec {

// Doubles that were written as decimals, as integers: value = integer / 10^exponent, with the same bits. After ALP
// (Afroozeh, Kuffo, Boncz, SIGMOD 2023), but for the division: it is exact where ALP's product by 10^-exponent may be
// off by a bit.

inline constexpr int kExponentMax = 15;

// A value that is not such a decimal: NaN, an infinity, -0, or one of more digits than the others.
struct OddValue {
  uint32_t position = 0;
  double value = 0;
};

struct Decimals {
  int exponent = 0;
  std::vector<int64_t> integers;  // where a value is odd, the integer before it stands again
  std::vector<OddValue> odd;      // in order
};

// False where too many values are odd for this to be worth it; `decimals` then holds anything.
bool FindDecimals(std::span<const double> values, Decimals* decimals);

// values[i] = integers[i] / 10^exponent.
void DivideDecimals(std::span<const int64_t> integers, int exponent, double* values);

}  // namespace nines::codec
