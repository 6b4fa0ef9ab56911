#pragma once

#include "absl/status/status.h"
#include "daemon/report/report.h"
#include "nines/v1/report.pb.h"

namespace nines::rpc {

// ReportService without its transport. Thread-safe.
class ReportHandler {
 public:
  explicit ReportHandler(const report::Reporter& reporter) : reporter_(reporter) {}

  absl::Status GetReport(const v1::GetReportRequest& request, v1::GetReportResponse* response);
  absl::Status ExplainAccount(const v1::ExplainAccountRequest& request, v1::ExplainAccountResponse* response);
  absl::Status ExplainInstant(const v1::ExplainInstantRequest& request, v1::ExplainInstantResponse* response);

 private:
  const report::Reporter& reporter_;
};

}  // namespace nines::rpc
