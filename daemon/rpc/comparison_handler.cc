#include "daemon/rpc/comparison_handler.h"

#include <optional>
#include <string>

#include "base/status_macros.h"
#include "daemon/report/comparison.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/render.h"
#include "daemon/rpc/request.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

void FillTime(const report::ComparedTime& time, v1::ComparedTime* message) {
  message->set_observed_down_ms(time.observed_down_ms);
  message->set_observed_degraded_ms(time.observed_degraded_ms);
  message->set_observed_unknown_ms(time.observed_unknown_ms);
  message->set_declared_down_ms(time.declared_down_ms);
  message->set_declared_degraded_ms(time.declared_degraded_ms);
  message->set_observed_not_declared_ms(time.observed_not_declared_ms);
  message->set_declared_not_observed_ms(time.declared_not_observed_ms);
  message->set_observed_not_declared_excluded_ms(time.observed_not_declared_excluded_ms);
  message->set_declared_not_observed_excluded_ms(time.declared_not_observed_excluded_ms);
}

void FillLateness(const report::Lateness& lateness, v1::Lateness* message) {
  message->set_median_ms(lateness.median_ms);
  message->set_longest_ms(lateness.longest_ms);
  message->set_after_end(static_cast<int32_t>(lateness.after_end));
}

void FillProvider(const report::ProviderComparison& provider, v1::ProviderComparison* message) {
  message->set_provider_id(provider.provider.value());
  *message->mutable_name() = ToProto(provider.name);
  message->set_targets(static_cast<int32_t>(provider.targets));
  FillTime(provider.time, message->mutable_time());
  message->set_declarations(static_cast<int32_t>(provider.declarations));
  if (provider.told) FillLateness(*provider.told, message->mutable_told());
  if (provider.recorded) FillLateness(*provider.recorded, message->mutable_recorded());
  for (size_t i = 0; i < report::kBases.size(); ++i) {
    v1::PooledOnBasis& basis = *message->add_bases();
    basis.set_basis(std::string(sla::BasisName(report::kBases[i])));
    *basis.mutable_pooled() = ToProto(provider.on_basis[i], provider.worst[i]);
  }
}

void FillDifference(const report::DifferenceSpan& span, v1::DifferenceSpan* message) {
  message->set_kind(span.kind == report::DifferenceKind::kObservedNotDeclared
                        ? v1::DIFFERENCE_KIND_OBSERVED_NOT_DECLARED
                        : v1::DIFFERENCE_KIND_DECLARED_NOT_OBSERVED);
  message->set_start_ms(span.interval.start_ms);
  message->set_end_ms(span.interval.end_ms);
  message->set_observed(ToProto(span.observed));
  message->set_declared(ToProto(span.declared));
  message->set_excluded_ms(span.excluded_ms);
  for (const report::CheckEvidence& check : span.checks) *message->add_checks() = ToProto(check);
  for (const report::FactEvidence& fact : span.facts) *message->add_facts() = ToProto(fact);
}

void FillDeclaration(const report::ComparedDeclaration& declaration, v1::ComparedDeclaration* message) {
  message->set_id(declaration.id);
  message->set_position(declaration.fact.value());
  message->set_impact(ToProto(declaration.impact));
  message->set_start_ms(declaration.interval.start_ms);
  if (declaration.interval.end_ms != kTimeMaxMs) message->set_end_ms(declaration.interval.end_ms);
  message->set_told_ms(declaration.told_ms);
  message->set_recorded_ms(declaration.recorded_ms);
  message->set_author(declaration.author);
  message->set_title(declaration.title);
}

v1::TimelineSpan SpanToProto(const sla::Span& span) {
  v1::TimelineSpan message;
  message.set_state(ToProto(span.state));
  message.set_start_ms(span.start_ms);
  message.set_end_ms(span.end_ms);
  return message;
}

void FillTargetComparison(const report::TargetComparison& compared, v1::TargetComparison* message) {
  message->set_target_id(compared.target->id.value());
  *message->mutable_name() = ToProto(compared.target->name);
  message->set_provider_id(compared.target->provider.value());
  message->set_period_start_ms(compared.period.start_ms);
  message->set_period_end_ms(compared.period.end_ms);
  message->set_accounted_to_ms(compared.accounted_to_ms);
  *message->mutable_contract() = ToProto(*compared.contract);
  FillTime(compared.time, message->mutable_time());
  for (size_t i = 0; i < report::kBases.size(); ++i) {
    v1::AccountOnBasis& basis = *message->add_bases();
    basis.set_basis(std::string(sla::BasisName(report::kBases[i])));
    *basis.mutable_account() = ToProto(compared.on_basis[i]);
  }
  for (const report::DifferenceSpan& span : compared.differences) FillDifference(span, message->add_differences());
  for (const report::ComparedDeclaration& declaration : compared.declarations) {
    FillDeclaration(declaration, message->add_declarations());
  }
  for (const sla::Span& span : compared.observed) *message->add_observed() = SpanToProto(span);
  for (const sla::Span& span : compared.declared) *message->add_declared() = SpanToProto(span);
}

}  // namespace

absl::Status ComparisonHandler::CompareDeclarations(const v1::CompareDeclarationsRequest& request,
                                                    v1::CompareDeclarationsResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 200, 1000));
  NINES_ASSIGN_OR_RETURN(const std::string first, ReadPageToken("comparison", request.page_token()));
  NINES_ASSIGN_OR_RETURN(const report::Period period, PeriodOf(request));
  NINES_ASSIGN_OR_RETURN(const report::AsOf as_of, AsOfOf(request.as_of()));
  NINES_ASSIGN_OR_RETURN(const report::Comparison comparison,
                         reporter_.Compare(period, FilterOf(request), first, page_size, as_of));
  for (const report::ProviderComparison& provider : comparison.providers) {
    FillProvider(provider, response->add_providers());
  }
  for (const report::TargetComparison& compared : comparison.targets) {
    v1::TargetComparison& message = *response->add_targets();
    FillTargetComparison(compared, &message);
    message.set_period_label(comparison.period_label);
  }
  if (!comparison.next_target.empty()) {
    response->set_next_page_token(PageToken("comparison", comparison.next_target));
  }
  response->set_ledger_position(comparison.ledger_position.value());
  *response->mutable_generated_time() = wire::FromMs(comparison.generated_ms);
  response->set_total_size(static_cast<int32_t>(comparison.total));
  return absl::OkStatus();
}

}  // namespace nines::rpc
