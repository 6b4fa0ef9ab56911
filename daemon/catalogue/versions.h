#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/catalogue/catalogue.h"
#include "storage/ledger/ledger.h"

namespace nines::catalogue {

// Which contract holds for which month of a target (SLA.md section 6a), from all that was ever recorded of contracts
// and targets. A version holds from its effective_from on, else from the first month of its zone that begins when it is
// recorded or later; of two that hold from the same month on the one recorded last. What was recorded in the first
// month of all holds for the time before, too: nothing else is known of it.
class Versions {
 public:
  // The facts up to `last`. DataLoss names the fact that makes no sense.
  static absl::StatusOr<Versions> In(const ledger::Ledger& ledger, FactId last);

  // At least one; the first holds from the beginning of time.
  std::vector<ContractVersion> Of(const std::string& target) const;

 private:
  struct Assignment {
    std::string contract;
    std::optional<int64_t> monthly_fee_fen;
    int64_t recorded_ms = 0;
    std::optional<std::string> effective_from;
  };
  struct Recorded {
    FactId position;
    sla::Contract terms;
    int64_t recorded_ms = 0;
    std::optional<std::string> effective_from;
  };

  absl::Status Add(const ledger::Fact& fact);
  const std::string& ZoneOf(const std::string& contract) const;

  std::map<std::string, std::vector<Recorded>> contracts_;  // by id, in the order of recording
  std::map<std::string, std::vector<Assignment>> targets_;
};

}  // namespace nines::catalogue
