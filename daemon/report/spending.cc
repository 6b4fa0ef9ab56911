#include "daemon/report/spending.h"

#include <algorithm>
#include <utility>

#include "absl/numeric/int128.h"
#include "base/status_macros.h"
#include "daemon/sla/period.h"

namespace nines::report {
namespace {

constexpr int64_t kPpm = 1'000'000;

// Where `scheduled_ms` of time that counts are over, from `from_ms` on; nullopt if that is later than `end_ms`.
std::optional<int64_t> AfterScheduled(int64_t scheduled_ms, std::span<const sla::Override> overrides, int64_t from_ms,
                                      int64_t end_ms) {
  for (const sla::Override& each : overrides) {
    if (each.state != sla::State::kExcluded || each.interval.end_ms <= from_ms) continue;
    const int64_t free_ms = std::max<int64_t>(each.interval.start_ms - from_ms, 0);
    if (free_ms >= scheduled_ms) break;
    scheduled_ms -= free_ms;
    from_ms = each.interval.end_ms;
  }
  if (scheduled_ms > end_ms - from_ms) return std::nullopt;
  return from_ms + scheduled_ms;
}

}  // namespace

Spending SpendingOf(const sla::Timeline& accounted, const sla::Contract& contract, int64_t left_ms,
                    std::span<const sla::Override> overrides, Interval period, int64_t now_ms) {
  Spending spending;
  for (size_t i = 0; i < kBurnWindowsMs.size(); ++i) {
    const sla::Account account = sla::AccountOf(accounted, {now_ms - kBurnWindowsMs[i], now_ms});
    spending.burn_ppm[i] = sla::BurnRatePpm(account, contract);
  }
  const sla::Account present = sla::AccountOf(accounted, {now_ms - kPresentBurnMs, now_ms});
  const int64_t bad_ms = present.counted_bad_ms(contract);
  if (left_ms <= 0 || bad_ms == 0) return spending;
  const absl::int128 all_ms = bad_ms + present.counted_good_ms(contract);
  const absl::int128 scheduled_ms = (absl::int128(left_ms) * all_ms + bad_ms - 1) / bad_ms;
  if (scheduled_ms > period.length_ms()) return spending;
  spending.ends_ms = AfterScheduled(static_cast<int64_t>(scheduled_ms), overrides, now_ms, period.end_ms);
  return spending;
}

MonthCredit CreditOf(const sla::Assessment& month, const catalogue::ContractVersion& version, std::string label,
                     bool over) {
  MonthCredit credit;
  credit.month = std::move(label);
  credit.over = over;
  credit.verdict = month.verdict;
  credit.credit_ppm = sla::CreditPpm(month, version.terms);
  credit.fee_fen = version.monthly_fee_fen;
  if (credit.credit_ppm && credit.fee_fen) credit.credit_fen = *credit.fee_fen * *credit.credit_ppm / kPpm;
  return credit;
}

absl::StatusOr<std::vector<MonthCredit>> CreditsOf(const sla::Timeline& accounted, const catalogue::Target& target,
                                                   Interval period, int64_t now_ms) {
  std::vector<MonthCredit> credits;
  for (int64_t time_ms = period.start_ms; time_ms < std::min(period.end_ms, now_ms);) {
    const catalogue::ContractVersion& version = target.ContractAt(time_ms);
    const std::string& zone = version.terms.time_zone;
    NINES_ASSIGN_OR_RETURN(const Interval month, sla::MonthContaining(time_ms, zone));
    const bool whole = month.start_ms >= period.start_ms && month.end_ms <= period.end_ms;
    time_ms = month.end_ms;
    if (!whole || version.terms.credits.empty()) continue;
    NINES_ASSIGN_OR_RETURN(std::string label, sla::PeriodNameAt(sla::PeriodKind::kMonth, month.start_ms, zone));
    credits.push_back(CreditOf(sla::Assess(accounted, month, version.terms, now_ms), version, std::move(label),
                               /*over=*/month.end_ms <= now_ms));
  }
  return credits;
}

std::optional<int64_t> CreditFen(std::span<const MonthCredit> credits) {
  std::optional<int64_t> sum_fen;
  for (const MonthCredit& credit : credits) {
    if (credit.over && credit.credit_fen) sum_fen = sum_fen.value_or(0) + *credit.credit_fen;
  }
  return sum_fen;
}

}  // namespace nines::report
