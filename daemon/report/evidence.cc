#include "daemon/report/evidence.h"

#include <vector>

#include "base/status_macros.h"
#include "daemon/report/results.h"

namespace nines::report {

absl::StatusOr<CheckEvidence> EvidenceOf(const series::Store& store, const catalogue::Check& check, int64_t time_ms,
                                         int64_t now_ms) {
  const Interval instant = {time_ms, time_ms + 1};
  NINES_ASSIGN_OR_RETURN(const std::vector<sla::Result> results, LoadResults(store, check, instant, now_ms));
  sla::RunBuilder runs(check.rule);
  CheckEvidence evidence{check.id, check.provider, sla::State::kUnknown, std::nullopt};
  for (const sla::Result& result : results) {
    runs.Add(result);
    if (result.time_ms <= time_ms) evidence.result = result;
  }
  const sla::Timeline timeline = sla::CheckTimeline(runs.runs(), check.rule, instant, now_ms);
  if (!timeline.empty()) evidence.state = timeline.front().state;
  return evidence;
}

FactEvidence EvidenceOf(const sla::Override& decided, const Plan& plan, const Recorded& recorded, int64_t time_ms) {
  const catalogue::Target& target = *plan.steps.back().target;
  const sla::Exclusions& exclusions = recorded.exclusions.back();
  const std::string says(sla::StateName(decided.state));
  switch (decided.reason) {
    case sla::ExclusionReason::kNotInService:
      return {"target", target.id.value(), target.position, says};
    case sla::ExclusionReason::kOutsideServiceHours: {
      const catalogue::ContractVersion& contract = target.ContractAt(time_ms);
      return {"contract", contract.id.value(), contract.position, says};
    }
    case sla::ExclusionReason::kRuling: {
      const sla::Ruling& ruling = exclusions.rulings[decided.index];
      return {"ruling", ruling.id, ruling.fact, says};
    }
    case sla::ExclusionReason::kMaintenance: {
      const sla::MaintenanceWindow& window = exclusions.maintenance[decided.index];
      return {"maintenance", window.id, window.fact, says};
    }
  }
  return {};
}

}  // namespace nines::report
