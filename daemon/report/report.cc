#include "daemon/report/report.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "base/time_text.h"
#include "daemon/report/history.h"
#include "daemon/report/observation.h"
#include "daemon/report/what_if.h"

namespace nines::report {
namespace {

int64_t SumMs(const std::vector<Interval>& intervals) {
  int64_t sum_ms = 0;
  for (const Interval& interval : intervals) sum_ms += interval.length_ms();
  return sum_ms;
}

std::string GroupOf(const catalogue::Target& target, GroupBy group_by) {
  switch (group_by) {
    case GroupBy::kProvider:
      return target.provider.value();
    case GroupBy::kRegion:
      return target.region.value();
    case GroupBy::kAgency:
      return target.agency.value();
    case GroupBy::kService:
      return target.service;
    case GroupBy::kNothing:
      break;
  }
  return "";
}

catalogue::Name GroupName(const std::string& id, GroupBy group_by, const catalogue::Catalogue& catalogue) {
  if (group_by == GroupBy::kProvider) {
    const auto found = catalogue.providers.find(ProviderId(id));
    if (found != catalogue.providers.end()) return found->second;
  } else if (group_by == GroupBy::kAgency) {
    const auto found = catalogue.agencies.find(AgencyId(id));
    if (found != catalogue.agencies.end()) return found->second;
  }
  return {};
}

// Members of one group, or of all targets.
class Pooling {
 public:
  void Add(const TargetId& target, const sla::PooledMember& member) {
    targets_.push_back(target);
    members_.push_back(member);
  }
  size_t size() const { return members_.size(); }
  sla::PoolResult Pool(TargetId* worst) const {
    const sla::PoolResult pooled = sla::Pool(members_);
    if (pooled.worst.has_value()) *worst = targets_[*pooled.worst];
    return pooled;
  }

 private:
  std::vector<TargetId> targets_;
  std::vector<sla::PooledMember> members_;
};

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

absl::StatusOr<Reporter::Moment> Reporter::MomentOf(const AsOf& as_of) const {
  const int64_t now_ms = clock_.NowMs();
  if (as_of.time_ms.has_value()) {
    if (*as_of.time_ms > now_ms) {
      return absl::InvalidArgumentError(StrCat("as of ", FormatTimeUtc(*as_of.time_ms), ": that is in the future"));
    }
    NINES_ASSIGN_OR_RETURN(World world, ReadWorldAt(ledger_, ledger_.PositionAt(*as_of.time_ms)));
    return Moment{std::move(world), *as_of.time_ms};
  }
  if (as_of.position.has_value()) {
    if (const FactId last = ledger_.LastPosition(); *as_of.position > last) {
      return absl::InvalidArgumentError(
          StrCat("as of position ", as_of.position->value(), ": the ledger's last position is ", last.value()));
    }
    NINES_ASSIGN_OR_RETURN(World world, ReadWorldAt(ledger_, *as_of.position));
    return Moment{std::move(world), now_ms};
  }
  NINES_ASSIGN_OR_RETURN(World world, ReadWorld(ledger_, catalogue_));
  return Moment{std::move(world), now_ms};
}

absl::StatusOr<Observation> Reporter::ObservationOf(const Plan& plan, const Recorded& recorded, Interval seen,
                                                    int64_t now_ms, const ObservedTimelines& observed) const {
  const auto found = observed.find(plan.steps.back().target->id);
  if (found == observed.end()) return ObserveHistory(store_, plan, recorded, seen, now_ms);
  return ObservationFrom(plan, recorded, found->second);
}

absl::StatusOr<Reporter::Built> Reporter::BuildTarget(const Moment& moment, const catalogue::Target& target,
                                                      const Period& period, const ObservedTimelines& observed) const {
  const int64_t now_ms = moment.now_ms;
  Built built{.plan = PlanOf(*moment.world.catalogue, target), .recorded = {}, .observation = {}, .report = {}};
  built.recorded = RecordedOf(moment.world, built.plan);
  TargetReport& report = built.report;
  report.target = &target;
  NINES_ASSIGN_OR_RETURN(report.period, IntervalOf(period, target));
  report.accounted_to_ms = std::max(report.period.start_ms, std::min(report.period.end_ms, now_ms));
  report.contract = &target.ContractAt(std::max(report.period.start_ms, report.accounted_to_ms - 1));
  const Interval accounted = {report.period.start_ms, report.accounted_to_ms};
  const bool is_open = report.period.Contains(now_ms);
  Interval seen = accounted;
  if (is_open) seen.start_ms = std::min(seen.start_ms, now_ms - kLongestBurnMs);
  if (!seen.empty()) {
    NINES_ASSIGN_OR_RETURN(built.observation, ObservationOf(built.plan, built.recorded, seen, now_ms, observed));
    const sla::TargetTimelines& timelines = built.observation.timelines;
    const sla::Difference difference =
        sla::DifferenceOf(sla::Clip(timelines.observed, accounted), sla::Clip(timelines.declared, accounted));
    report.observed_not_declared_ms = SumMs(difference.observed_not_declared);
    report.declared_not_observed_ms = SumMs(difference.declared_not_observed);
  }
  const sla::Timeline& timeline = built.observation.accounted;
  const sla::ContractTerms terms = built.plan.steps.back().terms;
  const Interval ahead = {report.accounted_to_ms, report.period.end_ms};
  const std::vector<sla::Override> overrides = sla::OverridesOf(built.recorded.exclusions.back(), terms, ahead);
  report.assessment = sla::Assess(timeline, report.period, terms, now_ms, sla::ExcludedMs(overrides, ahead));
  report.account = report.assessment.account;
  NINES_ASSIGN_OR_RETURN(report.credits, CreditsOf(timeline, target, report.period, now_ms));
  if (is_open) {
    const sla::Contract& contract = report.contract->terms;
    report.spending = SpendingOf(timeline, contract, report.assessment.left_ms, overrides, report.period, now_ms);
  }
  return built;
}

absl::StatusOr<Report> Reporter::Build(const Period& period, const Filter& filter, const std::string& first,
                                       size_t page_size, const ReportOptions& options) const {
  NINES_ASSIGN_OR_RETURN(Moment moment, MomentOf(options.as_of));
  if (options.what_if.has_value()) {
    NINES_ASSIGN_OR_RETURN(moment.world.catalogue, Under(*options.what_if, filter, *moment.world.catalogue));
  }
  return BuildAt(moment, period, filter, {first, page_size}, options.group_by, {});
}

absl::StatusOr<Report> Reporter::Rebuild(const Period& period, const Filter& filter, FactId position, int64_t now_ms,
                                         const ObservedTimelines& observed) const {
  NINES_ASSIGN_OR_RETURN(World world, ReadWorldAt(ledger_, position));
  return BuildAt({std::move(world), now_ms}, period, filter, {}, GroupBy::kNothing, observed);
}

absl::StatusOr<Report> Reporter::BuildAt(const Moment& moment, const Period& period, const Filter& filter,
                                         const Page& page, GroupBy group_by, const ObservedTimelines& observed) const {
  Report report;
  report.generated_ms = moment.now_ms;
  report.period_label = LabelOf(period);
  // Also where there is no target whose zone could tell.
  NINES_RETURN_IF_ERROR(IntervalOf(period, sla::Contract().time_zone).status());
  const World& world = moment.world;
  report.catalogue = world.catalogue;
  report.ledger_position = world.position;
  NINES_RETURN_IF_ERROR(CheckFilter(filter, *world.catalogue));
  Pooling all;
  std::map<std::string, Pooling> groups;
  for (const auto& [id, target] : world.catalogue->targets) {
    if (!Matches(filter, target)) continue;
    NINES_ASSIGN_OR_RETURN(Built built, BuildTarget(moment, target, period, observed));
    const sla::PooledMember member = sla::MemberOf(built.report.assessment, target.weight);
    all.Add(id, member);
    if (group_by != GroupBy::kNothing) groups[GroupOf(target, group_by)].Add(id, member);
    if (id.value() < page.first) continue;
    if (report.targets.size() < page.size) {
      built.report.observed = std::move(built.observation.timelines.observed);
      report.targets.push_back(std::move(built.report));
    } else if (report.next_target.empty()) {
      report.next_target = id.value();
    }
  }
  report.total = all.size();
  report.pooled = all.Pool(&report.worst);
  for (const auto& [id, pooling] : groups) {
    Group& group = report.groups.emplace_back();
    group.id = id;
    group.name = GroupName(id, group_by, *world.catalogue);
    group.members = pooling.size();
    group.pooled = pooling.Pool(&group.worst);
  }
  return report;
}

absl::StatusOr<AccountExplanation> Reporter::Explain(const Period& period, const TargetId& id) const {
  NINES_ASSIGN_OR_RETURN(const Moment moment, MomentOf({}));
  const World& world = moment.world;
  NINES_RETURN_IF_ERROR(CheckFilter({ProviderId(), AgencyId(), {id}}, *world.catalogue));
  NINES_ASSIGN_OR_RETURN(Built built, BuildTarget(moment, world.catalogue->targets.at(id), period));
  AccountExplanation explained{
      .catalogue = world.catalogue, .ledger_position = world.position, .report = std::move(built.report), .steps = {}};
  explained.steps =
      StepsOf(built.plan, built.recorded, built.observation, explained.report.period, explained.report.assessment);
  return explained;
}

absl::StatusOr<InstantExplanation> Reporter::ExplainAt(int64_t time_ms, const TargetId& id) const {
  NINES_ASSIGN_OR_RETURN(const Moment moment, MomentOf({}));
  const World& world = moment.world;
  if (time_ms >= moment.now_ms) {
    return absl::InvalidArgumentError("the instant is not over yet; give one before now");
  }
  NINES_RETURN_IF_ERROR(CheckFilter({ProviderId(), AgencyId(), {id}}, *world.catalogue));
  const Period instant = {PeriodKind::kSpan, "", {time_ms, time_ms + 1}};
  NINES_ASSIGN_OR_RETURN(const Built built, BuildTarget(moment, world.catalogue->targets.at(id), instant));
  NINES_ASSIGN_OR_RETURN(InstantExplanation explained,
                         ExplainInstant(store_, built.plan, built.recorded, built.observation, time_ms, moment.now_ms));
  explained.ledger_position = world.position;
  return explained;
}

absl::StatusOr<std::vector<OutageEntry>> Reporter::OutagesIn(const Period& period, const Filter& filter,
                                                             const AsOf& as_of) const {
  NINES_RETURN_IF_ERROR(IntervalOf(period, sla::Contract().time_zone).status());
  NINES_ASSIGN_OR_RETURN(const Moment moment, MomentOf(as_of));
  const auto& [world, now_ms] = moment;
  NINES_RETURN_IF_ERROR(CheckFilter(filter, *world.catalogue));
  std::vector<OutageEntry> entries;
  for (const auto& [id, target] : world.catalogue->targets) {
    if (!Matches(filter, target)) continue;
    NINES_ASSIGN_OR_RETURN(Interval span, IntervalOf(period, target));
    span.end_ms = std::min(span.end_ms, now_ms);
    const Plan plan = PlanOf(*world.catalogue, target);
    const Recorded recorded = RecordedOf(world, plan);
    // A span may begin at the beginning of time: there is nothing to see before the first that is known.
    NINES_ASSIGN_OR_RETURN(const int64_t first_ms, FirstKnownMs(store_, plan, recorded));
    const Interval seen = {std::max(span.start_ms, first_ms), span.end_ms};
    if (seen.empty()) continue;
    NINES_ASSIGN_OR_RETURN(const Observation observation, ObserveHistory(store_, plan, recorded, seen, now_ms));
    for (sla::Outage& outage : sla::OutagesOf(observation.accounted, span, plan.steps.back().terms, now_ms)) {
      entries.push_back({id, outage});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const OutageEntry& a, const OutageEntry& b) {
    return std::tie(a.outage.whole.start_ms, a.target) < std::tie(b.outage.whole.start_ms, b.target);
  });
  return entries;
}

absl::StatusOr<std::vector<StateEntry>> Reporter::States(const Interval& span, const Filter& filter) const {
  NINES_ASSIGN_OR_RETURN(const Moment moment, MomentOf({}));
  const auto& [world, now_ms] = moment;
  NINES_RETURN_IF_ERROR(CheckFilter(filter, *world.catalogue));
  std::vector<StateEntry> entries;
  for (const auto& [id, target] : world.catalogue->targets) {
    if (!Matches(filter, target)) continue;
    const Plan plan = PlanOf(*world.catalogue, target);
    NINES_ASSIGN_OR_RETURN(const Observation observation,
                           ObserveHistory(store_, plan, RecordedOf(world, plan), span, now_ms));
    for (const sla::Span& state : observation.accounted) {
      if (state.start_ms < span.end_ms && state.end_ms > span.start_ms) entries.push_back({id, state});
    }
  }
  return entries;
}

absl::StatusOr<std::vector<OutageEntry>> Reporter::Outages(const Interval& span, const Filter& filter,
                                                           const AsOf& as_of) const {
  return OutagesIn({.kind = PeriodKind::kSpan, .label = "", .span = span}, filter, as_of);
}

absl::StatusOr<std::vector<OutageEntry>> Reporter::OutagesOfMonth(const std::string& month, const Filter& filter,
                                                                  const AsOf& as_of) const {
  return OutagesIn({.kind = PeriodKind::kMonth, .label = month, .span = {}}, filter, as_of);
}

}  // namespace nines::report
