#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/interval.h"
#include "daemon/report/evidence.h"
#include "daemon/report/observation.h"
#include "daemon/sla/account.h"
#include "daemon/sla/state.h"
#include "storage/series/store.h"

// Why the time of one target counts as it does (SLA.md sections 5 to 7).
namespace nines::report {

enum class StepKind : uint8_t {
  kTotal,  // what is left after the steps before it
  kTaken,  // does not count, and is taken away from the total before it
  kPart,   // a part of the total before it; the parts add up to it
  kNote,   // looked at, and without an effect: maintenance that is not excluded
};

struct Step {
  StepKind kind = StepKind::kTotal;
  // What decided, in SLA.md's words: "period", "not over yet", "not in service", "outside service hours", "ruling",
  // "maintenance", "scheduled", "observed", "declared", "observed and declared", "no result", "good", …
  std::string rule;
  std::optional<sla::State> state;  // of a part
  int64_t ms = 0;
  std::string fact_name;  // "changes/CHG-7"; empty where no one fact decided
  FactId fact;            // its position; 0 likewise
};

// From the period's length to scheduled time, to its states, to good, bad and unknown time, and to what is counted
// after the no_data policy. The sums are exact. `observation` covers the accounted time, which is assessment.period.
std::vector<Step> StepsOf(const Plan& plan, const Recorded& recorded, const Observation& observation, Interval period,
                          const sla::Assessment& assessment);

// One instant.
struct InstantExplanation {
  int64_t time_ms = 0;
  sla::State state = sla::State::kUnknown;
  sla::State observed = sla::State::kUnknown;
  sla::State declared = sla::State::kUp;
  std::string reason;  // as Step::rule
  std::vector<CheckEvidence> checks;
  std::vector<FactEvidence> facts;  // that concern the instant; what decided is the first
  FactId ledger_position;           // all facts up to here were taken into account
};

// `observation` covers the instant, which is before now. Errors are the store's.
absl::StatusOr<InstantExplanation> ExplainInstant(const series::Store& store, const Plan& plan,
                                                  const Recorded& recorded, const Observation& observation,
                                                  int64_t time_ms, int64_t now_ms);

}  // namespace nines::report
