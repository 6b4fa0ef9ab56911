#include <algorithm>
#include <array>

#include "daemon/sla/account.h"
#include "daemon/sla/terms.h"

namespace nines::sla {
namespace {

constexpr int64_t kMillion = 1'000'000;

std::optional<Ratio> Share(int64_t part_ms, int64_t whole_ms) {
  if (whole_ms <= 0) return std::nullopt;
  return Ratio{part_ms, whole_ms};
}

// What the classes of an account amount to under a contract: summed over contracts where several are in force.
struct Tally {
  int64_t good_ms = 0;
  int64_t bad_ms = 0;
  int64_t unknown_ms = 0;
  int64_t counted_good_ms = 0;
  int64_t counted_bad_ms = 0;

  void Add(const Account& account, const Contract& contract) {
    good_ms += account.good_ms(contract);
    bad_ms += account.bad_ms(contract);
    unknown_ms += account.unknown_ms;
    counted_good_ms += account.counted_good_ms(contract);
    counted_bad_ms += account.counted_bad_ms(contract);
  }
  int64_t scheduled_ms() const { return good_ms + bad_ms + unknown_ms; }
  std::optional<Ratio> Availability() const { return Share(counted_good_ms, counted_good_ms + counted_bad_ms); }
  bool CoverageEnough(const Contract& contract) const {
    const std::optional<Ratio> coverage = Share(good_ms + bad_ms, scheduled_ms());
    return coverage.has_value() && AtLeast(*coverage, contract.min_coverage_ppm);
  }
};

Verdict VerdictOn(const Tally& tally, const Contract& contract) {
  const int64_t scheduled_ms = tally.scheduled_ms();
  if (scheduled_ms <= 0) return Verdict::kNotApplicable;
  const std::optional<Ratio> availability = tally.Availability();
  // 0/0 is no availability, however low the coverage that is asked for: the bounds decide.
  if (tally.CoverageEnough(contract) && availability.has_value()) {
    return AtLeast(*availability, contract.objective_ppm) ? Verdict::kMet : Verdict::kBreached;
  }
  if (AtLeast({tally.good_ms, scheduled_ms}, contract.objective_ppm)) return Verdict::kMet;
  if (!AtLeast({tally.good_ms + tally.unknown_ms, scheduled_ms}, contract.objective_ppm)) return Verdict::kBreached;
  return Verdict::kUndetermined;
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
  Tally tally;
  tally.Add(account, contract);
  return VerdictOn(tally, contract);
}

Assessment Assess(const Timeline& timeline, Interval period, const Contract& contract, int64_t now_ms,
                  int64_t excluded_ahead_ms) {
  const Term only[] = {{kTimeMinMs, &contract}};
  return Assess(timeline, period, only, now_ms, excluded_ahead_ms);
}

Assessment Assess(const Timeline& timeline, Interval period, ContractTerms terms, int64_t now_ms,
                  int64_t excluded_ahead_ms) {
  Assessment assessment;
  assessment.period = {period.start_ms, std::max(period.start_ms, std::min(period.end_ms, now_ms))};
  Tally tally;
  VisitTerms(terms, assessment.period, [&](Interval part, const Contract& contract) {
    const Account account = AccountOf(timeline, part);
    assessment.account += account;
    tally.Add(account, contract);
  });
  const Contract& last = ContractAt(terms, std::max(assessment.period.start_ms, assessment.period.end_ms - 1));
  const int64_t scheduled_ms = tally.scheduled_ms();
  assessment.good_ms = tally.good_ms;
  assessment.bad_ms = tally.bad_ms;
  assessment.unknown_ms = tally.unknown_ms;
  assessment.counted_good_ms = tally.counted_good_ms;
  assessment.counted_bad_ms = tally.counted_bad_ms;
  assessment.availability = tally.Availability();
  assessment.lower = Share(tally.good_ms, scheduled_ms);
  assessment.upper = Share(tally.good_ms + tally.unknown_ms, scheduled_ms);
  if (scheduled_ms > 0) assessment.coverage_ppm = Ppm({scheduled_ms - tally.unknown_ms, scheduled_ms});
  assessment.coverage_enough = tally.CoverageEnough(last);
  assessment.verdict = VerdictOn(tally, last);
  assessment.outages = OutagesOf(timeline, assessment.period, terms, now_ms);
  CountOutages(assessment);
  CountBudget(assessment, period, last, excluded_ahead_ms);
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
