#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/interval.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/sla/account.h"
#include "daemon/sla/exclusion.h"
#include "daemon/sla/timeline.h"

// How fast an error budget goes, and what a missed objective costs the provider (SLA.md section 7).
namespace nines::report {

// Burn rates look back so far.
inline constexpr std::array<int64_t, 7> kBurnWindowsMs = {300'000,    1'800'000,  3'600'000,  7'200'000,
                                                          21'600'000, 86'400'000, 259'200'000};
inline constexpr int64_t kLongestBurnMs = kBurnWindowsMs.back();
// The window whose rate is the present one.
inline constexpr int64_t kPresentBurnMs = 3'600'000;

struct Spending {
  // By window, parts per million, see sla::BurnRatePpm().
  std::array<std::optional<int64_t>, kBurnWindowsMs.size()> burn_ppm;
  // When the budget ends if bad time goes on as in the last hour; what is known to be excluded ahead is left out.
  // Absent if it outlasts the period, is spent already, or nothing bad was in the last hour.
  std::optional<int64_t> ends_ms;

  friend bool operator==(const Spending&, const Spending&) = default;
};

// `accounted` reaches back kLongestBurnMs from now, or to where everything begins; `overrides` cover the time from now
// to the end of the period, which now lies in. `contract` is in force now.
Spending SpendingOf(const sla::Timeline& accounted, const sla::Contract& contract, int64_t left_ms,
                    std::span<const sla::Override> overrides, Interval period, int64_t now_ms);

// What one month of one target is credited.
struct MonthCredit {
  std::string month;  // "2026-05"
  bool over = false;  // otherwise as if it ended now
  sla::Verdict verdict = sla::Verdict::kNotApplicable;
  std::optional<int64_t> credit_ppm;  // of the fee; absent while undetermined
  std::optional<int64_t> fee_fen;
  std::optional<int64_t> credit_fen;  // truncated; absent where either is

  friend bool operator==(const MonthCredit&, const MonthCredit&) = default;
};

// Of one month's assessment, under a contract with credit tiers and with its fee.
MonthCredit CreditOf(const sla::Assessment& month, const catalogue::ContractVersion& version, std::string label,
                     bool over);
// Of the calendar months that lie wholly in the period and have begun, and whose contract has credit tiers.
absl::StatusOr<std::vector<MonthCredit>> CreditsOf(const sla::Timeline& accounted, const catalogue::Target& target,
                                                   Interval period, int64_t now_ms);
// The sum over the months that are over; absent if none of them has a fee and is determined.
std::optional<int64_t> CreditFen(std::span<const MonthCredit> credits);

}  // namespace nines::report
