#include "daemon/rpc/seal_render.h"

#include "wire/time.h"

namespace nines::rpc {
namespace {

v1::Verdict VerdictOf(const std::string& name) {
  if (name == "met") return v1::VERDICT_MET;
  if (name == "breached") return v1::VERDICT_BREACHED;
  if (name == "not_applicable") return v1::VERDICT_NOT_APPLICABLE;
  return v1::VERDICT_UNDETERMINED;
}

// What both a sealed target and the totals of a change have.
template <typename Sealed>
void FillSums(const Sealed& sealed, v1::Account* account) {
  account->set_up_ms(sealed.up_ms);
  account->set_degraded_ms(sealed.degraded_ms);
  account->set_down_ms(sealed.down_ms);
  account->set_unknown_ms(sealed.unknown_ms);
  account->set_excluded_ms(sealed.excluded_ms);
  account->set_good_ms(sealed.good_ms);
  account->set_bad_ms(sealed.bad_ms);
  if (sealed.availability_percent) account->set_availability_percent(*sealed.availability_percent);
  account->set_verdict(VerdictOf(sealed.verdict));
}

void FillSealedTerms(const seal::SealedTarget& sealed, v1::ContractTerms* terms) {
  terms->set_contract_id(sealed.contract);
  terms->set_position(sealed.contract_position);
  terms->set_objective_ppm(static_cast<int32_t>(sealed.objective_ppm));
  terms->set_time_zone(sealed.time_zone);
  terms->set_basis(sealed.basis);
  terms->set_degraded_counts_as(sealed.degraded_counts_as);
  terms->set_no_data(sealed.no_data);
  terms->set_min_coverage_ppm(static_cast<int32_t>(sealed.min_coverage_ppm));
  terms->set_min_outage_ms(sealed.min_outage_ms);
}

v1::Outage OutageOf(const seal::SealedOutage& sealed) {
  v1::Outage outage;
  *outage.mutable_start_time() = wire::FromMs(sealed.start_ms);
  if (!sealed.open) *outage.mutable_end_time() = wire::FromMs(sealed.end_ms);
  outage.set_inside_ms(sealed.inside_ms);
  outage.set_start_ms(sealed.start_ms);
  outage.set_end_ms(sealed.end_ms);
  return outage;
}

// As a report of today adds them up.
void FillSealedCredits(const std::vector<seal::SealedCredit>& credits, v1::TargetReport* target) {
  for (const seal::SealedCredit& credit : credits) {
    v1::MonthCredit& month = *target->add_credits();
    month.set_month(credit.month);
    month.set_over(true);
    month.set_verdict(VerdictOf(credit.verdict));
    if (credit.credit_ppm) month.set_credit_ppm(static_cast<int32_t>(*credit.credit_ppm));
    if (credit.fee_fen) month.set_fee_fen(*credit.fee_fen);
    if (!credit.credit_fen) continue;
    month.set_credit_fen(*credit.credit_fen);
    target->set_credit_fen(target->credit_fen() + *credit.credit_fen);
  }
}

void FillSealedTarget(const seal::SealedTarget& sealed, const std::string& period, v1::TargetReport* target) {
  target->set_target_id(sealed.id);
  target->mutable_name()->set_zh(sealed.name_zh);
  target->mutable_name()->set_en(sealed.name_en);
  target->set_provider_id(sealed.provider);
  target->set_region_id(sealed.region);
  target->set_agency_id(sealed.agency);
  target->set_system_id(sealed.system);
  target->set_period_label(period);
  target->set_period_start_ms(sealed.period_start_ms);
  target->set_period_end_ms(sealed.period_end_ms);
  target->set_accounted_to_ms(sealed.period_end_ms);
  FillSealedTerms(sealed, target->mutable_contract());
  FillSums(sealed, target->mutable_account());
  target->mutable_account()->set_coverage_ppm(sealed.coverage_ppm);
  if (sealed.lower_percent) target->mutable_account()->set_lower_percent(*sealed.lower_percent);
  if (sealed.upper_percent) target->mutable_account()->set_upper_percent(*sealed.upper_percent);
  target->mutable_budget()->set_budget_ms(sealed.budget_ms);
  target->mutable_budget()->set_spent_ms(sealed.spent_ms);
  target->mutable_budget()->set_left_ms(sealed.left_ms);
  for (const seal::SealedOutage& outage : sealed.outages) *target->add_outages() = OutageOf(outage);
  target->set_outage_count(static_cast<int32_t>(sealed.outages.size()));
  target->set_longest_outage_ms(sealed.longest_outage_ms);
  if (sealed.mttr_ms) target->set_mttr_ms(*sealed.mttr_ms);
  if (sealed.mtbf_ms) target->set_mtbf_ms(*sealed.mtbf_ms);
  target->set_observed_not_declared_ms(sealed.observed_not_declared_ms);
  target->set_declared_not_observed_ms(sealed.declared_not_observed_ms);
  FillSealedCredits(sealed.credits, target);
}

}  // namespace

v1::Seal ToProto(const seal::Statement& statement, FactId position) {
  v1::Seal seal;
  seal.set_position(position.value());
  seal.set_number(statement.number);
  if (statement.previous) seal.set_previous_sha256(ToHex(*statement.previous));
  seal.set_period_label(statement.period);
  seal.set_scope(statement.scope.Text());
  seal.set_version(statement.version);
  seal.set_reason(statement.reason);
  seal.set_author(statement.author);
  *seal.mutable_sealed_time() = wire::FromMs(statement.now_ms);
  seal.set_ledger_position(statement.ledger_position);
  seal.set_ledger_sha256(ToHex(statement.ledger_digest));
  seal.set_report_sha256(ToHex(statement.report.sha256));
  return seal;
}

v1::SealChanges ToProto(const seal::Changes& changes) {
  v1::SealChanges message;
  message.set_reason(changes.reason);
  for (const seal::TargetChange& change : changes.targets) {
    v1::SealedTargetChange& out = *message.add_targets();
    out.set_target_id(change.target);
    if (change.before) FillSums(*change.before, out.mutable_before());
    if (change.after) FillSums(*change.after, out.mutable_after());
    out.set_results_changed(change.results_changed);
    for (const seal::Cause& cause : change.causes) {
      v1::SealCause& fact = *out.add_causes();
      fact.set_position(cause.position);
      fact.set_what(cause.what);
    }
  }
  return message;
}

v1::GetReportResponse ToProto(const seal::SealedReport& report) {
  v1::GetReportResponse message;
  for (const seal::SealedTarget& target : report.targets) {
    FillSealedTarget(target, report.period, message.add_targets());
  }
  message.set_ledger_position(report.ledger_position);
  v1::Pooled& pooled = *message.mutable_pooled();
  if (report.availability_percent) pooled.set_availability_percent(*report.availability_percent);
  pooled.set_worst_target_id(report.worst);
  pooled.set_met(static_cast<int32_t>(report.met));
  pooled.set_breached(static_cast<int32_t>(report.breached));
  pooled.set_undetermined(static_cast<int32_t>(report.undetermined));
  pooled.set_not_applicable(static_cast<int32_t>(report.not_applicable));
  *message.mutable_generated_time() = wire::FromMs(report.now_ms);
  message.set_total_size(static_cast<int32_t>(report.targets.size()));
  return message;
}

}  // namespace nines::rpc
