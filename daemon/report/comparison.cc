#include "daemon/report/comparison.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <variant>

#include "base/status_macros.h"

namespace nines::report {
namespace {

// The first version of a declaration that told of the incident as the last one does.
const ledger::Fact& FirstTelling(const ledger::Fact& fact, const ledger::Ledger& ledger,
                                 std::shared_ptr<const ledger::Fact>& holder) {
  const ledger::Scope& scope = std::get<ledger::Declaration>(fact.body).scope;
  const ledger::Fact* first = &fact;
  for (FactId id = ledger.Replaces(fact.id); id != FactId(); id = ledger.Replaces(id)) {
    std::shared_ptr<const ledger::Fact> before = ledger.Get(id);
    const auto& body = std::get<ledger::Declaration>(before->body);
    if (body.withdrawn || body.impact == ledger::Impact::kNone || body.scope != scope) break;
    holder = std::move(before);
    first = holder.get();
  }
  return *first;
}

Lateness LatenessOf(const std::map<FactId, ComparedDeclaration>& declarations, int64_t ComparedDeclaration::*when_ms) {
  Lateness lateness;
  std::vector<int64_t> late_ms;
  for (const auto& [fact, declaration] : declarations) {
    late_ms.push_back(std::max<int64_t>(0, declaration.*when_ms - declaration.interval.start_ms));
    if (declaration.*when_ms >= declaration.interval.end_ms) ++lateness.after_end;
  }
  std::sort(late_ms.begin(), late_ms.end());
  const size_t middle = late_ms.size() / 2;
  lateness.median_ms = late_ms.size() % 2 == 1 ? late_ms[middle] : (late_ms[middle - 1] + late_ms[middle]) / 2;
  lateness.longest_ms = late_ms.back();
  return lateness;
}

void AddDifferences(DifferenceKind kind, const std::vector<Interval>& intervals, const TargetComparison& compared,
                    std::span<const sla::Override> overrides, std::vector<DifferenceSpan>& spans) {
  for (const Interval& interval : intervals) {
    for (const sla::Span& observed : sla::Clip(compared.observed, interval)) {
      for (const sla::Span& declared : sla::Clip(compared.declared, observed.interval())) {
        spans.push_back({.kind = kind,
                         .interval = declared.interval(),
                         .observed = observed.state,
                         .declared = declared.state,
                         .excluded_ms = sla::ExcludedMs(overrides, declared.interval()),
                         .checks = {},
                         .facts = {}});
      }
    }
  }
}

std::vector<DifferenceSpan> DifferencesOf(const TargetComparison& compared, std::span<const sla::Override> overrides) {
  const sla::Difference difference = sla::DifferenceOf(compared.observed, compared.declared);
  std::vector<DifferenceSpan> spans;
  AddDifferences(DifferenceKind::kObservedNotDeclared, difference.observed_not_declared, compared, overrides, spans);
  AddDifferences(DifferenceKind::kDeclaredNotObserved, difference.declared_not_observed, compared, overrides, spans);
  std::sort(spans.begin(), spans.end(),
            [](const DifferenceSpan& a, const DifferenceSpan& b) { return a.interval.start_ms < b.interval.start_ms; });
  return spans;
}

ComparedTime TimeOf(const TargetComparison& compared, Interval accounted) {
  const sla::Account observed = sla::AccountOf(compared.observed, accounted);
  const sla::Account declared = sla::AccountOf(compared.declared, accounted);
  ComparedTime time{.observed_down_ms = observed.down_ms,
                    .observed_degraded_ms = observed.degraded_ms,
                    .observed_unknown_ms = observed.unknown_ms,
                    .declared_down_ms = declared.down_ms,
                    .declared_degraded_ms = declared.degraded_ms};
  for (const DifferenceSpan& span : compared.differences) {
    const bool not_declared = span.kind == DifferenceKind::kObservedNotDeclared;
    (not_declared ? time.observed_not_declared_ms : time.declared_not_observed_ms) += span.interval.length_ms();
    (not_declared ? time.observed_not_declared_excluded_ms : time.declared_not_observed_excluded_ms) +=
        span.excluded_ms;
  }
  return time;
}

// Everything but the evidence and the declarations.
TargetComparison Compared(const TargetReport& report, const Observation& observation,
                          std::span<const sla::Override> overrides, sla::ContractTerms terms, int64_t now_ms) {
  TargetComparison compared;
  compared.target = report.target;
  compared.contract = report.contract;
  compared.period = report.period;
  compared.accounted_to_ms = report.accounted_to_ms;
  const Interval accounted = {report.period.start_ms, report.accounted_to_ms};
  compared.observed = sla::Clip(observation.timelines.observed, accounted);
  compared.declared = sla::Clip(observation.timelines.declared, accounted);
  for (size_t i = 0; i < kBases.size(); ++i) {
    const sla::Timeline counted =
        sla::ApplyOverrides(sla::ApplyBasis(kBases[i], compared.observed, compared.declared), overrides);
    compared.on_basis[i] = sla::Assess(counted, report.period, terms, now_ms, /*excluded_ahead_ms=*/0);
  }
  compared.differences = DifferencesOf(compared, overrides);
  compared.time = TimeOf(compared, accounted);
  return compared;
}

absl::StatusOr<std::vector<CheckEvidence>> ChecksAt(const series::Store& store, const Plan& plan,
                                                    const DifferenceSpan& span, int64_t now_ms) {
  std::vector<CheckEvidence> all, in_state;
  for (const catalogue::Check* check : plan.checks) {
    NINES_ASSIGN_OR_RETURN(CheckEvidence evidence, EvidenceOf(store, *check, span.interval.start_ms, now_ms));
    if (evidence.state == span.observed) in_state.push_back(evidence);
    all.push_back(std::move(evidence));
  }
  return in_state.empty() ? all : in_state;
}

std::vector<FactEvidence> FactsIn(const Plan& plan, const Recorded& recorded, std::span<const sla::Override> overrides,
                                  const Interval& interval) {
  std::vector<FactEvidence> facts;
  for (const sla::DeclaredSpan& span : recorded.declarations) {
    if (!span.interval.Overlaps(interval)) continue;
    facts.push_back({"declaration", span.id, span.fact, std::string(sla::StateName(span.impact))});
  }
  for (const sla::Override& each : overrides) {
    if (!each.interval.Overlaps(interval)) continue;
    FactEvidence fact = EvidenceOf(each, plan, recorded, std::max(each.interval.start_ms, interval.start_ms));
    // Service hours decide every night.
    const bool again = std::any_of(facts.begin(), facts.end(), [&](const FactEvidence& before) {
      return before.kind == fact.kind && before.name == fact.name && before.fact == fact.fact;
    });
    if (!again) facts.push_back(std::move(fact));
  }
  return facts;
}

// The targets of one provider.
class ProviderGathering {
 public:
  void Add(const TargetComparison& compared) {
    time_ += compared.time;
    targets_.push_back(compared.target->id);
    for (size_t i = 0; i < kBases.size(); ++i) {
      members_[i].push_back(sla::MemberOf(compared.on_basis[i], compared.target->weight));
    }
    for (const ComparedDeclaration& declaration : compared.declarations) {
      declarations_.try_emplace(declaration.fact, declaration);
    }
  }

  ProviderComparison Sum(const ProviderId& provider, const catalogue::Catalogue& catalogue) const {
    ProviderComparison sum;
    sum.provider = provider;
    if (const auto found = catalogue.providers.find(provider); found != catalogue.providers.end()) {
      sum.name = found->second;
    }
    sum.targets = targets_.size();
    sum.time = time_;
    sum.declarations = declarations_.size();
    if (!declarations_.empty()) {
      sum.told = LatenessOf(declarations_, &ComparedDeclaration::told_ms);
      sum.recorded = LatenessOf(declarations_, &ComparedDeclaration::recorded_ms);
    }
    for (size_t i = 0; i < kBases.size(); ++i) {
      sum.on_basis[i] = sla::Pool(members_[i]);
      if (sum.on_basis[i].worst.has_value()) sum.worst[i] = targets_[*sum.on_basis[i].worst];
    }
    return sum;
  }

 private:
  ComparedTime time_;
  std::vector<TargetId> targets_;
  std::array<std::vector<sla::PooledMember>, kBases.size()> members_;
  std::map<FactId, ComparedDeclaration> declarations_;
};

}  // namespace

ComparedTime& ComparedTime::operator+=(const ComparedTime& other) {
  observed_down_ms += other.observed_down_ms;
  observed_degraded_ms += other.observed_degraded_ms;
  observed_unknown_ms += other.observed_unknown_ms;
  declared_down_ms += other.declared_down_ms;
  declared_degraded_ms += other.declared_degraded_ms;
  observed_not_declared_ms += other.observed_not_declared_ms;
  declared_not_observed_ms += other.declared_not_observed_ms;
  observed_not_declared_excluded_ms += other.observed_not_declared_excluded_ms;
  declared_not_observed_excluded_ms += other.declared_not_observed_excluded_ms;
  return *this;
}

std::vector<ComparedDeclaration> DeclarationsIn(std::span<const ledger::Fact* const> facts, Interval accounted,
                                                const ledger::Ledger& ledger) {
  std::vector<ComparedDeclaration> declarations;
  for (const ledger::Fact* fact : facts) {
    const auto& body = std::get<ledger::Declaration>(fact->body);
    sla::DeclaredSpan span = SpanOf(*fact);
    if (!span.interval.Overlaps(accounted)) continue;
    std::shared_ptr<const ledger::Fact> holder;
    const ledger::Fact& first = FirstTelling(*fact, ledger, holder);
    const auto& first_body = std::get<ledger::Declaration>(first.body);
    declarations.push_back({.id = std::move(span.id),
                            .fact = span.fact,
                            .impact = span.impact,
                            .interval = span.interval,
                            .recorded_ms = first.recorded_ms,
                            .told_ms = body.told_ms ? *body.told_ms : first_body.told_ms.value_or(first.recorded_ms),
                            .author = fact->author,
                            .title = body.title});
  }
  return declarations;
}

absl::StatusOr<Comparison> Reporter::Compare(const Period& period, const Filter& filter, const std::string& first,
                                             size_t page_size, const AsOf& as_of) const {
  NINES_RETURN_IF_ERROR(IntervalOf(period, sla::Contract().time_zone).status());
  NINES_ASSIGN_OR_RETURN(const Moment moment, MomentOf(as_of));
  const World& world = moment.world;
  NINES_RETURN_IF_ERROR(CheckFilter(filter, *world.catalogue));
  Comparison comparison{.catalogue = world.catalogue,
                        .ledger_position = world.position,
                        .generated_ms = moment.now_ms,
                        .period_label = LabelOf(period),
                        .targets = {},
                        .providers = {},
                        .total = 0,
                        .next_target = ""};
  std::map<ProviderId, ProviderGathering> providers;
  for (const auto& [id, target] : world.catalogue->targets) {
    if (!Matches(filter, target)) continue;
    ++comparison.total;
    const bool on_page = id.value() >= first && comparison.targets.size() < page_size;
    if (!on_page && id.value() >= first && comparison.next_target.empty()) comparison.next_target = id.value();
    // Sums are of all targets, and stand on the first page.
    if (!on_page && !first.empty()) continue;
    NINES_ASSIGN_OR_RETURN(const Built built, BuildTarget(moment, target, period));
    const Interval accounted = {built.report.period.start_ms, built.report.accounted_to_ms};
    const std::vector<sla::Term>& terms = built.plan.steps.back().terms;
    const std::vector<sla::Override> overrides = sla::OverridesOf(built.recorded.exclusions.back(), terms, accounted);
    TargetComparison compared = Compared(built.report, built.observation, overrides, terms, moment.now_ms);
    compared.declarations = DeclarationsIn(world.declarations.FactsOf(target), accounted, ledger_);
    if (first.empty()) providers[target.provider].Add(compared);
    if (!on_page) continue;
    for (DifferenceSpan& span : compared.differences) {
      NINES_ASSIGN_OR_RETURN(span.checks, ChecksAt(store_, built.plan, span, moment.now_ms));
      span.facts = FactsIn(built.plan, built.recorded, overrides, span.interval);
    }
    comparison.targets.push_back(std::move(compared));
  }
  for (const auto& [provider, gathering] : providers) {
    comparison.providers.push_back(gathering.Sum(provider, *world.catalogue));
  }
  return comparison;
}

}  // namespace nines::report
