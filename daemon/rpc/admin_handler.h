#pragma once

#include "absl/status/status.h"
#include "daemon/sealing/sealer.h"
#include "nines/v1/admin.pb.h"
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::rpc {

// AdminService without its transport. Thread-safe.
class AdminHandler {
 public:
  AdminHandler(const rocks::Database& database, series::Store& store, const ledger::Ledger& ledger,
               const sealing::Sealer& sealer)
      : database_(database), store_(store), ledger_(ledger), sealer_(sealer) {}

  absl::Status Backup(const v1::BackupRequest& request, v1::BackupResponse* response);
  absl::Status VerifyStorage(const v1::VerifyStorageRequest& request, v1::VerifyStorageResponse* response);
  absl::Status GetVersion(const v1::GetVersionRequest& request, v1::GetVersionResponse* response);

 private:
  const rocks::Database& database_;
  series::Store& store_;
  const ledger::Ledger& ledger_;
  const sealing::Sealer& sealer_;
};

}  // namespace nines::rpc
