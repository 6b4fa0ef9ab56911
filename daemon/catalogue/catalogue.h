#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/interval.h"
#include "base/strong_id.h"
#include "daemon/sla/contract.h"
#include "daemon/sla/result.h"
#include "daemon/sla/terms.h"
#include "daemon/sla/timeline.h"
#include "storage/ledger/ledger.h"

namespace nines::catalogue {

struct Name {
  std::string zh;
  std::string en;
};

struct Check {
  CheckId id;
  ProviderId provider;  // whose collector sends the results
  TargetId target;      // may be empty
  sla::CheckRule rule;
};

// One input of a target: a check, another target, or a nested combination (which has inputs).
struct Input {
  CheckId check;
  TargetId target;
  sla::DownWhen down_when;
  std::vector<Input> inputs;
};

struct ContractVersion {
  ContractId id;    // empty: the built-in defaults
  FactId position;  // 0: the built-in defaults
  sla::Contract terms;
  int64_t from_ms = kTimeMinMs;  // it holds from here on, up to the next version
  std::optional<int64_t> monthly_fee_fen = std::nullopt;
};

struct Target {
  TargetId id;
  Name name;
  ProviderId provider;
  RegionId region;
  SystemId system;
  AgencyId agency;  // of the system
  std::string service;
  Input root;  // always a combination; without inputs of its own: every check that names the target, ordered by id
  int64_t weight = 1;
  Interval in_service = {kTimeMinMs, kTimeMaxMs};
  FactId position = {};  // of the fact
  // Never empty; the first holds from the beginning of time.
  std::vector<ContractVersion> contracts = {ContractVersion()};

  const ContractVersion& ContractAt(int64_t time_ms) const;
  // Borrows from `contracts`.
  std::vector<sla::Term> Terms() const;
};

// The supervised world as of one ledger position. Immutable; share it by pointer.
struct Catalogue {
  FactId position;
  std::map<ProviderId, Name> providers;
  std::map<AgencyId, Name> agencies;
  std::map<SystemId, Name> systems;
  std::map<TargetId, Target> targets;
  std::map<CheckId, Check> checks;
  // Targets whose timeline a check's results can change, other targets that use those included.
  std::map<CheckId, std::set<TargetId>> targets_of_check;
  // Every target before those that use it as an input.
  std::vector<TargetId> in_order_of_use;

  // Does a declaration or maintenance of this scope concern the target? `provider` is whose stream brought it: it
  // speaks for its own targets alone; empty = a person, who speaks for all.
  static bool Covers(const ledger::Scope& scope, const ProviderId& provider, const Target& target);
};

// From the catalogue facts in force. Facts were checked when they were recorded, so an error means a broken ledger.
absl::StatusOr<std::shared_ptr<const Catalogue>> BuildCatalogue(const ledger::Ledger& ledger);
// As it was when the ledger's last position was `as_of`.
absl::StatusOr<std::shared_ptr<const Catalogue>> BuildCatalogue(const ledger::Ledger& ledger, FactId as_of);

}  // namespace nines::catalogue
