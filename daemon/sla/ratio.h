#pragma once

#include <cstdint>
#include <string>

#include "absl/numeric/int128.h"

namespace nines::sla {

// An exact share num/den, den > 0, 0 <= num <= den. Not reduced.
struct Ratio {
  int64_t num = 0;
  int64_t den = 1;

  // For graphs and /metrics alone: verdicts and displayed percentages never go through it.
  double ToDouble() const { return static_cast<double>(num) / static_cast<double>(den); }
  friend bool operator==(const Ratio&, const Ratio&) = default;
};

// Parts per million, truncated.
int64_t Ppm(Ratio ratio);
int64_t Ppm(absl::int128 num, absl::int128 den);

// num/den >= ppm/1 000 000, exactly.
bool AtLeast(Ratio ratio, int64_t ppm);

// "99.8999": truncated to four decimals, never rounded up.
std::string PercentText(Ratio ratio);
std::string PercentText(absl::int128 num, absl::int128 den);

}  // namespace nines::sla
