#include "daemon/rpc/render.h"

#include <algorithm>
#include <variant>

#include "base/check.h"
#include "base/status_macros.h"
#include "daemon/catalogue/apply.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

constexpr size_t kLastOutages = 5;

v1::Verdict ToProto(sla::Verdict verdict) {
  switch (verdict) {
    case sla::Verdict::kMet:
      return v1::VERDICT_MET;
    case sla::Verdict::kBreached:
      return v1::VERDICT_BREACHED;
    case sla::Verdict::kUndetermined:
      return v1::VERDICT_UNDETERMINED;
    case sla::Verdict::kNotApplicable:
      return v1::VERDICT_NOT_APPLICABLE;
  }
  NINES_CHECK(false);
}

v1::StepKind ToProto(report::StepKind kind) {
  switch (kind) {
    case report::StepKind::kTotal:
      return v1::STEP_KIND_TOTAL;
    case report::StepKind::kTaken:
      return v1::STEP_KIND_TAKEN;
    case report::StepKind::kPart:
      return v1::STEP_KIND_PART;
    case report::StepKind::kNote:
      return v1::STEP_KIND_NOTE;
  }
  NINES_CHECK(false);
}

void FillAccount(const sla::Assessment& assessment, v1::Account* account) {
  account->set_up_ms(assessment.account.up_ms);
  account->set_degraded_ms(assessment.account.degraded_ms);
  account->set_down_ms(assessment.account.down_ms);
  account->set_unknown_ms(assessment.account.unknown_ms);
  account->set_excluded_ms(assessment.account.excluded_ms);
  account->set_good_ms(assessment.good_ms);
  account->set_bad_ms(assessment.bad_ms);
  account->set_coverage_ppm(assessment.coverage_ppm);
  if (assessment.availability) account->set_availability_percent(sla::PercentText(*assessment.availability));
  if (assessment.lower) account->set_lower_percent(sla::PercentText(*assessment.lower));
  if (assessment.upper) account->set_upper_percent(sla::PercentText(*assessment.upper));
  account->set_verdict(ToProto(assessment.verdict));
}

void FillBudget(const sla::Assessment& assessment, v1::ErrorBudget* budget) {
  budget->set_budget_ms(assessment.budget_ms);
  budget->set_spent_ms(assessment.spent_ms);
  budget->set_left_ms(assessment.left_ms);
}

void FillSpending(const report::Spending& spending, v1::BudgetSpending* message) {
  for (size_t i = 0; i < report::kBurnWindowsMs.size(); ++i) {
    v1::BurnRate& rate = *message->add_burn_rates();
    rate.set_window_ms(report::kBurnWindowsMs[i]);
    if (spending.burn_ppm[i]) rate.set_rate_ppm(*spending.burn_ppm[i]);
  }
  if (spending.ends_ms) *message->mutable_budget_ends_time() = wire::FromMs(*spending.ends_ms);
}

void FillCredit(const report::MonthCredit& credit, v1::MonthCredit* message) {
  message->set_month(credit.month);
  message->set_over(credit.over);
  message->set_verdict(ToProto(credit.verdict));
  if (credit.credit_ppm) message->set_credit_ppm(static_cast<int32_t>(*credit.credit_ppm));
  if (credit.fee_fen) message->set_fee_fen(*credit.fee_fen);
  if (credit.credit_fen) message->set_credit_fen(*credit.credit_fen);
}

void FillContract(const catalogue::ContractVersion& version, v1::ContractTerms* terms) {
  const sla::Contract& contract = version.terms;
  terms->set_contract_id(version.id.value());
  terms->set_position(version.position.value());
  terms->set_objective_ppm(static_cast<int32_t>(contract.objective_ppm));
  terms->set_time_zone(contract.time_zone);
  terms->set_basis(std::string(sla::BasisName(contract.basis)));
  terms->set_degraded_counts_as(std::string(sla::DegradedCountsAsName(contract.degraded_counts_as)));
  terms->set_no_data(std::string(sla::NoDataName(contract.no_data)));
  terms->set_min_coverage_ppm(static_cast<int32_t>(contract.min_coverage_ppm));
  terms->set_min_outage_ms(contract.min_outage_ms);
}

// Both messages name their target by the same fields.
template <typename Message>
void FillTarget(const catalogue::Target& target, Message* message) {
  message->set_target_id(target.id.value());
  *message->mutable_name() = nines::rpc::ToProto(target.name);
  message->set_provider_id(target.provider.value());
  message->set_region_id(target.region.value());
  message->set_agency_id(target.agency.value());
  message->set_system_id(target.system.value());
}

void FillScope(const ledger::Scope& scope, v1::Scope* message) {
  switch (scope.kind) {
    case ledger::ScopeKind::kTarget:
      message->set_target_id(scope.id);
      break;
    case ledger::ScopeKind::kProvider:
      message->set_provider_id(scope.id);
      break;
    case ledger::ScopeKind::kRegion:
      message->set_region_id(scope.id);
      break;
    case ledger::ScopeKind::kService:
      message->set_service(scope.id);
      break;
  }
}

// The body of a fact as a message: one overload a kind.
struct BodyWriter {
  v1::Fact* fact;

  absl::Status operator()(const ledger::Declaration& in) const {
    v1::Declaration& out = *fact->mutable_declaration();
    out.set_source(in.source);
    out.set_id(in.id);
    FillScope(in.scope, out.mutable_scope());
    *out.mutable_start_time() = wire::FromMs(in.start_ms);
    if (in.end_ms) *out.mutable_end_time() = wire::FromMs(*in.end_ms);
    out.set_impact(static_cast<v1::Impact>(in.impact));
    if (in.told_ms) *out.mutable_told_time() = wire::FromMs(*in.told_ms);
    out.set_title(in.title);
    out.set_withdrawn(in.withdrawn);
    return absl::OkStatus();
  }
  absl::Status operator()(const ledger::Maintenance& in) const {
    v1::Maintenance& out = *fact->mutable_maintenance();
    out.set_source(in.source);
    out.set_id(in.id);
    FillScope(in.scope, out.mutable_scope());
    *out.mutable_start_time() = wire::FromMs(in.start_ms);
    *out.mutable_end_time() = wire::FromMs(in.end_ms);
    if (in.announced_ms) *out.mutable_announced_time() = wire::FromMs(*in.announced_ms);
    if (in.cancelled_ms) *out.mutable_cancelled_time() = wire::FromMs(*in.cancelled_ms);
    out.set_title(in.title);
    return absl::OkStatus();
  }
  absl::Status operator()(const ledger::Ruling& in) const {
    v1::Ruling& out = *fact->mutable_ruling();
    out.set_id(in.id);
    out.set_target_id(in.target.value());
    *out.mutable_start_time() = wire::FromMs(in.start_ms);
    *out.mutable_end_time() = wire::FromMs(in.end_ms);
    out.set_state(static_cast<v1::RulingState>(in.state));
    out.set_reason(in.reason);
    out.set_revoked(in.revoked);
    return absl::OkStatus();
  }
  absl::Status operator()(const ledger::CatalogueChange& in) const {
    v1::CatalogueChange& out = *fact->mutable_catalogue();
    out.set_kind(in.kind);
    out.set_id(in.id);
    if (in.bytes.empty()) return absl::OkStatus();
    NINES_ASSIGN_OR_RETURN(*out.mutable_entry_yaml(), catalogue::EntryYaml(in.kind, in.bytes));
    return absl::OkStatus();
  }
  absl::Status operator()(const ledger::Seal& in) const {
    v1::SealRecord& out = *fact->mutable_seal();
    out.set_statement(in.statement);
    out.set_signature(in.signature);
    for (const Digest& digest : in.documents) out.add_document_sha256(ToHex(digest));
    return absl::OkStatus();
  }
};

}  // namespace

v1::State ToProto(sla::State state) {
  switch (state) {
    case sla::State::kUnknown:
      return v1::STATE_UNKNOWN;
    case sla::State::kUp:
      return v1::STATE_UP;
    case sla::State::kDegraded:
      return v1::STATE_DEGRADED;
    case sla::State::kDown:
      return v1::STATE_DOWN;
    case sla::State::kExcluded:
      return v1::STATE_EXCLUDED;
  }
  NINES_CHECK(false);
}

v1::Account ToProto(const sla::Assessment& assessment) {
  v1::Account message;
  FillAccount(assessment, &message);
  return message;
}

v1::Name ToProto(const catalogue::Name& name) {
  v1::Name message;
  message.set_zh(name.zh);
  message.set_en(name.en);
  return message;
}

v1::ContractTerms ToProto(const catalogue::ContractVersion& version) {
  v1::ContractTerms message;
  FillContract(version, &message);
  return message;
}

v1::CheckEvidence ToProto(const report::CheckEvidence& evidence) {
  v1::CheckEvidence message;
  message.set_check_id(evidence.check.value());
  message.set_provider_id(evidence.provider.value());
  message.set_state(ToProto(evidence.state));
  if (!evidence.result) return message;
  message.set_result_time_ms(evidence.result->time_ms);
  message.set_result(std::string(sla::ResultStateName(evidence.result->state)));
  return message;
}

v1::FactEvidence ToProto(const report::FactEvidence& evidence) {
  v1::FactEvidence message;
  message.set_kind(evidence.kind);
  message.set_id(evidence.name);
  message.set_position(evidence.fact.value());
  message.set_says(evidence.says);
  return message;
}

v1::Outage ToProto(const sla::Outage& outage) {
  v1::Outage message;
  *message.mutable_start_time() = wire::FromMs(outage.whole.start_ms);
  if (!outage.open) *message.mutable_end_time() = wire::FromMs(outage.whole.end_ms);
  message.set_inside_ms(outage.inside.length_ms());
  message.set_start_ms(outage.whole.start_ms);
  message.set_end_ms(outage.whole.end_ms);
  return message;
}

v1::TargetReport ToProto(const report::TargetReport& report, const std::string& period_label) {
  v1::TargetReport message;
  const sla::Assessment& assessment = report.assessment;
  FillTarget(*report.target, &message);
  message.set_period_label(period_label);
  message.set_period_start_ms(report.period.start_ms);
  message.set_period_end_ms(report.period.end_ms);
  message.set_accounted_to_ms(report.accounted_to_ms);
  FillContract(*report.contract, message.mutable_contract());
  FillAccount(assessment, message.mutable_account());
  FillBudget(assessment, message.mutable_budget());
  for (const sla::Outage& outage : assessment.outages) *message.add_outages() = ToProto(outage);
  message.set_outage_count(static_cast<int32_t>(assessment.outage_count));
  message.set_longest_outage_ms(assessment.longest_ms);
  if (assessment.mttr_ms) message.set_mttr_ms(*assessment.mttr_ms);
  if (assessment.mtbf_ms) message.set_mtbf_ms(*assessment.mtbf_ms);
  message.set_observed_not_declared_ms(report.observed_not_declared_ms);
  message.set_declared_not_observed_ms(report.declared_not_observed_ms);
  for (const report::MonthCredit& credit : report.credits) FillCredit(credit, message.add_credits());
  if (const auto credit_fen = report::CreditFen(report.credits)) message.set_credit_fen(*credit_fen);
  if (report.spending) FillSpending(*report.spending, message.mutable_spending());
  return message;
}

v1::ExplainAccountResponse ToProto(const report::AccountExplanation& explained) {
  v1::ExplainAccountResponse message;
  message.set_period_start_ms(explained.report.period.start_ms);
  message.set_period_end_ms(explained.report.period.end_ms);
  message.set_accounted_to_ms(explained.report.accounted_to_ms);
  for (const report::Step& step : explained.steps) {
    v1::ExplanationStep& out = *message.add_steps();
    out.set_kind(ToProto(step.kind));
    out.set_rule(step.rule);
    if (step.state) out.set_state(ToProto(*step.state));
    out.set_ms(step.ms);
    out.set_fact(step.fact_name);
    out.set_fact_position(step.fact.value());
  }
  FillAccount(explained.report.assessment, message.mutable_account());
  FillContract(*explained.report.contract, message.mutable_contract());
  message.set_ledger_position(explained.ledger_position.value());
  return message;
}

v1::ExplainInstantResponse ToProto(const report::InstantExplanation& explained) {
  v1::ExplainInstantResponse message;
  message.set_time_ms(explained.time_ms);
  message.set_state(ToProto(explained.state));
  message.set_reason(explained.reason);
  message.set_observed(ToProto(explained.observed));
  message.set_declared(ToProto(explained.declared));
  for (const report::CheckEvidence& check : explained.checks) *message.add_checks() = ToProto(check);
  for (const report::FactEvidence& fact : explained.facts) *message.add_facts() = ToProto(fact);
  message.set_ledger_position(explained.ledger_position.value());
  return message;
}

v1::Pooled ToProto(const sla::PoolResult& pooled, const TargetId& worst) {
  v1::Pooled message;
  if (auto percent = pooled.Percent()) message.set_availability_percent(*std::move(percent));
  message.set_worst_target_id(worst.value());
  message.set_met(static_cast<int32_t>(pooled.met));
  message.set_breached(static_cast<int32_t>(pooled.breached));
  message.set_undetermined(static_cast<int32_t>(pooled.undetermined));
  message.set_not_applicable(static_cast<int32_t>(pooled.not_applicable));
  return message;
}

v1::GroupReport ToProto(const report::Group& group) {
  v1::GroupReport message;
  message.set_group_id(group.id);
  if (!group.name.zh.empty()) *message.mutable_name() = ToProto(group.name);
  message.set_targets(static_cast<int32_t>(group.members));
  *message.mutable_pooled() = ToProto(group.pooled, group.worst);
  return message;
}

v1::Hypothesis ToProto(const catalogue::ContractVersion& what_if, const v1::CatalogueFile& file) {
  v1::Hypothesis message;
  *message.mutable_contract() = ToProto(what_if);
  message.set_file(file.name());
  return message;
}

v1::TargetStatus ToProto(const live::TargetStatus& status, const catalogue::Catalogue& catalogue) {
  const catalogue::Target& target = catalogue.targets.at(status.target);
  v1::TargetStatus message;
  const sla::Assessment& month = status.month_so_far;
  FillTarget(target, &message);
  if (const auto provider = catalogue.providers.find(target.provider); provider != catalogue.providers.end()) {
    *message.mutable_provider_name() = ToProto(provider->second);
  }
  if (const auto agency = catalogue.agencies.find(target.agency); agency != catalogue.agencies.end()) {
    *message.mutable_agency_name() = ToProto(agency->second);
  }
  message.set_state(ToProto(status.state));
  *message.mutable_since_time() = wire::FromMs(status.since_ms);
  FillAccount(month, message.mutable_month());
  FillBudget(month, message.mutable_budget());
  if (status.spending) FillSpending(*status.spending, message.mutable_spending());
  message.set_objective_ppm(static_cast<int32_t>(status.contract->terms.objective_ppm));
  const size_t shown = std::min(month.outages.size(), kLastOutages);
  for (size_t i = 0; i < shown; ++i) {
    *message.add_last_outages() = ToProto(month.outages[month.outages.size() - 1 - i]);
  }
  for (const live::CheckStatus& check : status.checks) {
    v1::CheckStatus& out = *message.add_checks();
    out.set_check_id(check.check.value());
    out.set_state(ToProto(check.state));
    if (check.last_result_ms) *out.mutable_last_result_time() = wire::FromMs(*check.last_result_ms);
  }
  message.set_period_label(status.month_label);
  return message;
}

absl::StatusOr<v1::Fact> ToProto(const ledger::Fact& fact, FactId replaced_by) {
  v1::Fact message;
  message.set_position(fact.id.value());
  *message.mutable_recorded_time() = wire::FromMs(fact.recorded_ms);
  message.set_author(fact.author);
  message.set_provider_id(fact.provider.value());
  message.set_replaced_by(replaced_by.value());
  NINES_RETURN_IF_ERROR(std::visit(BodyWriter{&message}, fact.body));
  return message;
}

}  // namespace nines::rpc
