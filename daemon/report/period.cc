#include "daemon/report/period.h"

#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "daemon/sla/period.h"

namespace nines::report {

std::string LabelOf(const Period& period) {
  if (period.kind == PeriodKind::kSpan) return "";
  const bool short_fee_year = period.kind == PeriodKind::kFeeYear && !period.label.starts_with("FY");
  return short_fee_year ? StrCat("FY", period.label) : period.label;
}

absl::StatusOr<Interval> IntervalOf(const Period& period, std::string_view zone) {
  switch (period.kind) {
    case PeriodKind::kMonth:
      return sla::MonthOf(period.label, zone);
    case PeriodKind::kQuarter:
      return sla::QuarterOf(period.label, zone);
    case PeriodKind::kYear:
      return sla::YearOf(period.label, zone);
    case PeriodKind::kFeeYear:
      return sla::FeeYearOf(LabelOf(period), zone);
    case PeriodKind::kSpan:
      if (period.span.empty()) {
        return absl::InvalidArgumentError("the span ends at or before its start; give an end_time after start_time");
      }
      return period.span;
  }
  NINES_CHECK(false);
}

absl::StatusOr<Interval> IntervalOf(const Period& period, const catalogue::Target& target) {
  const std::string& newest = target.contracts.back().terms.time_zone;
  NINES_ASSIGN_OR_RETURN(const Interval interval, IntervalOf(period, newest));
  const std::string& zone = target.ContractAt(interval.end_ms - 1).terms.time_zone;
  return zone == newest ? interval : IntervalOf(period, zone);
}

absl::StatusOr<Month> LastMonthAt(int64_t time_ms, const catalogue::Target& target) {
  // Far more than zones differ by, and less than a month.
  constexpr int64_t kAMonthBeforeMs = 5 * 86'400'000LL;
  const std::string& zone = target.ContractAt(time_ms).terms.time_zone;
  Month month;
  for (int64_t inside_ms = time_ms;;) {
    NINES_ASSIGN_OR_RETURN(month.label, sla::PeriodNameAt(sla::PeriodKind::kMonth, inside_ms, zone));
    NINES_ASSIGN_OR_RETURN(month.interval, IntervalOf({PeriodKind::kMonth, month.label, {}}, target));
    if (month.interval.start_ms <= time_ms) return month;
    inside_ms = month.interval.start_ms - kAMonthBeforeMs;
  }
}

}  // namespace nines::report
