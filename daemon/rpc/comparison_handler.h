#pragma once

#include "absl/status/status.h"
#include "daemon/report/report.h"
#include "nines/v1/comparison.pb.h"

namespace nines::rpc {

// ComparisonService without its transport. Thread-safe.
class ComparisonHandler {
 public:
  explicit ComparisonHandler(const report::Reporter& reporter) : reporter_(reporter) {}

  absl::Status CompareDeclarations(const v1::CompareDeclarationsRequest& request,
                                   v1::CompareDeclarationsResponse* response);

 private:
  const report::Reporter& reporter_;
};

}  // namespace nines::rpc
