#include "daemon/report/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "daemon/report/history.h"
#include "daemon/report/observation.h"

namespace nines::report {
namespace {

int64_t SumMs(const std::vector<Interval>& intervals) {
  int64_t sum_ms = 0;
  for (const Interval& interval : intervals) sum_ms += interval.length_ms();
  return sum_ms;
}

}  // namespace

absl::Status CheckFilter(const Filter& filter, const catalogue::Catalogue& catalogue) {
  if (!filter.provider.value().empty() && !catalogue.providers.contains(filter.provider)) {
    return absl::NotFoundError(StrCat("provider '", filter.provider.value(), "' is not in the catalogue"));
  }
  if (!filter.agency.value().empty() && !catalogue.agencies.contains(filter.agency)) {
    return absl::NotFoundError(StrCat("agency '", filter.agency.value(), "' is not in the catalogue"));
  }
  for (const TargetId& id : filter.targets) {
    if (!catalogue.targets.contains(id)) {
      return absl::NotFoundError(StrCat("target '", id.value(), "' is not in the catalogue"));
    }
  }
  return absl::OkStatus();
}

bool Matches(const Filter& filter, const catalogue::Target& target) {
  if (!filter.provider.value().empty() && target.provider != filter.provider) return false;
  if (!filter.agency.value().empty() && target.agency != filter.agency) return false;
  return filter.targets.empty() ||
         std::find(filter.targets.begin(), filter.targets.end(), target.id) != filter.targets.end();
}

absl::StatusOr<TargetReport> Reporter::BuildTarget(const World& world, const catalogue::Target& target,
                                                   const Period& period, int64_t now_ms) const {
  const sla::Contract& contract = target.contract.terms;
  TargetReport report;
  report.target = &target;
  NINES_ASSIGN_OR_RETURN(report.period, IntervalOf(period, contract.time_zone));
  report.accounted_to_ms = std::max(report.period.start_ms, std::min(report.period.end_ms, now_ms));
  const Interval accounted = {report.period.start_ms, report.accounted_to_ms};
  sla::TargetTimelines timelines;
  if (!accounted.empty()) {
    const std::vector<sla::DeclaredSpan> declarations = world.declarations.Of(target);
    NINES_ASSIGN_OR_RETURN(Observation observation,
                           ObserveHistory(store_, PlanOf(*world.catalogue, target), declarations, accounted, now_ms));
    timelines = std::move(observation.timelines);
    const sla::Difference difference =
        sla::DifferenceOf(sla::Clip(timelines.observed, accounted), sla::Clip(timelines.declared, accounted));
    report.observed_not_declared_ms = SumMs(difference.observed_not_declared);
    report.declared_not_observed_ms = SumMs(difference.declared_not_observed);
  }
  report.assessment = sla::Assess(timelines.counted, report.period, contract, now_ms);
  report.account = report.assessment.account;
  return report;
}

absl::StatusOr<Report> Reporter::Build(const Period& period, const Filter& filter, const std::string& first,
                                       size_t page_size) const {
  Report report;
  report.generated_ms = clock_.NowMs();
  report.period_label = LabelOf(period);
  // Also where there is no target whose zone could tell.
  NINES_RETURN_IF_ERROR(IntervalOf(period, sla::Contract().time_zone).status());
  NINES_ASSIGN_OR_RETURN(const World world, ReadWorld(ledger_, catalogue_));
  report.catalogue = world.catalogue;
  report.ledger_position = world.position;
  NINES_RETURN_IF_ERROR(CheckFilter(filter, *world.catalogue));
  std::vector<sla::PooledMember> members;
  std::vector<TargetId> member_ids;
  for (const auto& [id, target] : world.catalogue->targets) {
    if (!Matches(filter, target)) continue;
    NINES_ASSIGN_OR_RETURN(TargetReport built, BuildTarget(world, target, period, report.generated_ms));
    members.push_back(sla::MemberOf(built.assessment, target.weight));
    member_ids.push_back(id);
    if (id.value() < first) continue;
    if (report.targets.size() < page_size) {
      report.targets.push_back(std::move(built));
    } else if (report.next_target.empty()) {
      report.next_target = id.value();
    }
  }
  report.total = members.size();
  report.pooled = sla::Pool(members);
  if (report.pooled.worst.has_value()) report.worst = member_ids[*report.pooled.worst];
  return report;
}

absl::StatusOr<std::vector<OutageEntry>> Reporter::OutagesIn(const Period& period, const Filter& filter) const {
  const int64_t now_ms = clock_.NowMs();
  NINES_RETURN_IF_ERROR(IntervalOf(period, sla::Contract().time_zone).status());
  NINES_ASSIGN_OR_RETURN(const World world, ReadWorld(ledger_, catalogue_));
  NINES_RETURN_IF_ERROR(CheckFilter(filter, *world.catalogue));
  std::vector<OutageEntry> entries;
  for (const auto& [id, target] : world.catalogue->targets) {
    if (!Matches(filter, target)) continue;
    const sla::Contract& contract = target.contract.terms;
    NINES_ASSIGN_OR_RETURN(Interval span, IntervalOf(period, contract.time_zone));
    span.end_ms = std::min(span.end_ms, now_ms);
    const Plan plan = PlanOf(*world.catalogue, target);
    const std::vector<sla::DeclaredSpan> declarations = world.declarations.Of(target);
    // A span may begin at the beginning of time: there is nothing to see before the first that is known.
    NINES_ASSIGN_OR_RETURN(const int64_t first_ms, FirstKnownMs(store_, plan, declarations));
    const Interval seen = {std::max(span.start_ms, first_ms), span.end_ms};
    if (seen.empty()) continue;
    NINES_ASSIGN_OR_RETURN(const Observation observation, ObserveHistory(store_, plan, declarations, seen, now_ms));
    for (sla::Outage& outage : sla::OutagesOf(observation.timelines.counted, span, contract, now_ms)) {
      entries.push_back({id, outage});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const OutageEntry& a, const OutageEntry& b) {
    return std::tie(a.outage.whole.start_ms, a.target) < std::tie(b.outage.whole.start_ms, b.target);
  });
  return entries;
}

absl::StatusOr<std::vector<OutageEntry>> Reporter::Outages(const Interval& span, const Filter& filter) const {
  return OutagesIn({.kind = PeriodKind::kSpan, .label = "", .span = span}, filter);
}

absl::StatusOr<std::vector<OutageEntry>> Reporter::OutagesOfMonth(const std::string& month,
                                                                  const Filter& filter) const {
  return OutagesIn({.kind = PeriodKind::kMonth, .label = month, .span = {}}, filter);
}

}  // namespace nines::report
