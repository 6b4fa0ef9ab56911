#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace nines {
namespace {

TEST(DurationText, ReadsUnitsAndSums) {
  EXPECT_EQ(*ParseDurationMs("15s"), 15'000);
  EXPECT_EQ(*ParseDurationMs("1h30m"), 5'400'000);
  EXPECT_EQ(*ParseDurationMs("250ms"), 250);
  EXPECT_EQ(*ParseDurationMs("2d"), 172'800'000);
  EXPECT_EQ(*ParseDurationMs("0"), 0);
  EXPECT_EQ(*ParseDurationMs("1m0.045s"), 60'045);
  EXPECT_EQ(*ParseDurationMs("1.5s"), 1'500);
}

TEST(DurationText, RefusesWhatIsNotADuration) {
  for (const char* text : {"", "15", "-5s", "s", "1.5h", "1.5ms", "1.s", "1.2345s", "15 s", "10y", "99999999999999999d"}) {
    EXPECT_FALSE(ParseDurationMs(text).ok()) << text;
  }
}

TEST(DurationText, WritesWhatItReads) {
  EXPECT_EQ(FormatDurationMs(0), "0s");
  EXPECT_EQ(FormatDurationMs(5'400'000), "1h30m");
  EXPECT_EQ(FormatDurationMs(2'678'401), "44m38.401s");
  EXPECT_EQ(FormatDurationMs(2'678'400), "44m38.4s");
  EXPECT_EQ(FormatDurationMs(60'045), "1m0.045s");
  EXPECT_EQ(FormatDurationMs(-250), "-250ms");
  EXPECT_EQ(*ParseDurationMs(FormatDurationMs(2'678'401)), 2'678'401);
}

TEST(PartsPerMillion, ReadsPercentagesExactly) {
  EXPECT_EQ(*ParsePartsPerMillion("99.9%"), 999'000);
  EXPECT_EQ(*ParsePartsPerMillion("99.9999%"), 999'999);
  EXPECT_EQ(*ParsePartsPerMillion("100%"), 1'000'000);
  EXPECT_EQ(*ParsePartsPerMillion("999000"), 999'000);
  for (const char* text : {"", "%", "100.1%", "99.99999%", "99.9", "-1%", "1000001", "abc"}) {
    EXPECT_FALSE(ParsePartsPerMillion(text).ok()) << text;
  }
}

}  // namespace
}  // namespace nines
