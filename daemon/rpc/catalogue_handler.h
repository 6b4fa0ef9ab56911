#pragma once

#include "absl/status/status.h"
#include "base/mutex.h"
#include "daemon/catalogue/apply.h"
#include "daemon/ingest/ingest.h"
#include "nines/v1/catalogue.pb.h"
#include "storage/ledger/ledger.h"

namespace nines::rpc {

// CatalogueService without its transport. Thread-safe.
class CatalogueHandler {
 public:
  CatalogueHandler(const ledger::Ledger& ledger, ingest::Ingest& ingest) : ledger_(ledger), ingest_(ingest) {}

  absl::Status DiffCatalogue(const v1::DiffCatalogueRequest& request, v1::DiffCatalogueResponse* response);
  absl::Status ApplyCatalogue(const v1::ApplyCatalogueRequest& request, v1::ApplyCatalogueResponse* response);
  absl::Status ListEntries(const v1::ListEntriesRequest& request, v1::ListEntriesResponse* response);

 private:
  const ledger::Ledger& ledger_;
  ingest::Ingest& ingest_;
  // Two files applied at once are checked one after the other, the second against what the first recorded.
  Mutex applying_;
};

}  // namespace nines::rpc
