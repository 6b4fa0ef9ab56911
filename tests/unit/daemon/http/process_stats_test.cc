#include "daemon/http/process_stats.h"

#include <gtest/gtest.h>

namespace nines::http {
namespace {

constexpr KernelUnits kUnits{.ticks_per_second = 100, .page_bytes = 4096, .boot_time_s = 1'000'000};

TEST(ProcessStatsTest, FieldsOfProcStat) {
  // utime 150, stime 25, 7 threads, started 1234 ticks after boot, 8192 bytes virtual, 3 pages resident.
  const ProcessStats stats = ParseProcStat(
      "42 (a) name)) S 1 42 42 0 -1 4194560 100 0 0 0 150 25 0 0 20 0 7 0 1234 8192 3 18446744073709551615\n", kUnits);
  EXPECT_DOUBLE_EQ(*stats.cpu_seconds, 1.75);
  EXPECT_EQ(stats.threads, 7u);
  EXPECT_EQ(stats.start_time_ms, 1'000'012'340);
  EXPECT_EQ(stats.virtual_bytes, 8192u);
  EXPECT_EQ(stats.resident_bytes, 12288u);
}

TEST(ProcessStatsTest, OtherTextTellsNothing) {
  for (const char* text : {"", "42 name S 1", "42 (name) S 1 2 3"}) {
    EXPECT_FALSE(ParseProcStat(text, kUnits).cpu_seconds.has_value()) << text;
  }
}

TEST(ProcessStatsTest, OfThisProcess) {
  const ProcessStats stats = ReadProcessStats();
  EXPECT_GT(*stats.resident_bytes, 1'000'000u);
  EXPECT_GT(*stats.open_fds, 2u);
  EXPECT_GE(*stats.max_fds, *stats.open_fds);
  EXPECT_GT(*stats.start_time_ms, 1'600'000'000'000);
}

}  // namespace
}  // namespace nines::http
