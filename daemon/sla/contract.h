#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/sla/declared.h"

// The rules under which time is accounted (SLA.md sections 4, 5 and 7).
namespace nines::sla {

enum class DegradedCountsAs : uint8_t { kUp, kDown };
enum class NoData : uint8_t { kExclude, kDown, kUp };

// Below this availability the provider credits that share of the month's fee.
struct CreditTier {
  int64_t below_ppm = 0;
  int64_t credit_ppm = 0;

  friend bool operator==(const CreditTier&, const CreditTier&) = default;
};

struct Contract {
  int64_t objective_ppm = 999'000;
  std::string time_zone = "Asia/Shanghai";  // IANA name
  Basis basis = Basis::kObserved;
  DegradedCountsAs degraded_counts_as = DegradedCountsAs::kUp;
  NoData no_data = NoData::kExclude;
  int64_t min_coverage_ppm = 900'000;
  int64_t min_outage_ms = 0;
  std::vector<CreditTier> credits;  // in any order

  friend bool operator==(const Contract&, const Contract&) = default;
};

// "up", "down".
std::string_view DegradedCountsAsName(DegradedCountsAs value);
std::optional<DegradedCountsAs> ParseDegradedCountsAs(std::string_view name);

// "exclude", "down", "up".
std::string_view NoDataName(NoData value);
std::optional<NoData> ParseNoData(std::string_view name);

// INVALID_ARGUMENT naming the first field that is out of its range, or a zone that is not known.
absl::Status Validate(const Contract& contract);

}  // namespace nines::sla
