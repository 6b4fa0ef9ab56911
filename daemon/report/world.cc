#include "daemon/report/world.h"

#include <algorithm>
#include <variant>

#include "base/status_macros.h"

namespace nines::report {
namespace {

sla::DeclaredSpan ToSpan(const ledger::Declaration& declaration) {
  return {.interval = {declaration.start_ms, declaration.end_ms.value_or(kTimeMaxMs)},
          .impact = declaration.impact == ledger::Impact::kDown ? sla::State::kDown : sla::State::kDegraded,
          .id = StrCat(declaration.source, "/", declaration.id)};
}

}  // namespace

Declarations Declarations::In(const ledger::Ledger& ledger) {
  Declarations declarations;
  for (auto& fact : ledger.Current(ledger::FactKind::kDeclaration)) {
    const auto& body = std::get<ledger::Declaration>(fact->body);
    if (body.withdrawn || body.impact == ledger::Impact::kNone) continue;
    declarations.by_scope_[{body.scope.kind, body.scope.id}].push_back(fact);
  }
  return declarations;
}

std::vector<sla::DeclaredSpan> Declarations::Of(const catalogue::Target& target) const {
  const Key scopes[] = {{ledger::ScopeKind::kTarget, target.id.value()},
                        {ledger::ScopeKind::kProvider, target.provider.value()},
                        {ledger::ScopeKind::kRegion, target.region.value()},
                        {ledger::ScopeKind::kService, target.service}};
  std::vector<const ledger::Fact*> facts;
  for (const Key& scope : scopes) {
    const auto found = by_scope_.find(scope);
    if (found == by_scope_.end()) continue;
    for (const auto& fact : found->second) {
      const auto& body = std::get<ledger::Declaration>(fact->body);
      if (catalogue::Catalogue::Covers(body.scope, fact->provider, target)) facts.push_back(fact.get());
    }
  }
  std::sort(facts.begin(), facts.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  std::vector<sla::DeclaredSpan> spans;
  spans.reserve(facts.size());
  for (const ledger::Fact* fact : facts) spans.push_back(ToSpan(std::get<ledger::Declaration>(fact->body)));
  return spans;
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
    if (ledger.LastPosition() == world.position) break;
  }
  return world;
}

}  // namespace nines::report
