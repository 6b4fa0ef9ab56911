#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/interval.h"
#include "daemon/catalogue/catalogue.h"

namespace nines::report {

// Which period a report is about: a calendar period, taken in each contract's zone, or a span.
enum class PeriodKind : uint8_t { kMonth, kQuarter, kYear, kFeeYear, kSpan };
struct Period {
  PeriodKind kind = PeriodKind::kMonth;
  std::string label;  // "2026-05", "2026-Q2", "2026"; a fee year is "2026" or "FY2026"; empty for a span
  Interval span;      // for kSpan
};

// The period in a zone. InvalidArgument says how it should have been written.
absl::StatusOr<Interval> IntervalOf(const Period& period, std::string_view zone);

// The period in the zone of the contract that is in force in its last month.
absl::StatusOr<Interval> IntervalOf(const Period& period, const catalogue::Target& target);

// A target's calendar month.
struct Month {
  std::string label;  // "2026-11"
  Interval interval;  // as IntervalOf gives it for the label
};
// The last month of the target that has begun. Where a new contract version's zone lies further west than the old
// one's, a month ends before the next begins: in between, the month that is over is the last.
absl::StatusOr<Month> LastMonthAt(int64_t time_ms, const catalogue::Target& target);

// As reports show it: the label, fee years as "FY2026".
std::string LabelOf(const Period& period);

}  // namespace nines::report
