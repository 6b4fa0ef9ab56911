#include "daemon/sla/service_hours.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace nines::sla {
namespace {

constexpr int64_t kMinuteMs = 60'000;
constexpr int64_t kDayMs = kMinutesPerDay * kMinuteMs;
constexpr std::array<std::string_view, 7> kWeekdays = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

const HoursOfDay& HoursOn(const ServiceHours& hours, absl::CivilDay day) {
  static const HoursOfDay closed;
  const auto open_date = hours.open_dates.find(day);
  if (open_date != hours.open_dates.end()) return open_date->second;
  if (hours.closed_dates.contains(day)) return closed;
  static_assert(static_cast<int>(absl::Weekday::monday) == kMonday);
  return hours.weekly[static_cast<size_t>(absl::GetWeekday(day))];
}

// Where the zone's offset changes next, or `end_ms` if it does not before that.
int64_t NextChangeMs(const absl::TimeZone& zone, int64_t after_ms, int64_t end_ms) {
  absl::TimeZone::CivilTransition change;
  if (!zone.NextTransition(absl::FromUnixMillis(after_ms), &change)) return end_ms;
  const int64_t change_ms = absl::ToUnixMillis(zone.At(change.to).trans);
  NINES_CHECK(change_ms > after_ms);
  return std::min(change_ms, end_ms);
}

absl::Status ValidateDay(std::string_view day, const HoursOfDay& hours) {
  for (const DayHours& each : hours) {
    if (each.open_minute < 0 || each.close_minute <= each.open_minute || each.close_minute > kMinutesPerDay) {
      return absl::InvalidArgumentError(StrCat("service_hours: on ", day, ", minute ", each.close_minute,
                                               " as the close is not after minute ", each.open_minute,
                                               " as the opening, or not of one day"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddHours(DayHours hours, HoursOfDay& day) {
  const auto later =
      std::find_if(day.begin(), day.end(), [&](const DayHours& each) { return each.open_minute > hours.open_minute; });
  day.insert(later, hours);
}

ServiceHours ServiceHours::AlwaysOpen() {
  ServiceHours hours;
  hours.weekly.fill({DayHours{}});
  return hours;
}

absl::Status ValidateHours(const ServiceHours& hours) {
  absl::Status status;
  for (size_t day = 0; day < kWeekdays.size(); ++day) status.Update(ValidateDay(kWeekdays[day], hours.weekly[day]));
  for (const auto& [date, of_date] : hours.open_dates) {
    const std::string name = absl::FormatCivilTime(date);
    status.Update(ValidateDay(name, of_date));
    if (hours.closed_dates.contains(date)) {
      status.Update(absl::InvalidArgumentError(
          StrCat("service_hours: ", name, " is both a closed date and an open date; leave it in one of them")));
    }
  }
  return status;
}

std::vector<Interval> ClosedTime(const ServiceHours& hours, const absl::TimeZone& zone, Interval window) {
  std::vector<Interval> closed;
  int64_t open_until_ms = window.start_ms;
  const auto close_until = [&](int64_t time_ms) {
    if (open_until_ms < time_ms) closed.push_back({open_until_ms, time_ms});
  };
  // Between two changes of the offset local time is UTC moved by a constant, and days have 24 hours.
  for (Interval steady = {window.start_ms, window.start_ms}; steady.start_ms < window.end_ms;
       steady.start_ms = steady.end_ms) {
    steady.end_ms = NextChangeMs(zone, steady.start_ms, window.end_ms);
    const absl::TimeZone::CivilInfo local = zone.At(absl::FromUnixMillis(steady.start_ms));
    absl::CivilDay day(local.cs);
    int64_t midnight_ms = (day - absl::CivilDay(1970, 1, 1)) * kDayMs - int64_t{local.offset} * 1'000;
    for (; midnight_ms < steady.end_ms; midnight_ms += kDayMs, ++day) {
      for (const DayHours& each : HoursOn(hours, day)) {
        const Interval open = Intersect(
            {midnight_ms + each.open_minute * kMinuteMs, midnight_ms + each.close_minute * kMinuteMs}, steady);
        if (open.empty()) continue;
        close_until(open.start_ms);
        open_until_ms = std::max(open_until_ms, open.end_ms);
      }
    }
  }
  close_until(window.end_ms);
  return closed;
}

std::optional<int> ParseWeekday(std::string_view word) {
  const auto* day = std::find(kWeekdays.begin(), kWeekdays.end(), word);
  return day == kWeekdays.end() ? std::nullopt : std::optional<int>(day - kWeekdays.begin());
}

std::optional<int> ParseMinuteOfDay(std::string_view text) {
  const auto digit = [&](size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour * 60 + minute > kMinutesPerDay) return std::nullopt;
  return hour * 60 + minute;
}

std::optional<absl::CivilDay> ParseDate(std::string_view text) {
  absl::CivilDay day;
  // The library also reads "2025-1-26", and blanks.
  if (!absl::ParseCivilTime(ToAbsl(text), &day) || absl::FormatCivilTime(day) != ToAbsl(text)) return std::nullopt;
  return day;
}

}  // namespace nines::sla
