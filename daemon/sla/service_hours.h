#pragma once

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/interval.h"

// When a contract's targets have to be available (SLA.md sections 6 and 10). All functions are pure.
namespace nines::sla {

inline constexpr int kMinutesPerDay = 24 * 60;

// Minutes after local midnight, 0 <= open < close <= kMinutesPerDay.
struct DayHours {
  int open_minute = 0;
  int close_minute = kMinutesPerDay;

  friend bool operator==(const DayHours&, const DayHours&) = default;
};

// The hours of one day in the order of opening; they may overlap. None: closed all day.
using HoursOfDay = std::vector<DayHours>;
void AddHours(DayHours hours, HoursOfDay& day);

inline constexpr int kMonday = 0;

// Local to the contract's zone: an instant is within hours if a clock in the zone shows a time within them at that
// instant. An hour that the zone skips is nobody's; one that it repeats is within hours both times, or neither.
struct ServiceHours {
  // kMonday first.
  std::array<HoursOfDay, 7> weekly;
  // Beat the weekly hours.
  std::set<absl::CivilDay> closed_dates;
  // Replace the weekly hours of that day. No date is in both.
  std::map<absl::CivilDay, HoursOfDay> open_dates;

  // Every day of the week around the clock.
  static ServiceHours AlwaysOpen();
  friend bool operator==(const ServiceHours&, const ServiceHours&) = default;
};

// INVALID_ARGUMENT naming the day whose hours do not open before they close, or a date that is both closed and open.
absl::Status ValidateHours(const ServiceHours& hours);

// The time in `window` outside service hours, in the order of time, not touching. Takes O(days in the window).
std::vector<Interval> ClosedTime(const ServiceHours& hours, const absl::TimeZone& zone, Interval window);

// "mon" to "sun" → 0 to 6.
std::optional<int> ParseWeekday(std::string_view word);
// "08:00" → 480; "24:00" is the day's end.
std::optional<int> ParseMinuteOfDay(std::string_view text);
// "2025-01-26", a day that exists.
std::optional<absl::CivilDay> ParseDate(std::string_view text);

}  // namespace nines::sla
