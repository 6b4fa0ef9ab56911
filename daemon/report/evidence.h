#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/strong_id.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/report/observation.h"
#include "daemon/sla/exclusion.h"
#include "daemon/sla/result.h"
#include "storage/series/store.h"

// The results and facts that put an instant into its state.
namespace nines::report {

struct CheckEvidence {
  CheckId check;
  ProviderId provider;
  sla::State state = sla::State::kUnknown;
  std::optional<sla::Result> result;  // the last one up to the instant
};

struct FactEvidence {
  std::string kind;  // "declaration", "maintenance", "ruling", "contract", "target"
  std::string name;
  FactId fact;
  std::string says;  // "down", "excluded", "not excluded: announced late"
};

// What a check said at an instant, which is at or before now. Errors are the store's.
absl::StatusOr<CheckEvidence> EvidenceOf(const series::Store& store, const catalogue::Check& check, int64_t time_ms,
                                         int64_t now_ms);

// The fact behind a decision of section 6 of SLA.md at an instant; `says` is the state that it decided on.
FactEvidence EvidenceOf(const sla::Override& decided, const Plan& plan, const Recorded& recorded, int64_t time_ms);

}  // namespace nines::report
