#include "base/time_text.h"

#include <gtest/gtest.h>

namespace nines {
namespace {

TEST(TimeText, WritesTimesInUtcToTheMillisecond) {
  EXPECT_EQ(FormatTimeUtc(1'777'593'600'500), "2026-05-01T00:00:00.5+00:00");
  EXPECT_EQ(FormatTimeUtc(0), "1970-01-01T00:00:00+00:00");
  EXPECT_EQ(FormatTimeUtc(-1), "1969-12-31T23:59:59.999+00:00");
}

}  // namespace
}  // namespace nines
