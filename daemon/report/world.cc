#include "daemon/report/world.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/status_macros.h"

namespace nines::report {
namespace {

sla::State ToState(ledger::RulingState state) {
  switch (state) {
    case ledger::RulingState::kUp:
      return sla::State::kUp;
    case ledger::RulingState::kDown:
      return sla::State::kDown;
    case ledger::RulingState::kExcluded:
      break;
  }
  return sla::State::kExcluded;
}

sla::Ruling ToRuling(const ledger::Fact& fact) {
  const auto& ruling = std::get<ledger::Ruling>(fact.body);
  return {.interval = {ruling.start_ms, ruling.end_ms},
          .state = ToState(ruling.state),
          .revoked = ruling.revoked,
          .id = ruling.id,
          .fact = fact.id};
}

sla::MaintenanceWindow ToWindow(const ledger::Fact& fact) {
  const auto& maintenance = std::get<ledger::Maintenance>(fact.body);
  return {.interval = {maintenance.start_ms, maintenance.end_ms},
          .announced_ms = maintenance.announced_ms.value_or(fact.recorded_ms),
          .cancelled_ms = maintenance.cancelled_ms,
          .id = StrCat(maintenance.source, "/", maintenance.id),
          .fact = fact.id};
}

}  // namespace

sla::DeclaredSpan SpanOf(const ledger::Fact& fact) {
  const auto& declaration = std::get<ledger::Declaration>(fact.body);
  return {.interval = {declaration.start_ms, declaration.end_ms.value_or(kTimeMaxMs)},
          .impact = declaration.impact == ledger::Impact::kDown ? sla::State::kDown : sla::State::kDegraded,
          .id = StrCat(declaration.source, "/", declaration.id),
          .fact = fact.id};
}

void ScopedFacts::Add(const ledger::Scope& scope, std::shared_ptr<const ledger::Fact> fact) {
  by_scope_[{scope.kind, scope.id}].push_back({scope, std::move(fact)});
}

std::vector<const ledger::Fact*> ScopedFacts::Of(const catalogue::Target& target) const {
  const std::pair<ledger::ScopeKind, std::string> scopes[] = {{ledger::ScopeKind::kTarget, target.id.value()},
                                                              {ledger::ScopeKind::kProvider, target.provider.value()},
                                                              {ledger::ScopeKind::kRegion, target.region.value()},
                                                              {ledger::ScopeKind::kService, target.service}};
  std::vector<const ledger::Fact*> facts;
  for (const auto& scope : scopes) {
    const auto found = by_scope_.find(scope);
    if (found == by_scope_.end()) continue;
    for (const Scoped& scoped : found->second) {
      if (catalogue::Catalogue::Covers(scoped.scope, scoped.fact->provider, target)) facts.push_back(scoped.fact.get());
    }
  }
  std::sort(facts.begin(), facts.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  return facts;
}

Declarations Declarations::In(const ledger::Ledger& ledger) { return In(ledger, FactId(UINT64_MAX)); }

Declarations Declarations::In(const ledger::Ledger& ledger, FactId as_of) {
  Declarations declarations;
  for (auto& fact : ledger.Current(ledger::FactKind::kDeclaration, as_of)) {
    const auto& body = std::get<ledger::Declaration>(fact->body);
    if (body.withdrawn || body.impact == ledger::Impact::kNone) continue;
    declarations.facts_.Add(body.scope, fact);
  }
  return declarations;
}

std::vector<sla::DeclaredSpan> Declarations::Of(const catalogue::Target& target) const {
  std::vector<sla::DeclaredSpan> spans;
  for (const ledger::Fact* fact : facts_.Of(target)) spans.push_back(SpanOf(*fact));
  return spans;
}

ExclusionFacts ExclusionFacts::In(const ledger::Ledger& ledger) { return In(ledger, FactId(UINT64_MAX)); }

ExclusionFacts ExclusionFacts::In(const ledger::Ledger& ledger, FactId as_of) {
  ExclusionFacts facts;
  for (auto& fact : ledger.Current(ledger::FactKind::kRuling, as_of)) {
    const auto& body = std::get<ledger::Ruling>(fact->body);
    if (!body.revoked) facts.rulings_.Add({ledger::ScopeKind::kTarget, body.target.value()}, fact);
  }
  for (auto& fact : ledger.Current(ledger::FactKind::kMaintenance, as_of)) {
    facts.maintenance_.Add(std::get<ledger::Maintenance>(fact->body).scope, fact);
  }
  return facts;
}

sla::Exclusions ExclusionFacts::Of(const catalogue::Target& target) const {
  sla::Exclusions exclusions;
  exclusions.in_service = target.in_service;
  for (const ledger::Fact* fact : rulings_.Of(target)) exclusions.rulings.push_back(ToRuling(*fact));
  for (const ledger::Fact* fact : maintenance_.Of(target)) exclusions.maintenance.push_back(ToWindow(*fact));
  return exclusions;
}

absl::StatusOr<World> ReadWorld(const ledger::Ledger& ledger, catalogue::Cache& cache) {
  // Facts can be published between the reads. Facts are rare: after a few rounds it is quiet, and the position read
  // first is never too high.
  constexpr int kRounds = 8;
  World world;
  for (int round = 0; round < kRounds; ++round) {
    world.position = ledger.LastPosition();
    NINES_ASSIGN_OR_RETURN(world.catalogue, cache.Get());
    world.declarations = Declarations::In(ledger);
    world.exclusions = ExclusionFacts::In(ledger);
    if (ledger.LastPosition() == world.position) break;
  }
  return world;
}

absl::StatusOr<World> ReadWorldAt(const ledger::Ledger& ledger, FactId as_of) {
  NINES_ASSIGN_OR_RETURN(auto catalogue, catalogue::BuildCatalogue(ledger, as_of));
  return World{std::move(catalogue), Declarations::In(ledger, as_of), ExclusionFacts::In(ledger, as_of), as_of};
}

}  // namespace nines::report
