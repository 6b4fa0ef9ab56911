#include <algorithm>
#include <array>

#include "daemon/sla/account.h"

namespace nines::sla {
namespace {

constexpr int64_t kMillion = 1'000'000;

std::optional<Ratio> Share(int64_t part_ms, int64_t whole_ms) {
  if (whole_ms <= 0) return std::nullopt;
  return Ratio{part_ms, whole_ms};
}

std::optional<Ratio> Availability(const Account& account, const Contract& contract) {
  const int64_t good_ms = account.counted_good_ms(contract);
  return Share(good_ms, good_ms + account.counted_bad_ms(contract));
}

bool CoverageEnough(const Account& account, const Contract& contract) {
  const std::optional<Ratio> coverage = Share(account.scheduled_ms() - account.unknown_ms, account.scheduled_ms());
  return coverage.has_value() && AtLeast(*coverage, contract.min_coverage_ppm);
}

void CountOutages(Assessment& assessment) {
  int64_t total_ms = 0;
  for (const Outage& outage : assessment.outages) {
    total_ms += outage.inside.length_ms();
    assessment.longest_ms = std::max(assessment.longest_ms, outage.inside.length_ms());
  }
  assessment.outage_count = static_cast<int64_t>(assessment.outages.size());
  if (assessment.outage_count == 0) return;
  assessment.mttr_ms = total_ms / assessment.outage_count;
  assessment.mtbf_ms = assessment.good_ms / assessment.outage_count;
}

void CountBudget(Assessment& assessment, Interval whole_period, const Contract& contract, int64_t excluded_ahead_ms) {
  const int64_t scheduled_ms = whole_period.length_ms() - assessment.account.excluded_ms - excluded_ahead_ms;
  assessment.budget_ms =
      static_cast<int64_t>(absl::int128(kMillion - contract.objective_ppm) * scheduled_ms / kMillion);
  assessment.spent_ms = assessment.counted_bad_ms;
  assessment.left_ms = assessment.budget_ms - assessment.spent_ms;
}

}  // namespace

std::string_view VerdictName(Verdict verdict) {
  constexpr std::array<std::string_view, 4> kNames = {"met", "breached", "undetermined", "not_applicable"};
  return kNames[static_cast<size_t>(verdict)];
}

Verdict VerdictOf(const Account& account, const Contract& contract) {
  const int64_t scheduled_ms = account.scheduled_ms();
  if (scheduled_ms <= 0) return Verdict::kNotApplicable;
  const std::optional<Ratio> availability = Availability(account, contract);
  // 0/0 is no availability, however low the coverage that is asked for: the bounds decide.
  if (CoverageEnough(account, contract) && availability.has_value()) {
    return AtLeast(*availability, contract.objective_ppm) ? Verdict::kMet : Verdict::kBreached;
  }
  const int64_t good_ms = account.good_ms(contract);
  if (AtLeast({good_ms, scheduled_ms}, contract.objective_ppm)) return Verdict::kMet;
  if (!AtLeast({good_ms + account.unknown_ms, scheduled_ms}, contract.objective_ppm)) return Verdict::kBreached;
  return Verdict::kUndetermined;
}

Assessment Assess(const Timeline& timeline, Interval period, const Contract& contract, int64_t now_ms,
                  int64_t excluded_ahead_ms) {
  Assessment assessment;
  assessment.period = {period.start_ms, std::max(period.start_ms, std::min(period.end_ms, now_ms))};
  const Account account = AccountOf(timeline, assessment.period);
  const int64_t scheduled_ms = account.scheduled_ms();
  assessment.account = account;
  assessment.good_ms = account.good_ms(contract);
  assessment.bad_ms = account.bad_ms(contract);
  assessment.unknown_ms = account.unknown_ms;
  assessment.counted_good_ms = account.counted_good_ms(contract);
  assessment.counted_bad_ms = account.counted_bad_ms(contract);
  assessment.availability = Availability(account, contract);
  assessment.lower = Share(assessment.good_ms, scheduled_ms);
  assessment.upper = Share(assessment.good_ms + account.unknown_ms, scheduled_ms);
  if (scheduled_ms > 0) assessment.coverage_ppm = Ppm({scheduled_ms - account.unknown_ms, scheduled_ms});
  assessment.coverage_enough = CoverageEnough(account, contract);
  assessment.verdict = VerdictOf(account, contract);
  assessment.outages = OutagesOf(timeline, assessment.period, contract, now_ms);
  CountOutages(assessment);
  CountBudget(assessment, period, contract, excluded_ahead_ms);
  return assessment;
}

std::optional<int64_t> BurnRatePpm(const Account& window, const Contract& contract) {
  const int64_t bad_ms = window.counted_bad_ms(contract);
  const int64_t all_ms = bad_ms + window.counted_good_ms(contract);
  const int64_t budget_ppm = kMillion - contract.objective_ppm;
  if (all_ms == 0 || budget_ppm == 0) return std::nullopt;
  return static_cast<int64_t>(absl::int128(bad_ms) * kMillion * kMillion / (absl::int128(all_ms) * budget_ppm));
}

std::optional<int64_t> CreditPpm(const Assessment& assessment, const Contract& contract) {
  if (assessment.verdict == Verdict::kUndetermined) return std::nullopt;
  const std::optional<Ratio>& share = assessment.coverage_enough ? assessment.availability : assessment.upper;
  if (!share.has_value()) return 0;
  int64_t credit_ppm = 0;
  for (const CreditTier& tier : contract.credits) {
    if (!AtLeast(*share, tier.below_ppm)) credit_ppm = std::max(credit_ppm, tier.credit_ppm);
  }
  return credit_ppm;
}

}  // namespace nines::sla
