#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/catalogue/cache.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/sla/declared.h"
#include "storage/ledger/ledger.h"

// What the ledger says about the supervised world at one position.
namespace nines::report {

// The declarations that count: in force, not withdrawn, with an impact. Immutable.
class Declarations {
 public:
  static Declarations In(const ledger::Ledger& ledger);

  // Those that cover the target, in the order of their positions.
  std::vector<sla::DeclaredSpan> Of(const catalogue::Target& target) const;

 private:
  using Key = std::pair<ledger::ScopeKind, std::string>;
  std::map<Key, std::vector<std::shared_ptr<const ledger::Fact>>> by_scope_;
};

struct World {
  std::shared_ptr<const catalogue::Catalogue> catalogue;
  Declarations declarations;
  FactId position;  // all facts up to here are in it
};

// As of the ledger's last position. An error means a broken ledger.
absl::StatusOr<World> ReadWorld(const ledger::Ledger& ledger, catalogue::Cache& cache);

}  // namespace nines::report
