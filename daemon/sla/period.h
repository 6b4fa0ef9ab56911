#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/interval.h"

// Calendar periods in a time zone (SLA.md section 2): a day that the zone makes 23 or 25 hours long is that long.
// Zones are IANA names; an unknown one, or a period that cannot be read, is INVALID_ARGUMENT.
namespace nines::sla {

enum class PeriodKind : uint8_t { kMonth, kQuarter, kYear, kFeeYear };

absl::StatusOr<Interval> MonthOf(std::string_view month, std::string_view zone);      // "2026-05"
absl::StatusOr<Interval> QuarterOf(std::string_view quarter, std::string_view zone);  // "2026-Q2"
absl::StatusOr<Interval> YearOf(std::string_view year, std::string_view zone);        // "2026"
// "FY2026" is named after the year it ends in: 1 October 2025 to 30 September 2026.
absl::StatusOr<Interval> FeeYearOf(std::string_view fee_year, std::string_view zone);
// Any of the four.
absl::StatusOr<Interval> PeriodOf(std::string_view period, std::string_view zone);

// The period that an instant lies in, and its name as above.
absl::StatusOr<Interval> PeriodContaining(PeriodKind kind, int64_t time_ms, std::string_view zone);
absl::StatusOr<std::string> PeriodNameAt(PeriodKind kind, int64_t time_ms, std::string_view zone);

absl::StatusOr<Interval> MonthContaining(int64_t time_ms, std::string_view zone);
absl::StatusOr<Interval> QuarterContaining(int64_t time_ms, std::string_view zone);
absl::StatusOr<Interval> YearContaining(int64_t time_ms, std::string_view zone);
absl::StatusOr<Interval> FeeYearContaining(int64_t time_ms, std::string_view zone);

}  // namespace nines::sla
