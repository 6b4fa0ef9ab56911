#pragma once

#include "absl/status/status.h"
#include "daemon/catalogue/cache.h"
#include "daemon/ingest/ingest.h"
#include "nines/v1/fact.pb.h"
#include "storage/ledger/ledger.h"

namespace nines::rpc {

// LedgerService without its transport. Thread-safe.
class LedgerHandler {
 public:
  LedgerHandler(const ledger::Ledger& ledger, catalogue::Cache& catalogue, ingest::Ingest& ingest)
      : ledger_(ledger), catalogue_(catalogue), ingest_(ingest) {}

  absl::Status RecordDeclaration(const v1::RecordDeclarationRequest& request, v1::RecordDeclarationResponse* response);
  absl::Status RecordMaintenance(const v1::RecordMaintenanceRequest& request, v1::RecordMaintenanceResponse* response);
  absl::Status RecordRuling(const v1::RecordRulingRequest& request, v1::RecordRulingResponse* response);
  absl::Status ListFacts(const v1::ListFactsRequest& request, v1::ListFactsResponse* response);

 private:
  template <typename Response>
  absl::Status Record(const std::string& author, ledger::FactBody body, Response* response);

  const ledger::Ledger& ledger_;
  catalogue::Cache& catalogue_;
  ingest::Ingest& ingest_;
};

}  // namespace nines::rpc
