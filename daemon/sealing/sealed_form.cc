#include "daemon/sealing/sealed_form.h"

#include <sstream>

#include "base/text.h"
#include "daemon/sla/ratio.h"
#include "daemon/sla/state.h"

namespace nines::sealing {
namespace {

std::string Digits(absl::int128 number) {
  std::ostringstream digits;
  digits << number;
  return digits.str();
}

std::optional<std::string> Percent(const std::optional<sla::Ratio>& ratio) {
  return ratio.has_value() ? std::optional(sla::PercentText(*ratio)) : std::nullopt;
}

void FillTerms(const catalogue::ContractVersion& version, seal::SealedTarget& sealed) {
  sealed.contract = version.id.value();
  sealed.contract_position = version.position.value();
  sealed.objective_ppm = version.terms.objective_ppm;
  sealed.time_zone = version.terms.time_zone;
  sealed.basis = sla::BasisName(version.terms.basis);
  sealed.degraded_counts_as = sla::DegradedCountsAsName(version.terms.degraded_counts_as);
  sealed.no_data = sla::NoDataName(version.terms.no_data);
  sealed.min_coverage_ppm = version.terms.min_coverage_ppm;
  sealed.min_outage_ms = version.terms.min_outage_ms;
}

void FillAssessment(const sla::Assessment& assessment, seal::SealedTarget& sealed) {
  sealed.up_ms = assessment.account.up_ms;
  sealed.degraded_ms = assessment.account.degraded_ms;
  sealed.down_ms = assessment.account.down_ms;
  sealed.unknown_ms = assessment.account.unknown_ms;
  sealed.excluded_ms = assessment.account.excluded_ms;
  sealed.good_ms = assessment.good_ms;
  sealed.bad_ms = assessment.bad_ms;
  sealed.coverage_ppm = assessment.coverage_ppm;
  sealed.availability_percent = Percent(assessment.availability);
  sealed.lower_percent = Percent(assessment.lower);
  sealed.upper_percent = Percent(assessment.upper);
  sealed.verdict = sla::VerdictName(assessment.verdict);
  sealed.budget_ms = assessment.budget_ms;
  sealed.spent_ms = assessment.spent_ms;
  sealed.left_ms = assessment.left_ms;
  sealed.longest_outage_ms = assessment.longest_ms;
  sealed.mttr_ms = assessment.mttr_ms;
  sealed.mtbf_ms = assessment.mtbf_ms;
  for (const sla::Outage& outage : assessment.outages) {
    sealed.outages.push_back({outage.whole.start_ms, outage.whole.end_ms, outage.inside.length_ms(), outage.open});
  }
}

seal::SealedTarget SealedOf(const report::TargetReport& report) {
  const catalogue::Target& target = *report.target;
  seal::SealedTarget sealed;
  sealed.id = target.id.value();
  sealed.name_zh = target.name.zh;
  sealed.name_en = target.name.en;
  sealed.provider = target.provider.value();
  sealed.region = target.region.value();
  sealed.agency = target.agency.value();
  sealed.system = target.system.value();
  sealed.weight = target.weight;
  sealed.period_start_ms = report.period.start_ms;
  sealed.period_end_ms = report.period.end_ms;
  FillTerms(*report.contract, sealed);
  FillAssessment(report.assessment, sealed);
  sealed.observed_not_declared_ms = report.observed_not_declared_ms;
  sealed.declared_not_observed_ms = report.declared_not_observed_ms;
  for (const report::MonthCredit& credit : report.credits) {
    sealed.credits.push_back({credit.month, std::string(sla::VerdictName(credit.verdict)), credit.credit_ppm,
                              credit.fee_fen, credit.credit_fen});
  }
  return sealed;
}

}  // namespace

report::Filter FilterOf(const seal::Scope& scope) {
  report::Filter filter;
  if (scope.kind == seal::Scope::Kind::kProvider) filter.provider = ProviderId(scope.id);
  if (scope.kind == seal::Scope::Kind::kAgency) filter.agency = AgencyId(scope.id);
  return filter;
}

absl::StatusOr<report::Period> PeriodOf(std::string_view label) {
  using report::PeriodKind;
  report::Period period{PeriodKind::kMonth, std::string(label), {}};
  if (label.starts_with("FY")) {
    period.kind = PeriodKind::kFeeYear;
  } else if (label.find('Q') != std::string_view::npos) {
    period.kind = PeriodKind::kQuarter;
  } else if (label.find('-') == std::string_view::npos) {
    period.kind = PeriodKind::kYear;
  }
  if (absl::Status status = report::IntervalOf(period, "UTC").status(); !status.ok()) return status;
  return period;
}

seal::SealedReport ToSealed(const report::Report& report, const seal::Scope& scope) {
  seal::SealedReport sealed;
  sealed.period = report.period_label;
  sealed.scope = scope;
  sealed.ledger_position = report.ledger_position.value();
  sealed.now_ms = report.generated_ms;
  sealed.availability_percent = report.pooled.Percent();
  sealed.weighted_good_ms = Digits(report.pooled.good);
  sealed.weighted_counted_ms = Digits(report.pooled.all);
  sealed.worst = report.worst.value();
  sealed.met = report.pooled.met;
  sealed.breached = report.pooled.breached;
  sealed.undetermined = report.pooled.undetermined;
  sealed.not_applicable = report.pooled.not_applicable;
  for (const report::TargetReport& target : report.targets) sealed.targets.push_back(SealedOf(target));
  return sealed;
}

seal::SealedTimelines TimelinesOf(const report::Report& report, const seal::Scope& scope) {
  seal::SealedTimelines sealed;
  sealed.period = report.period_label;
  sealed.scope = scope;
  sealed.ledger_position = report.ledger_position.value();
  sealed.now_ms = report.generated_ms;
  for (const report::TargetReport& target : report.targets) {
    seal::SealedTimeline& timeline = sealed.targets.emplace_back();
    timeline.target = target.target->id.value();
    for (const sla::Span& span : target.observed) {
      timeline.spans.push_back({span.start_ms, span.end_ms, std::string(sla::StateName(span.state))});
    }
  }
  return sealed;
}

absl::StatusOr<report::ObservedTimelines> FromSealed(const seal::SealedTimelines& timelines) {
  report::ObservedTimelines observed;
  for (const seal::SealedTimeline& sealed : timelines.targets) {
    sla::Timeline& timeline = observed[TargetId(sealed.target)];
    for (const seal::SealedSpan& span : sealed.spans) {
      const std::optional<sla::State> state = sla::ParseState(span.state);
      if (!state.has_value()) {
        return absl::DataLossError(
            StrCat("the sealed timeline of ", sealed.target, " has the state '", span.state, "', which is none"));
      }
      timeline.push_back({span.start_ms, span.end_ms, *state});
    }
  }
  return observed;
}

}  // namespace nines::sealing
