#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "base/interval.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/seal/changes_text.h"
#include "storage/ledger/ledger.h"

namespace nines::sealing {

// The facts that were recorded between two positions of a ledger, and which targets and periods they concern: as they
// are, or as what they replaced was. The ledger must outlive it. Thread-compatible.
class Causes {
 public:
  // Facts with after < position ≤ to. Errors: a broken ledger.
  static absl::StatusOr<Causes> Between(const ledger::Ledger& ledger, FactId after, FactId to);

  struct OfTarget {
    std::vector<seal::Cause> causes;  // in the order of the ledger
    bool observing = false;           // one of them changes what is observed, and how: a target, a check, a contract
  };
  OfTarget Of(const TargetId& target, Interval period) const;

 private:
  explicit Causes(const ledger::Ledger& ledger) : ledger_(ledger) {}

  const ledger::Ledger& ledger_;
  std::shared_ptr<const catalogue::Catalogue> before_;
  std::shared_ptr<const catalogue::Catalogue> now_;
  std::vector<std::shared_ptr<const ledger::Fact>> facts_;
};

}  // namespace nines::sealing
