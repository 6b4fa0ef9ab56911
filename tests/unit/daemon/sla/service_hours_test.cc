#include "daemon/sla/service_hours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nines::sla {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kOneHourMs = 3'600'000;

absl::TimeZone Zone(const char* name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone));
  return zone;
}

// Every day of the week.
ServiceHours Daily(int open_hour, int close_hour) {
  ServiceHours hours;
  hours.weekly.fill({DayHours{open_hour * 60, close_hour * 60}});
  return hours;
}

TEST(ClosedTime, IsWhatTheHoursLeave) {
  // 1970 began on a Thursday.
  ServiceHours hours;
  AddHours({13 * 60, 18 * 60}, hours.weekly[3]);
  AddHours({8 * 60, 12 * 60}, hours.weekly[3]);
  EXPECT_THAT(ClosedTime(hours, absl::UTCTimeZone(), {0, 30 * kOneHourMs}),
              ElementsAre(Interval{0, 8 * kOneHourMs}, Interval{12 * kOneHourMs, 13 * kOneHourMs},
                          Interval{18 * kOneHourMs, 30 * kOneHourMs}));
  EXPECT_THAT(ClosedTime(hours, absl::UTCTimeZone(), {9 * kOneHourMs, 11 * kOneHourMs}), IsEmpty());
  EXPECT_THAT(ClosedTime(hours, absl::UTCTimeZone(), {-5, 5}), ElementsAre(Interval{-5, 5}));
  EXPECT_THAT(ClosedTime(hours, absl::UTCTimeZone(), {5, 5}), IsEmpty());
}

TEST(ClosedTime, AlwaysOpenIsNeverClosedAndNoHoursAlways) {
  const Interval year = {1735660800000, 1767196800000};
  EXPECT_THAT(ClosedTime(ServiceHours::AlwaysOpen(), Zone("Europe/Zurich"), year), IsEmpty());
  EXPECT_THAT(ClosedTime({}, Zone("Europe/Zurich"), year), ElementsAre(year));
}

TEST(ClosedTime, KeepsToTheClockOfTheZoneWhenItChanges) {
  // On 30 March 2025 at 01:00 UTC Zurich went from 02:00 to 03:00: 8 o'clock is 07:00 UTC before, 06:00 UTC after.
  const int64_t day_ms = 24 * kOneHourMs;
  const int64_t midnight_utc_ms = 1743292800000;
  EXPECT_THAT(ClosedTime(Daily(8, 24), Zone("Europe/Zurich"), {midnight_utc_ms - day_ms, midnight_utc_ms + day_ms}),
              ElementsAre(Interval{midnight_utc_ms - day_ms, midnight_utc_ms - day_ms + 7 * kOneHourMs},
                          Interval{midnight_utc_ms - kOneHourMs, midnight_utc_ms + 6 * kOneHourMs},
                          Interval{midnight_utc_ms + 22 * kOneHourMs, midnight_utc_ms + day_ms}));
}

TEST(ClosedTime, OfADayWhoseMidnightIsSkipped) {
  // In Asuncion 1 October 2017 began at 01:00, which was 04:00 UTC: an hour of service from midnight is nobody's.
  EXPECT_THAT(ClosedTime(Daily(0, 1), Zone("America/Asuncion"), {1506830400000, 1506830400000 + 23 * kOneHourMs}),
              ElementsAre(Interval{1506830400000, 1506830400000 + 23 * kOneHourMs}));
}

TEST(ServiceHours, RefusesHoursThatDoNotOpenAndContradictions) {
  EXPECT_TRUE(ValidateHours(ServiceHours::AlwaysOpen()).ok());
  ServiceHours hours;
  hours.weekly[1] = {{600, 600}};
  EXPECT_THAT(std::string(ValidateHours(hours).message()), HasSubstr("service_hours: on tue"));
  hours.weekly[1] = {{0, kMinutesPerDay + 1}};
  EXPECT_FALSE(ValidateHours(hours).ok());
  hours.weekly[1].clear();
  hours.closed_dates = {absl::CivilDay(2025, 1, 1)};
  EXPECT_TRUE(ValidateHours(hours).ok());
  hours.open_dates[absl::CivilDay(2025, 1, 1)] = {DayHours{}};
  EXPECT_THAT(std::string(ValidateHours(hours).message()),
              HasSubstr("2025-01-01 is both a closed date and an open date"));
}

TEST(ServiceHours, ReadsWordsAsTheyAreWritten) {
  EXPECT_EQ(ParseWeekday("mon"), kMonday);
  EXPECT_EQ(ParseWeekday("sun"), 6);
  EXPECT_EQ(ParseMinuteOfDay("08:05"), 485);
  EXPECT_EQ(ParseMinuteOfDay("24:00"), kMinutesPerDay);
  EXPECT_EQ(ParseDate("2024-02-29"), absl::CivilDay(2024, 2, 29));
  for (const char* word : {"", "Mon", "monday", "1"}) EXPECT_FALSE(ParseWeekday(word).has_value()) << word;
  for (const char* word : {"", "8:00", "08:60", "24:01", "25:00", "08-00", "08:00 ", "+8:00"}) {
    EXPECT_FALSE(ParseMinuteOfDay(word).has_value()) << word;
  }
  for (const char* word : {"", "2025-02-29", "2025-1-26", " 2025-1-26", "2025-01-26T", "2025-01", "26-01-2025"}) {
    EXPECT_FALSE(ParseDate(word).has_value()) << word;
  }
}

}  // namespace
}  // namespace nines::sla
