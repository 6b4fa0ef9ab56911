#include "daemon/rpc/report_handler.h"

#include "base/check.h"
#include "base/status_macros.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/render.h"
#include "daemon/rpc/request.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

absl::StatusOr<report::Period> PeriodOf(const v1::GetReportRequest& request) {
  using report::PeriodKind;
  switch (request.period_case()) {
    case v1::GetReportRequest::kMonth:
      return report::Period{PeriodKind::kMonth, request.month(), {}};
    case v1::GetReportRequest::kQuarter:
      return report::Period{PeriodKind::kQuarter, request.quarter(), {}};
    case v1::GetReportRequest::kYear:
      return report::Period{PeriodKind::kYear, request.year(), {}};
    case v1::GetReportRequest::kFeeYear:
      return report::Period{PeriodKind::kFeeYear, request.fee_year(), {}};
    case v1::GetReportRequest::kSpan: {
      if (!request.span().has_start_time() || !request.span().has_end_time()) {
        return absl::InvalidArgumentError("span needs both start_time and end_time");
      }
      NINES_ASSIGN_OR_RETURN(const Interval span, SpanOf(request.span(), {}));
      return report::Period{PeriodKind::kSpan, "", span};
    }
    case v1::GetReportRequest::PERIOD_NOT_SET:
      return absl::InvalidArgumentError("the period is missing; give one of month, quarter, year, fee_year, span");
  }
  NINES_CHECK(false);
}

}  // namespace

absl::Status ReportHandler::GetReport(const v1::GetReportRequest& request, v1::GetReportResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 200, 1000));
  NINES_ASSIGN_OR_RETURN(const std::string first, ReadPageToken("report", request.page_token()));
  NINES_ASSIGN_OR_RETURN(const report::Period period, PeriodOf(request));
  NINES_ASSIGN_OR_RETURN(const report::Report report, reporter_.Build(period, FilterOf(request), first, page_size));
  for (const report::TargetReport& target : report.targets) {
    *response->add_targets() = ToProto(target, report.period_label);
  }
  if (!report.next_target.empty()) response->set_next_page_token(PageToken("report", report.next_target));
  response->set_ledger_position(report.ledger_position.value());
  *response->mutable_pooled() = ToProto(report);
  *response->mutable_generated_time() = wire::FromMs(report.generated_ms);
  response->set_total_size(static_cast<int32_t>(report.total));
  return absl::OkStatus();
}

}  // namespace nines::rpc
