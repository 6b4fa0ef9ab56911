#pragma once

#include <cstdint>

#include "base/strong_id.h"

namespace nines::series {

// One sample of one series on its way in.
struct Point {
  SeriesId series;
  int64_t time_ms = 0;
  double value = 0;
};

}  // namespace nines::series
