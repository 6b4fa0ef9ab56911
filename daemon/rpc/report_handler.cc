#include "daemon/rpc/report_handler.h"

#include "base/check.h"
#include "base/status_macros.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/render.h"
#include "daemon/rpc/request.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

template <typename Request>
absl::StatusOr<report::Period> PeriodOf(const Request& request) {
  using report::PeriodKind;
  switch (request.period_case()) {
    case Request::kMonth:
      return report::Period{PeriodKind::kMonth, request.month(), {}};
    case Request::kQuarter:
      return report::Period{PeriodKind::kQuarter, request.quarter(), {}};
    case Request::kYear:
      return report::Period{PeriodKind::kYear, request.year(), {}};
    case Request::kFeeYear:
      return report::Period{PeriodKind::kFeeYear, request.fee_year(), {}};
    case Request::kSpan: {
      if (!request.span().has_start_time() || !request.span().has_end_time()) {
        return absl::InvalidArgumentError("span needs both start_time and end_time");
      }
      NINES_ASSIGN_OR_RETURN(const Interval span, SpanOf(request.span(), {}));
      return report::Period{PeriodKind::kSpan, "", span};
    }
    case Request::PERIOD_NOT_SET:
      return absl::InvalidArgumentError("the period is missing; give one of month, quarter, year, fee_year, span");
  }
  NINES_CHECK(false);
}

absl::StatusOr<report::GroupBy> GroupByOf(v1::GroupBy group_by) {
  switch (group_by) {
    case v1::GROUP_BY_UNSPECIFIED:
      return report::GroupBy::kNothing;
    case v1::GROUP_BY_PROVIDER:
      return report::GroupBy::kProvider;
    case v1::GROUP_BY_REGION:
      return report::GroupBy::kRegion;
    case v1::GROUP_BY_AGENCY:
      return report::GroupBy::kAgency;
    case v1::GROUP_BY_SERVICE:
      return report::GroupBy::kService;
    default:
      return absl::InvalidArgumentError("group_by is not one of GROUP_BY_PROVIDER, _REGION, _AGENCY, _SERVICE");
  }
}

}  // namespace

absl::Status ReportHandler::GetReport(const v1::GetReportRequest& request, v1::GetReportResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 200, 1000));
  NINES_ASSIGN_OR_RETURN(const std::string first, ReadPageToken("report", request.page_token()));
  NINES_ASSIGN_OR_RETURN(const report::Period period, PeriodOf(request));
  NINES_ASSIGN_OR_RETURN(const report::GroupBy group_by, GroupByOf(request.group_by()));
  NINES_ASSIGN_OR_RETURN(const report::AsOf as_of, AsOfOf(request.as_of()));
  NINES_ASSIGN_OR_RETURN(const report::Report report,
                         reporter_.Build(period, FilterOf(request), first, page_size, {group_by, as_of}));
  for (const report::TargetReport& target : report.targets) {
    *response->add_targets() = ToProto(target, report.period_label);
  }
  if (!report.next_target.empty()) response->set_next_page_token(PageToken("report", report.next_target));
  response->set_ledger_position(report.ledger_position.value());
  *response->mutable_pooled() = ToProto(report.pooled, report.worst);
  if (first.empty()) {
    for (const report::Group& group : report.groups) *response->add_groups() = ToProto(group);
  }
  *response->mutable_generated_time() = wire::FromMs(report.generated_ms);
  response->set_total_size(static_cast<int32_t>(report.total));
  return absl::OkStatus();
}

absl::Status ReportHandler::ExplainAccount(const v1::ExplainAccountRequest& request,
                                           v1::ExplainAccountResponse* response) {
  NINES_ASSIGN_OR_RETURN(const report::Period period, PeriodOf(request));
  NINES_ASSIGN_OR_RETURN(const report::AccountExplanation explained,
                         reporter_.Explain(period, TargetId(request.target_id())));
  *response = ToProto(explained);
  response->set_target_id(request.target_id());
  return absl::OkStatus();
}

absl::Status ReportHandler::ExplainInstant(const v1::ExplainInstantRequest& request,
                                           v1::ExplainInstantResponse* response) {
  if (!request.has_time()) return absl::InvalidArgumentError("time is missing; give the instant to explain");
  NINES_ASSIGN_OR_RETURN(const int64_t time_ms, TimeMs(request.time(), "time"));
  NINES_ASSIGN_OR_RETURN(const report::InstantExplanation explained,
                         reporter_.ExplainAt(time_ms, TargetId(request.target_id())));
  *response = ToProto(explained);
  response->set_target_id(request.target_id());
  return absl::OkStatus();
}

}  // namespace nines::rpc
