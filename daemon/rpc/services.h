#pragma once

#include <grpcpp/server_builder.h>

#include <memory>

#include "base/clock.h"
#include "daemon/catalogue/cache.h"
#include "daemon/ingest/ingest.h"
#include "daemon/live/live.h"
#include "daemon/report/report.h"
#include "daemon/rpc/unary.h"
#include "daemon/sealing/sealer.h"
#include "storage/ledger/ledger.h"
#include "storage/series/store.h"

namespace nines::rpc {

// The services, each unary method written once and served both by gRPC and by the table of unary methods: Availability,
// Report, Comparison, Seal, Ledger, Catalogue, Query, Admin. Has to outlive the server it is registered with.
// Thread-safe.
class Services {
 public:
  struct Dependencies {
    const rocks::Database& database;
    series::Store& store;
    ledger::Ledger& ledger;
    catalogue::Cache& catalogue;
    ingest::Ingest& ingest;
    live::Live& live;
    report::Reporter& reporter;
    sealing::Sealer& sealer;
    const Clock& clock;
  };
  explicit Services(const Dependencies& dependencies);
  ~Services();

  void Register(grpc::ServerBuilder& builder);
  const UnaryMethods& unary() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::rpc
