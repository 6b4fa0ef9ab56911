#include "tests/model/sla_naive_exclusion.h"

#include <map>
#include <optional>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace nines::naive {
namespace {

// Where windows begin at the earliest, so that no cap is used up before.
constexpr int64_t kEarliest = kFirst - 60;

struct Place {
  const char* zone;
  absl::CivilSecond base;  // UTC
};

int64_t PickMs(std::mt19937_64& random, int64_t low, int64_t high) { return Pick(random, low, high) * kUnitMs; }

sla::HoursOfDay RandomHours(std::mt19937_64& random) {
  sla::HoursOfDay hours;
  const int64_t spans = Pick(random, 0, 2);
  for (int64_t i = 0; i < spans; ++i) {
    const int open = static_cast<int>(Pick(random, 0, 47));
    const int close = static_cast<int>(Pick(random, open + 1, 48));
    sla::AddHours({open * 30, close * 30}, hours);
  }
  return hours;
}

sla::ServiceHours RandomServiceHours(std::mt19937_64& random, absl::CivilDay about) {
  sla::ServiceHours hours = sla::ServiceHours::AlwaysOpen();
  if (Pick(random, 0, 3) > 0) {
    for (sla::HoursOfDay& day : hours.weekly) day = RandomHours(random);
  }
  for (int day = -1; day <= 3; ++day) {
    const int64_t choice = Pick(random, 0, 4);
    if (choice == 0) hours.closed_dates.insert(about + day);
    if (choice == 1) hours.open_dates[about + day] = RandomHours(random);
  }
  return hours;
}

void AddFacts(std::mt19937_64& random, Calendar& calendar) {
  sla::Exclusions& exclusions = calendar.exclusions;
  if (Pick(random, 0, 2) == 0) exclusions.in_service.start_ms = calendar.TimeMs(Pick(random, kFirst - 10, kLast));
  if (Pick(random, 0, 2) == 0) {
    exclusions.in_service.end_ms = std::max(exclusions.in_service.start_ms, calendar.base_ms) + PickMs(random, 1, 90);
  }
  const int64_t rulings = Pick(random, 0, 4);
  for (int64_t i = 0; i < rulings; ++i) {
    const int64_t start_ms = calendar.TimeMs(Pick(random, kFirst - 10, kLast));
    constexpr State kRuled[] = {State::kUp, State::kDown, State::kExcluded};
    exclusions.rulings.push_back({.interval = {start_ms, start_ms + PickMs(random, 1, 30)},
                                  .state = kRuled[Pick(random, 0, 2)],
                                  .revoked = Pick(random, 0, 4) == 0,
                                  .id = ""});
  }
  const int64_t windows = Pick(random, 0, 5);
  for (int64_t i = 0; i < windows; ++i) {
    const int64_t start_ms = calendar.TimeMs(Pick(random, kEarliest, kLast));
    sla::MaintenanceWindow window;
    window.interval = {start_ms, start_ms + PickMs(random, 1, 40)};
    window.announced_ms = start_ms - PickMs(random, -2, 12);
    if (Pick(random, 0, 3) == 0) window.cancelled_ms = start_ms + PickMs(random, -2, 2);
    exclusions.maintenance.push_back(window);
  }
}

// The class that rules 1 to 4 give, or none.
class Judge {
 public:
  explicit Judge(const Calendar& calendar) : calendar_(calendar) {
    absl::LoadTimeZone(calendar.contract.time_zone, &zone_);
  }

  // Asked for one unit after the other.
  std::optional<State> At(int64_t unit) {
    const int64_t time_ms = calendar_.TimeMs(unit);
    const absl::CivilSecond clock = zone_.At(absl::FromUnixMillis(time_ms)).cs;
    const sla::Exclusions& exclusions = calendar_.exclusions;
    if (time_ms < exclusions.in_service.start_ms || time_ms >= exclusions.in_service.end_ms) return State::kExcluded;
    if (!Open(clock)) return State::kExcluded;
    std::optional<State> ruled;
    for (const sla::Ruling& ruling : exclusions.rulings) {
      if (!ruling.revoked && ruling.interval.start_ms <= time_ms && time_ms < ruling.interval.end_ms) {
        ruled = ruling.state;
      }
    }
    if (ruled.has_value()) return ruled;
    if (!Maintained(time_ms)) return std::nullopt;
    int64_t& used_ms = used_ms_[absl::CivilMonth(clock)];
    const std::optional<int64_t> cap_ms = calendar_.contract.maintenance.cap_ms_per_month;
    if (cap_ms.has_value() && used_ms + kUnitMs > *cap_ms) return std::nullopt;
    used_ms += kUnitMs;
    return State::kExcluded;
  }

 private:
  bool Open(absl::CivilSecond clock) const {
    if (!calendar_.contract.service_hours.has_value()) return true;
    const sla::ServiceHours& hours = *calendar_.contract.service_hours;
    const absl::CivilDay day(clock);
    sla::HoursOfDay today;
    if (hours.open_dates.count(day) > 0) {
      today = hours.open_dates.at(day);
    } else if (hours.closed_dates.count(day) == 0) {
      // 6 January 2025 was a Monday.
      today = hours.weekly[((day - absl::CivilDay(2025, 1, 6)) % 7 + 7) % 7];
    }
    const int minute = clock.hour() * 60 + clock.minute();
    for (const sla::DayHours& each : today) {
      if (each.open_minute <= minute && minute < each.close_minute) return true;
    }
    return false;
  }

  bool Maintained(int64_t time_ms) const {
    if (!calendar_.contract.maintenance.excluded) return false;
    for (const sla::MaintenanceWindow& window : calendar_.exclusions.maintenance) {
      if (time_ms < window.interval.start_ms || time_ms >= window.interval.end_ms) continue;
      if (window.announced_ms > window.interval.start_ms - calendar_.contract.maintenance.notice_ms) continue;
      if (window.cancelled_ms.has_value() && *window.cancelled_ms < window.interval.start_ms) continue;
      return true;
    }
    return false;
  }

  const Calendar& calendar_;
  absl::TimeZone zone_;
  std::map<absl::CivilMonth, int64_t> used_ms_;
};

}  // namespace

Calendar RandomCalendar(std::mt19937_64& random) {
  const std::vector<Place> places = {
      {"Europe/Zurich", absl::CivilSecond(2025, 3, 30, 6)},        // summer time begins, and March ends
      {"Europe/Zurich", absl::CivilSecond(2027, 10, 31, 0)},       // it ends on the last day of October
      {"Australia/Lord_Howe", absl::CivilSecond(2025, 4, 5, 12)},  // it ends by half an hour
      {"Asia/Kolkata", absl::CivilSecond(2025, 1, 31, 6)},        {"Asia/Shanghai", absl::CivilSecond(2025, 1, 31, 6)},
  };
  const Place& place = places[Pick(random, 0, static_cast<int64_t>(places.size()) - 1)];
  Calendar calendar;
  calendar.base_ms = absl::ToUnixMillis(absl::FromCivil(place.base, absl::UTCTimeZone()));
  calendar.contract.time_zone = place.zone;
  if (Pick(random, 0, 1) == 0) {
    calendar.contract.service_hours = RandomServiceHours(random, absl::CivilDay(place.base));
  }
  sla::MaintenanceTerms& terms = calendar.contract.maintenance;
  terms.excluded = Pick(random, 0, 5) > 0;
  terms.notice_ms = PickMs(random, 0, 6);
  if (Pick(random, 0, 1) == 0) terms.cap_ms_per_month = PickMs(random, 0, 30);
  AddFacts(random, calendar);
  return calendar;
}

std::vector<State> AfterExclusions(const std::vector<State>& counted, const Calendar& calendar) {
  Judge judge(calendar);
  for (int64_t unit = kEarliest; unit < kFirst; ++unit) judge.At(unit);
  std::vector<State> states;
  for (State state : counted) states.push_back(judge.At(kFirst + static_cast<int64_t>(states.size())).value_or(state));
  return states;
}

}  // namespace nines::naive
