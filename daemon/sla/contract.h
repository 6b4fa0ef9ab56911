#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "daemon/sla/declared.h"
#include "daemon/sla/service_hours.h"

// The rules under which time is accounted (SLA.md sections 4 to 7).
namespace nines::sla {

enum class DegradedCountsAs : uint8_t { kUp, kDown };
enum class NoData : uint8_t { kExclude, kDown, kUp };

// Below this availability the provider credits that share of the month's fee.
struct CreditTier {
  int64_t below_ppm = 0;
  int64_t credit_ppm = 0;

  friend bool operator==(const CreditTier&, const CreditTier&) = default;
};

// When planned maintenance does not count.
struct MaintenanceTerms {
  bool excluded = true;
  int64_t notice_ms = 172'800'000;                         // announced at least so long before its start
  std::optional<int64_t> cap_ms_per_month = std::nullopt;  // per calendar month of the zone; absent: no cap

  friend bool operator==(const MaintenanceTerms&, const MaintenanceTerms&) = default;
};

struct Contract {
  int64_t objective_ppm = 999'000;
  std::string time_zone = "Asia/Shanghai";  // IANA name
  Basis basis = Basis::kObserved;
  DegradedCountsAs degraded_counts_as = DegradedCountsAs::kUp;
  NoData no_data = NoData::kExclude;
  int64_t min_coverage_ppm = 900'000;
  int64_t min_outage_ms = 0;
  std::vector<CreditTier> credits;                           // in any order
  std::optional<ServiceHours> service_hours = std::nullopt;  // absent: always open
  MaintenanceTerms maintenance = {};

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
