#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/catalogue/cache.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/sla/declared.h"
#include "daemon/sla/exclusion.h"
#include "storage/ledger/ledger.h"

// What the ledger says about the supervised world at one position.
namespace nines::report {

// Facts by what they are about. Immutable once filled.
class ScopedFacts {
 public:
  void Add(const ledger::Scope& scope, std::shared_ptr<const ledger::Fact> fact);
  // Those that concern the target, in the order of their positions.
  std::vector<const ledger::Fact*> Of(const catalogue::Target& target) const;

 private:
  struct Scoped {
    ledger::Scope scope;
    std::shared_ptr<const ledger::Fact> fact;
  };
  std::map<std::pair<ledger::ScopeKind, std::string>, std::vector<Scoped>> by_scope_;
};

// A declaration that counts, as SLA.md takes it.
sla::DeclaredSpan SpanOf(const ledger::Fact& declaration);

// The declarations that count: in force, not withdrawn, with an impact. Immutable.
class Declarations {
 public:
  static Declarations In(const ledger::Ledger& ledger);
  static Declarations In(const ledger::Ledger& ledger, FactId as_of);

  // Those that cover the target, in the order of their positions.
  std::vector<sla::DeclaredSpan> Of(const catalogue::Target& target) const;
  std::vector<const ledger::Fact*> FactsOf(const catalogue::Target& target) const { return facts_.Of(target); }

 private:
  ScopedFacts facts_;
};

// The rulings and maintenance windows in force. Immutable.
class ExclusionFacts {
 public:
  static ExclusionFacts In(const ledger::Ledger& ledger);
  static ExclusionFacts In(const ledger::Ledger& ledger, FactId as_of);

  // What SLA.md section 6 asks for about the target. A revoked ruling is left out.
  sla::Exclusions Of(const catalogue::Target& target) const;

 private:
  ScopedFacts rulings_;
  ScopedFacts maintenance_;
};

struct World {
  std::shared_ptr<const catalogue::Catalogue> catalogue;
  Declarations declarations;
  ExclusionFacts exclusions;
  FactId position;  // all facts up to here are in it
};

// As of the ledger's last position. An error means a broken ledger.
absl::StatusOr<World> ReadWorld(const ledger::Ledger& ledger, catalogue::Cache& cache);
// As of an earlier position.
absl::StatusOr<World> ReadWorldAt(const ledger::Ledger& ledger, FactId as_of);

}  // namespace nines::report
