#include "daemon/sla/ratio.h"

#include <cstdio>

#include "base/check.h"

namespace nines::sla {

int64_t Ppm(absl::int128 num, absl::int128 den) {
  NINES_CHECK(den > 0);
  return static_cast<int64_t>(num * 1'000'000 / den);
}

int64_t Ppm(Ratio ratio) { return Ppm(absl::int128(ratio.num), absl::int128(ratio.den)); }

bool AtLeast(Ratio ratio, int64_t ppm) { return absl::int128(ratio.num) * 1'000'000 >= absl::int128(ratio.den) * ppm; }

std::string PercentText(absl::int128 num, absl::int128 den) {
  // A percentage with four decimals is parts per million with a point in it.
  const long long ppm = Ppm(num, den);
  char text[32];
  std::snprintf(text, sizeof(text), "%lld.%04lld", ppm / 10'000, ppm % 10'000);
  return text;
}

std::string PercentText(Ratio ratio) { return PercentText(absl::int128(ratio.num), absl::int128(ratio.den)); }

}  // namespace nines::sla
