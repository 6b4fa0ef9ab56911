#include "daemon/sla/period.h"

#include <cstdio>
#include <optional>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace nines::sla {
namespace {

struct CivilPeriod {
  absl::CivilMonth first;
  int months = 1;
};

absl::StatusOr<absl::TimeZone> Load(std::string_view zone) {
  absl::TimeZone loaded;
  if (zone.empty() || zone == "localtime" || !absl::LoadTimeZone(ToAbsl(zone), &loaded)) {
    return absl::InvalidArgumentError(
        StrCat("time zone '", zone, "' is not known; write an IANA name such as Asia/Shanghai"));
  }
  return loaded;
}

// The first instant of a month: where the zone skips its midnight, the instant that follows.
int64_t StartMs(absl::CivilMonth month, const absl::TimeZone& zone) {
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(month));
  return absl::ToUnixMillis(info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre);
}

Interval ToInterval(const CivilPeriod& period, const absl::TimeZone& zone) {
  return {StartMs(period.first, zone), StartMs(period.first + period.months, zone)};
}

int MonthCount(PeriodKind kind) {
  switch (kind) {
    case PeriodKind::kMonth:
      return 1;
    case PeriodKind::kQuarter:
      return 3;
    case PeriodKind::kYear:
    case PeriodKind::kFeeYear:
      return 12;
  }
  NINES_CHECK(false);
}

absl::CivilMonth FirstMonth(PeriodKind kind, absl::CivilMonth of) {
  switch (kind) {
    case PeriodKind::kMonth:
      return of;
    case PeriodKind::kQuarter:
      return absl::CivilMonth(of.year(), (of.month() - 1) / 3 * 3 + 1);
    case PeriodKind::kYear:
      return absl::CivilMonth(of.year(), 1);
    case PeriodKind::kFeeYear:
      return absl::CivilMonth(of.month() >= 10 ? of.year() : of.year() - 1, 10);
  }
  NINES_CHECK(false);
}

// Digits alone; nullopt for anything else.
std::optional<int> Number(std::string_view digits) {
  int number = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return digits.empty() ? std::nullopt : std::optional(number);
}

std::optional<PeriodKind> KindOf(std::string_view text) {
  if (text.size() == 4) return PeriodKind::kYear;
  if (text.size() == 6 && text.starts_with("FY")) return PeriodKind::kFeeYear;
  if (text.size() == 7 && text.substr(4, 2) == "-Q") return PeriodKind::kQuarter;
  if (text.size() == 7 && text[4] == '-') return PeriodKind::kMonth;
  return std::nullopt;
}

std::optional<CivilPeriod> Parse(PeriodKind kind, std::string_view text) {
  if (KindOf(text) != kind) return std::nullopt;
  const bool fee_year = kind == PeriodKind::kFeeYear;
  const std::optional<int> year = Number(text.substr(fee_year ? 2 : 0, 4));
  if (!year.has_value() || *year < 1970) return std::nullopt;
  CivilPeriod period{absl::CivilMonth(fee_year ? *year - 1 : *year, fee_year ? 10 : 1), MonthCount(kind)};
  if (kind == PeriodKind::kYear || fee_year) return period;
  const std::optional<int> part = Number(text.substr(kind == PeriodKind::kQuarter ? 6 : 5));
  if (!part.has_value() || *part < 1 || *part > 12 / period.months) return std::nullopt;
  period.first += (*part - 1) * period.months;
  return period;
}

absl::StatusOr<Interval> IntervalOf(PeriodKind kind, std::string_view text, std::string_view zone,
                                    std::string_view what) {
  const std::optional<CivilPeriod> period = Parse(kind, text);
  if (!period.has_value()) return absl::InvalidArgumentError(StrCat("'", text, "' is not ", what));
  NINES_ASSIGN_OR_RETURN(const absl::TimeZone loaded, Load(zone));
  return ToInterval(*period, loaded);
}

}  // namespace

absl::StatusOr<Interval> MonthOf(std::string_view month, std::string_view zone) {
  return IntervalOf(PeriodKind::kMonth, month, zone, "a month such as 2026-05");
}

absl::StatusOr<Interval> QuarterOf(std::string_view quarter, std::string_view zone) {
  return IntervalOf(PeriodKind::kQuarter, quarter, zone, "a quarter such as 2026-Q2");
}

absl::StatusOr<Interval> YearOf(std::string_view year, std::string_view zone) {
  return IntervalOf(PeriodKind::kYear, year, zone, "a year such as 2026");
}

absl::StatusOr<Interval> FeeYearOf(std::string_view fee_year, std::string_view zone) {
  return IntervalOf(PeriodKind::kFeeYear, fee_year, zone, "a fee year such as FY2026");
}

absl::StatusOr<Interval> PeriodOf(std::string_view period, std::string_view zone) {
  return IntervalOf(KindOf(period).value_or(PeriodKind::kMonth), period, zone,
                    "a period such as 2026-05, 2026-Q2, 2026 or FY2026");
}

absl::StatusOr<Interval> PeriodContaining(PeriodKind kind, int64_t time_ms, std::string_view zone) {
  NINES_ASSIGN_OR_RETURN(const absl::TimeZone loaded, Load(zone));
  const absl::CivilMonth month(loaded.At(absl::FromUnixMillis(time_ms)).cs);
  return ToInterval({FirstMonth(kind, month), MonthCount(kind)}, loaded);
}

absl::StatusOr<std::string> PeriodNameAt(PeriodKind kind, int64_t time_ms, std::string_view zone) {
  NINES_ASSIGN_OR_RETURN(const absl::TimeZone loaded, Load(zone));
  const absl::CivilMonth month = FirstMonth(kind, absl::CivilMonth(loaded.At(absl::FromUnixMillis(time_ms)).cs));
  const long long year = month.year();
  char name[48];
  switch (kind) {
    case PeriodKind::kMonth:
      std::snprintf(name, sizeof(name), "%04lld-%02d", year, month.month());
      break;
    case PeriodKind::kQuarter:
      std::snprintf(name, sizeof(name), "%04lld-Q%d", year, (month.month() + 2) / 3);
      break;
    case PeriodKind::kYear:
      std::snprintf(name, sizeof(name), "%04lld", year);
      break;
    case PeriodKind::kFeeYear:
      std::snprintf(name, sizeof(name), "FY%04lld", year + 1);
      break;
  }
  return name;
}

absl::StatusOr<Interval> MonthContaining(int64_t time_ms, std::string_view zone) {
  return PeriodContaining(PeriodKind::kMonth, time_ms, zone);
}

absl::StatusOr<Interval> QuarterContaining(int64_t time_ms, std::string_view zone) {
  return PeriodContaining(PeriodKind::kQuarter, time_ms, zone);
}

absl::StatusOr<Interval> YearContaining(int64_t time_ms, std::string_view zone) {
  return PeriodContaining(PeriodKind::kYear, time_ms, zone);
}

absl::StatusOr<Interval> FeeYearContaining(int64_t time_ms, std::string_view zone) {
  return PeriodContaining(PeriodKind::kFeeYear, time_ms, zone);
}

}  // namespace nines::sla
