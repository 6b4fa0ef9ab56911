#include "daemon/report/period.h"

#include "base/check.h"
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

}  // namespace nines::report
