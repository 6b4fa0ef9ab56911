#include "storage/codec/decimal.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "storage/codec/vector_code.h"

namespace nines::codec {
namespace {

constexpr double kPowers[kExponentMax + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

// Added to a double of less than 2^51, it leaves the nearest integer in the lowest bits.
constexpr double kRounder = 6755399441055744.0;        // 1.5 * 2^52
constexpr double kRoundedMax = 2251799813685248.0;     // 2^51
constexpr double kIntegerMax = 9223372036854774784.0;  // the largest double below 2^63

constexpr size_t kBlock = 32;
constexpr size_t kSampleMax = 8;

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

// Decimals of 2^51 or more are taken only without a fraction.
bool ToInteger(double value, int exponent, int64_t* integer) {
  const double scaled = value * kPowers[exponent];
  int64_t nearest = 0;
  if (std::abs(scaled) < kRoundedMax) {
    nearest = std::bit_cast<int64_t>(scaled + kRounder) - std::bit_cast<int64_t>(kRounder);
  } else if (exponent == 0 && std::abs(scaled) <= kIntegerMax) {
    nearest = static_cast<int64_t>(scaled);
  } else {
    return false;
  }
  if (Bits(static_cast<double>(nearest) / kPowers[exponent]) != Bits(value)) return false;
  *integer = nearest;
  return true;
}

// The least exponent from `exponent` on that does for the value; more than kExponentMax where none does.
int FindExponent(double value, int exponent) {
  int64_t integer = 0;
  if (!(std::abs(value) <= kIntegerMax)) return kExponentMax + 1;
  while (exponent <= kExponentMax && !ToInteger(value, exponent, &integer)) ++exponent;
  return exponent;
}

// A block at once, without a branch, so that it compiles to vector code. False where a value is odd or large.
bool ToIntegers(const double* values, double power, int64_t* integers) {
  uint64_t differing = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    // While this is in the rounder's binade, its lowest bits are the integer's. NaN and infinity are not.
    const double rounded = values[i] * power + kRounder;
    integers[i] = static_cast<int64_t>(Bits(rounded) - Bits(kRounder));
    differing |= (Bits(rounded) ^ Bits(kRounder)) >> 52;
    differing |= Bits((rounded - kRounder) / power) ^ Bits(values[i]);
  }
  return differing == 0;
}

// Converts all values, and notes the odd ones. False where these are more than `odd_max`.
NINES_VECTOR_CODE bool Convert(std::span<const double> values, size_t odd_max, Decimals* decimals) {
  decimals->integers.resize(values.size());
  decimals->odd.clear();
  int64_t* const integers = decimals->integers.data();
  const double power = kPowers[decimals->exponent];
  int64_t last = 0;
  for (size_t i = 0; i < values.size();) {
    if (i + kBlock <= values.size() && ToIntegers(&values[i], power, integers + i)) {
      i += kBlock;
      last = integers[i - 1];
      continue;
    }
    for (const size_t end = std::min(values.size(), i + kBlock); i < end; ++i) {
      if (!ToInteger(values[i], decimals->exponent, &last)) {
        decimals->odd.push_back({static_cast<uint32_t>(i), values[i]});
        if (decimals->odd.size() > odd_max) return false;
      }
      integers[i] = last;
    }
  }
  // Odd values at the start have no integer before them; the one after them serves.
  size_t leading = 0;
  while (leading < decimals->odd.size() && decimals->odd[leading].position == leading) ++leading;
  if (leading < values.size()) std::fill_n(integers, leading, integers[leading]);
  return true;
}

}  // namespace

bool FindDecimals(std::span<const double> values, Decimals* decimals) {
  int wanted = 0;
  size_t odd = 0;
  const size_t stride = (values.size() + kSampleMax - 1) / kSampleMax;
  for (size_t i = 0; i < values.size(); i += stride) {
    const int own = FindExponent(values[i], wanted);
    if (own <= kExponentMax) {
      wanted = own;
    } else if (++odd > kSampleMax / 2) {
      return false;
    }
  }
  const size_t odd_max = values.size() / 8 + 4;
  while (true) {
    decimals->exponent = wanted;
    const bool few = Convert(values, odd_max, decimals);
    // An odd value takes some 80 bits; a digit more in all of them takes 3.3 bits each.
    if (few && decimals->odd.size() * 24 <= values.size()) return true;
    for (const OddValue& odd_value : decimals->odd) {
      const int own = FindExponent(odd_value.value, wanted);
      if (own <= kExponentMax) wanted = own;
    }
    if (wanted == decimals->exponent) return few;
  }
}

namespace {

// A block at once, as ToIntegers(). False where an integer is too large for that.
bool ToDoubles(const int64_t* integers, double power, double* values) {
  constexpr uint64_t kLimit = uint64_t{1} << 51;
  uint64_t beyond = 0;
  for (size_t i = 0; i < kBlock; ++i) {
    const uint64_t integer = static_cast<uint64_t>(integers[i]);
    beyond |= (integer + kLimit) >> 52;
    values[i] = (std::bit_cast<double>(integer + Bits(kRounder)) - kRounder) / power;
  }
  return beyond == 0;
}

}  // namespace

NINES_VECTOR_CODE void DivideDecimals(std::span<const int64_t> integers, int exponent, double* values) {
  const double power = kPowers[exponent];
  for (size_t i = 0; i < integers.size();) {
    if (i + kBlock <= integers.size() && ToDoubles(&integers[i], power, values + i)) {
      i += kBlock;
      continue;
    }
    for (const size_t end = std::min(integers.size(), i + kBlock); i < end; ++i) {
      values[i] = static_cast<double>(integers[i]) / power;
    }
  }
}

}  // namespace nines::codec
