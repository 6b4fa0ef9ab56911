#pragma once

#include <functional>

#include "absl/status/status.h"
#include "daemon/sealing/sealer.h"
#include "nines/v1/seal.pb.h"

namespace nines::rpc {

// SealService without its transport. Thread-safe.
class SealHandler {
 public:
  explicit SealHandler(sealing::Sealer& sealer) : sealer_(sealer) {}

  absl::Status SealPeriod(const v1::SealPeriodRequest& request, v1::SealPeriodResponse* response);
  absl::Status ListSeals(const v1::ListSealsRequest& request, v1::ListSealsResponse* response);
  absl::Status GetSealedReport(const v1::GetSealedReportRequest& request, v1::GetSealedReportResponse* response);
  absl::Status GetSealKey(const v1::GetSealKeyRequest& request, v1::GetSealKeyResponse* response);
  // `write` gets the pieces in order, until it returns false.
  absl::Status ExportSeal(const v1::ExportSealRequest& request,
                          const std::function<bool(const v1::ExportSealResponse&)>& write);

 private:
  sealing::Sealer& sealer_;
};

}  // namespace nines::rpc
