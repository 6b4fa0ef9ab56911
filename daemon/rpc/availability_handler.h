#pragma once

#include "absl/status/status.h"
#include "daemon/live/live.h"
#include "daemon/report/report.h"
#include "nines/v1/availability.pb.h"

namespace nines::rpc {

// AvailabilityService without its transport. Thread-safe.
class AvailabilityHandler {
 public:
  AvailabilityHandler(live::Live& live, const report::Reporter& reporter) : live_(live), reporter_(reporter) {}

  absl::Status ListTargets(const v1::ListTargetsRequest& request, v1::ListTargetsResponse* response);
  absl::Status ListOutages(const v1::ListOutagesRequest& request, v1::ListOutagesResponse* response);

 private:
  live::Live& live_;
  const report::Reporter& reporter_;
};

}  // namespace nines::rpc
