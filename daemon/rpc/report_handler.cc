#include "daemon/rpc/report_handler.h"

#include "base/status_macros.h"
#include "daemon/catalogue/contract_file.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/render.h"
#include "daemon/rpc/request.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

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

// For messages about the file.
std::string NameOf(const v1::CatalogueFile& file) { return file.name().empty() ? "what_if" : file.name(); }

}  // namespace

absl::Status ReportHandler::GetReport(const v1::GetReportRequest& request, v1::GetReportResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 200, 1000));
  NINES_ASSIGN_OR_RETURN(const std::string first, ReadPageToken("report", request.page_token()));
  NINES_ASSIGN_OR_RETURN(const report::Period period, PeriodOf(request));
  report::ReportOptions options;
  NINES_ASSIGN_OR_RETURN(options.group_by, GroupByOf(request.group_by()));
  NINES_ASSIGN_OR_RETURN(options.as_of, AsOfOf(request.as_of()));
  if (request.has_what_if()) {
    NINES_ASSIGN_OR_RETURN(options.what_if,
                           catalogue::ReadContractFile({NameOf(request.what_if()), request.what_if().content()}));
    *response->mutable_hypothetical() = ToProto(*options.what_if, request.what_if());
  }
  NINES_ASSIGN_OR_RETURN(const report::Report report,
                         reporter_.Build(period, FilterOf(request), first, page_size, options));
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
