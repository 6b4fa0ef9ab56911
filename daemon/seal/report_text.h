#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/seal/scope.h"

// A report as it is sealed: every number that it shows, as values of its own. What was sealed once reads the same for
// ever, whatever becomes of the calculus and its types. docs/sealing.md, "The report".
namespace nines::seal {

struct SealedOutage {
  int64_t start_ms = 0;  // of the whole span
  int64_t end_ms = 0;    // likewise; as far as was known then where it still lasted
  int64_t inside_ms = 0;
  bool open = false;
  std::string Words() const;
  bool FromWords(std::string_view words);
  friend bool operator==(const SealedOutage&, const SealedOutage&) = default;
};

// What a month of the period is credited.
struct SealedCredit {
  std::string month;                  // "2026-05"
  std::string verdict;                // of the month
  std::optional<int64_t> credit_ppm;  // of the fee; absent while undetermined
  std::optional<int64_t> fee_fen;
  std::optional<int64_t> credit_fen;  // absent where either is
  std::string Words() const;
  bool FromWords(std::string_view words);
  friend bool operator==(const SealedCredit&, const SealedCredit&) = default;
};

struct SealedTarget {
  std::string id;
  std::string name_zh;
  std::string name_en;
  std::string provider;
  std::string region;
  std::string agency;
  std::string system;
  int64_t weight = 1;
  int64_t period_start_ms = 0;
  int64_t period_end_ms = 0;
  std::string contract;  // empty: the built-in defaults
  uint64_t contract_position = 0;
  int64_t objective_ppm = 0;
  std::string time_zone;
  std::string basis;
  std::string degraded_counts_as;
  std::string no_data;
  int64_t min_coverage_ppm = 0;
  int64_t min_outage_ms = 0;
  int64_t up_ms = 0;
  int64_t degraded_ms = 0;
  int64_t down_ms = 0;
  int64_t unknown_ms = 0;
  int64_t excluded_ms = 0;
  int64_t good_ms = 0;
  int64_t bad_ms = 0;
  int64_t coverage_ppm = 0;
  std::optional<std::string> availability_percent;
  std::optional<std::string> lower_percent;
  std::optional<std::string> upper_percent;
  std::string verdict;
  int64_t budget_ms = 0;
  int64_t spent_ms = 0;
  int64_t left_ms = 0;
  int64_t longest_outage_ms = 0;
  std::optional<int64_t> mttr_ms;
  std::optional<int64_t> mtbf_ms;
  int64_t observed_not_declared_ms = 0;
  int64_t declared_not_observed_ms = 0;
  std::vector<SealedOutage> outages;
  std::vector<SealedCredit> credits;
  friend bool operator==(const SealedTarget&, const SealedTarget&) = default;
};

struct SealedReport {
  std::string period;
  Scope scope;
  uint64_t ledger_position = 0;
  int64_t now_ms = 0;
  // Of all targets together.
  std::optional<std::string> availability_percent;
  std::string weighted_good_ms;     // whole numbers, of up to 128 bits
  std::string weighted_counted_ms;  // good and bad
  std::string worst;                // a target; empty where nothing was counted
  int64_t met = 0;
  int64_t breached = 0;
  int64_t undetermined = 0;
  int64_t not_applicable = 0;
  std::vector<SealedTarget> targets;  // by id
  friend bool operator==(const SealedReport&, const SealedReport&) = default;
};

std::string WriteReport(const SealedReport& report);
// InvalidArgument, with the line, for whatever WriteReport() does not write.
absl::StatusOr<SealedReport> ReadReport(std::string_view text);

}  // namespace nines::seal
