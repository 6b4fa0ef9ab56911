#pragma once

#include "absl/status/status.h"
#include "nines/v1/admin.pb.h"
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"

namespace nines::rpc {

// AdminService without its transport. Thread-safe.
class AdminHandler {
 public:
  AdminHandler(rocks::Database& database, const ledger::Ledger& ledger) : database_(database), ledger_(ledger) {}

  absl::Status Backup(const v1::BackupRequest& request, v1::BackupResponse* response);
  absl::Status GetVersion(const v1::GetVersionRequest& request, v1::GetVersionResponse* response);

 private:
  rocks::Database& database_;
  const ledger::Ledger& ledger_;
};

}  // namespace nines::rpc
