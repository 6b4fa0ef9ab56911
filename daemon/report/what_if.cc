#include "daemon/report/what_if.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "daemon/sla/period.h"

namespace nines::report {
namespace {

// The start, in the zone of `contract`, of the month that `version` begins with in its own.
absl::StatusOr<int64_t> SameMonth(const catalogue::ContractVersion& version,
                                  const catalogue::ContractVersion& contract) {
  if (version.from_ms == kTimeMinMs) return kTimeMinMs;
  NINES_ASSIGN_OR_RETURN(const std::string month,
                         sla::PeriodNameAt(sla::PeriodKind::kMonth, version.from_ms, version.terms.time_zone));
  NINES_ASSIGN_OR_RETURN(const Interval interval, sla::MonthOf(month, contract.terms.time_zone));
  return interval.start_ms;
}

// One version for each fee.
absl::StatusOr<std::vector<catalogue::ContractVersion>> WithFeesOf(
    const std::vector<catalogue::ContractVersion>& versions, const catalogue::ContractVersion& contract) {
  std::vector<catalogue::ContractVersion> fees;
  for (const catalogue::ContractVersion& version : versions) {
    if (!fees.empty() && fees.back().monthly_fee_fen == version.monthly_fee_fen) continue;
    catalogue::ContractVersion next = contract;
    NINES_ASSIGN_OR_RETURN(next.from_ms, SameMonth(version, contract));
    next.monthly_fee_fen = version.monthly_fee_fen;
    if (!fees.empty() && fees.back().from_ms == next.from_ms) fees.pop_back();
    fees.push_back(std::move(next));
  }
  return fees;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const catalogue::Catalogue>> Under(const catalogue::ContractVersion& contract,
                                                                  const Filter& filter,
                                                                  const catalogue::Catalogue& catalogue) {
  auto under = std::make_shared<catalogue::Catalogue>(catalogue);
  for (auto& [id, target] : under->targets) {
    if (!Matches(filter, target)) continue;
    NINES_ASSIGN_OR_RETURN(target.contracts, WithFeesOf(target.contracts, contract));
  }
  return under;
}

}  // namespace nines::report
