#include "daemon/sla/contract.h"

#include <array>

#include "absl/time/time.h"
#include "base/interval.h"
#include "base/text.h"

namespace nines::sla {
namespace {

constexpr int64_t kAllPpm = 1'000'000;

absl::Status CheckRange(std::string_view field, int64_t value, int64_t max) {
  if (value >= 0 && value <= max) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(field, ": ", value, " is not between 0 and ", max));
}

}  // namespace

std::string_view DegradedCountsAsName(DegradedCountsAs value) { return value == DegradedCountsAs::kUp ? "up" : "down"; }

std::optional<DegradedCountsAs> ParseDegradedCountsAs(std::string_view name) {
  if (name == "up") return DegradedCountsAs::kUp;
  if (name == "down") return DegradedCountsAs::kDown;
  return std::nullopt;
}

std::string_view NoDataName(NoData value) {
  constexpr std::array<std::string_view, 3> kNames = {"exclude", "down", "up"};
  return kNames[static_cast<size_t>(value)];
}

std::optional<NoData> ParseNoData(std::string_view name) {
  for (NoData value : {NoData::kExclude, NoData::kDown, NoData::kUp}) {
    if (NoDataName(value) == name) return value;
  }
  return std::nullopt;
}

absl::Status Validate(const Contract& contract) {
  absl::Status status = CheckRange("objective_ppm", contract.objective_ppm, kAllPpm);
  status.Update(CheckRange("min_coverage_ppm", contract.min_coverage_ppm, kAllPpm));
  status.Update(CheckRange("min_outage_ms", contract.min_outage_ms, kTimeMaxMs));
  for (const CreditTier& tier : contract.credits) {
    status.Update(CheckRange("credits.below_ppm", tier.below_ppm, kAllPpm));
    status.Update(CheckRange("credits.credit_ppm", tier.credit_ppm, kAllPpm));
  }
  if (contract.service_hours.has_value()) status.Update(ValidateHours(*contract.service_hours));
  status.Update(CheckRange("maintenance.notice_ms", contract.maintenance.notice_ms, kTimeMaxMs));
  status.Update(
      CheckRange("maintenance.cap_ms_per_month", contract.maintenance.cap_ms_per_month.value_or(0), kTimeMaxMs));
  absl::TimeZone zone;
  // "localtime" would make an account depend on the machine that computes it.
  if (contract.time_zone.empty() || contract.time_zone == "localtime" ||
      !absl::LoadTimeZone(contract.time_zone, &zone)) {
    status.Update(absl::InvalidArgumentError(
        StrCat("time_zone: '", contract.time_zone, "' is not known; write an IANA name such as Asia/Shanghai")));
  }
  return status;
}

}  // namespace nines::sla
