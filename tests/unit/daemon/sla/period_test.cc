#include "daemon/sla/period.h"

#include <gtest/gtest.h>

namespace nines::sla {
namespace {

constexpr char kShanghai[] = "Asia/Shanghai";
constexpr int64_t kHourMs = 3'600'000;

TEST(Period, CalendarPeriodsInTheZone) {
  EXPECT_EQ(*MonthOf("2025-01", kShanghai), (Interval{1735660800000, 1738339200000}));
  EXPECT_EQ(*QuarterOf("2026-Q2", kShanghai), (Interval{1774972800000, 1782835200000}));
  EXPECT_EQ(*YearOf("2025", kShanghai), (Interval{1735660800000, 1767196800000}));
  EXPECT_EQ(*FeeYearOf("FY2026", kShanghai), (Interval{1759248000000, 1790784000000}));
  EXPECT_EQ(*PeriodOf("FY2026", kShanghai), *FeeYearOf("FY2026", kShanghai));
  EXPECT_EQ(*PeriodOf("2026-Q2", kShanghai), *QuarterOf("2026-Q2", kShanghai));
}

TEST(Period, DaylightSavingChangesLengths) {
  EXPECT_EQ(MonthOf("2025-03", "Europe/Berlin")->length_ms(), 743 * kHourMs);
  EXPECT_EQ(MonthOf("2025-10", "Europe/Berlin")->length_ms(), 745 * kHourMs);
  EXPECT_EQ(MonthOf("2025-03", "Europe/Berlin")->start_ms, 1740783600000);
}

TEST(Period, AMonthWhoseMidnightIsSkippedBeginsAfterIt) {
  // In Asuncion the clocks went from 00:00 to 01:00 on 1 October 2017, which is 04:00 UTC.
  EXPECT_EQ(MonthOf("2017-10", "America/Asuncion")->start_ms, 1506830400000);
  EXPECT_EQ(MonthOf("2017-09", "America/Asuncion")->end_ms, 1506830400000);
}

TEST(Period, ContainingAndNamed) {
  // 1 January 2025 00:00 in Shanghai, and the millisecond before.
  const int64_t new_year_ms = 1735660800000;
  EXPECT_EQ(MonthContaining(new_year_ms, kShanghai)->start_ms, new_year_ms);
  EXPECT_EQ(MonthContaining(new_year_ms - 1, kShanghai)->end_ms, new_year_ms);
  EXPECT_EQ(QuarterContaining(new_year_ms - 1, kShanghai)->end_ms, new_year_ms);
  EXPECT_EQ(YearContaining(new_year_ms, kShanghai)->start_ms, new_year_ms);
  EXPECT_EQ(*PeriodNameAt(PeriodKind::kMonth, new_year_ms - 1, kShanghai), "2024-12");
  EXPECT_EQ(*PeriodNameAt(PeriodKind::kQuarter, new_year_ms - 1, kShanghai), "2024-Q4");
  EXPECT_EQ(*PeriodNameAt(PeriodKind::kYear, new_year_ms, kShanghai), "2025");
  EXPECT_EQ(*PeriodNameAt(PeriodKind::kFeeYear, new_year_ms, kShanghai), "FY2025");
  EXPECT_EQ(*FeeYearContaining(new_year_ms, kShanghai), *FeeYearOf("FY2025", kShanghai));
}

TEST(Period, EveryNameReadsBack) {
  for (int64_t time_ms = 1735660800000; time_ms < 1767196800000; time_ms += 86'400'000) {
    for (auto kind : {PeriodKind::kMonth, PeriodKind::kQuarter, PeriodKind::kYear, PeriodKind::kFeeYear}) {
      const std::string name = *PeriodNameAt(kind, time_ms, kShanghai);
      EXPECT_EQ(*PeriodOf(name, kShanghai), *PeriodContaining(kind, time_ms, kShanghai)) << name;
      EXPECT_TRUE(PeriodOf(name, kShanghai)->Contains(time_ms)) << name;
    }
  }
}

TEST(Period, RefusesWhatItCannotRead) {
  for (const char* period : {"", "2025-00", "2025-13", "2025-1", "25-01", "2025-Q0", "2025-Q5", "2025-q1", "FY25",
                             "fy2025", "20x5", "2025-1x", "1969", "-2025", "2025-01-01"}) {
    EXPECT_FALSE(PeriodOf(period, kShanghai).ok()) << period;
  }
  EXPECT_FALSE(MonthOf("2025", kShanghai).ok());
  EXPECT_FALSE(MonthOf("2025-01", "Asia/Peking").ok());
  EXPECT_FALSE(MonthOf("2025-01", "localtime").ok());
  EXPECT_FALSE(MonthContaining(0, "").ok());
}

}  // namespace
}  // namespace nines::sla
