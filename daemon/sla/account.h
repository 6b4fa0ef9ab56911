#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/interval.h"
#include "daemon/sla/contract.h"
#include "daemon/sla/ratio.h"
#include "daemon/sla/timeline.h"

// Accounts, outages and verdicts of one target (SLA.md section 7). All functions are pure.
namespace nines::sla {

// How long a period was in each state. The five add up to the period's length, and the account of a period is the sum
// of the accounts of any way of cutting it.
struct Account {
  int64_t up_ms = 0;
  int64_t degraded_ms = 0;
  int64_t down_ms = 0;
  int64_t unknown_ms = 0;
  int64_t excluded_ms = 0;

  int64_t total_ms() const { return up_ms + degraded_ms + down_ms + unknown_ms + excluded_ms; }
  // All that counts: good, bad and unknown time.
  int64_t scheduled_ms() const { return up_ms + degraded_ms + down_ms + unknown_ms; }
  // Before the contract's no_data policy: unknown time is in neither.
  int64_t good_ms(const Contract& contract) const;
  int64_t bad_ms(const Contract& contract) const;
  // After it: unknown time is in one of them unless the policy excludes it.
  int64_t counted_good_ms(const Contract& contract) const;
  int64_t counted_bad_ms(const Contract& contract) const;

  Account& operator+=(const Account& other);
  friend Account operator+(Account a, const Account& b) { return a += b; }
  friend bool operator==(const Account&, const Account&) = default;
};

// Time that the timeline does not cover is unknown: clip `period` to now beforehand. O(log spans + spans inside).
Account AccountOf(const Timeline& timeline, Interval period);

// A maximal span of bad time: down, and degraded where it counts as down. Never unknown time.
struct Outage {
  Interval whole;     // as far as the timeline reaches
  Interval inside;    // its part in the period
  bool open = false;  // still going on at now

  friend bool operator==(const Outage&, const Outage&) = default;
};

// The outages with a part in `period`, which is clipped to now, in the order of time.
std::vector<Outage> OutagesOf(const Timeline& timeline, Interval period, const Contract& contract, int64_t now_ms);

enum class Verdict : uint8_t { kMet, kBreached, kUndetermined, kNotApplicable };

// "met", "breached", "undetermined", "not_applicable".
std::string_view VerdictName(Verdict verdict);

struct Assessment {
  Interval period;  // clipped to now
  Account account;
  int64_t good_ms = 0;  // good and bad before the no_data policy
  int64_t bad_ms = 0;
  int64_t unknown_ms = 0;
  int64_t counted_good_ms = 0;  // and after it
  int64_t counted_bad_ms = 0;
  // Absent where the denominator would be 0.
  std::optional<Ratio> availability;  // by the no_data policy
  std::optional<Ratio> lower;         // all unknown time as bad
  std::optional<Ratio> upper;         // all unknown time as good
  int64_t coverage_ppm = 0;           // truncated; 0 where nothing is scheduled
  bool coverage_enough = false;       // at least min_coverage
  Verdict verdict = Verdict::kNotApplicable;

  std::vector<Outage> outages;
  int64_t outage_count = 0;
  int64_t longest_ms = 0;          // of the parts inside the period, as are the means; both truncated
  std::optional<int64_t> mttr_ms;  // absent without outages
  std::optional<int64_t> mtbf_ms;

  // Of the whole period's scheduled time, also while it is not over. Spent is the time that counts as bad; left is
  // negative when more than the budget is spent.
  int64_t budget_ms = 0;
  int64_t spent_ms = 0;
  int64_t left_ms = 0;
};

// `timeline` is the one that counts, after basis and exclusions, and may reach beyond the period: outages are listed
// whole. The account is of [period.start_ms, min(period.end_ms, now_ms)): nothing is assumed about the future. The
// budget alone looks ahead: `excluded_ahead_ms` is what is known to be excluded of the period's part after now, see
// ExcludedMs().
Assessment Assess(const Timeline& timeline, Interval period, const Contract& contract, int64_t now_ms,
                  int64_t excluded_ahead_ms = 0);

// The verdict alone, in integers.
Verdict VerdictOf(const Account& account, const Contract& contract);

// How many times faster than the objective allows the budget went in a window, in parts per million (truncated):
// 1 000 000 spends exactly all of it. Absent where nothing counted, or where an objective of 100 % leaves no budget.
std::optional<int64_t> BurnRatePpm(const Account& window, const Contract& contract);

// The largest credit whose tier the availability is below; 0 if none, or if nothing is scheduled. Under insufficient
// coverage the upper bound decides: what is credited is certain. Absent while the verdict is undetermined.
std::optional<int64_t> CreditPpm(const Assessment& assessment, const Contract& contract);

}  // namespace nines::sla
