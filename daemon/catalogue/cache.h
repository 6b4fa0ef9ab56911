#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "daemon/catalogue/catalogue.h"
#include "storage/ledger/ledger.h"

namespace nines::catalogue {

// The catalogue in force, built anew only when the ledger holds newer catalogue facts. Thread-safe.
class Cache {
 public:
  explicit Cache(const ledger::Ledger& ledger) : ledger_(ledger) {}

  absl::StatusOr<std::shared_ptr<const Catalogue>> Get();

 private:
  const ledger::Ledger& ledger_;
  Mutex mutex_;
  FactId seen_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const Catalogue> catalogue_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::catalogue
