#include "daemon/sealing/causes.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "base/text.h"
#include "daemon/report/observation.h"

namespace nines::sealing {
namespace {

// What a target is made of, in one or several catalogues.
class Parts {
 public:
  explicit Parts(TargetId target) : target_(std::move(target)) {}

  void Add(const catalogue::Catalogue& catalogue) {
    const auto found = catalogue.targets.find(target_);
    if (found == catalogue.targets.end()) return;
    targets_.push_back(&found->second);
    entries_.emplace("system", found->second.system.value());
    const report::Plan plan = report::PlanOf(catalogue, found->second);
    for (const catalogue::Check* check : plan.checks) entries_.emplace("check", check->id.value());
    for (const report::Plan::Step& step : plan.steps) {
      entries_.emplace("target", step.target->id.value());
      for (const catalogue::ContractVersion& version : step.target->contracts) {
        entries_.emplace("contract", version.id.value());
      }
    }
  }

  bool Has(const std::string& kind, const std::string& id) const { return entries_.contains({kind, id}); }
  bool Covered(const ledger::Scope& scope, const ProviderId& provider) const {
    return std::any_of(targets_.begin(), targets_.end(), [&](const catalogue::Target* target) {
      return catalogue::Catalogue::Covers(scope, provider, *target);
    });
  }
  const TargetId& target() const { return target_; }

 private:
  TargetId target_;
  std::vector<const catalogue::Target*> targets_;
  std::set<std::pair<std::string, std::string>> entries_;  // kind and id
};

bool Overlap(const Interval& period, int64_t start_ms, int64_t end_ms) {
  return start_ms < period.end_ms && end_ms > period.start_ms;
}

struct Concerns {
  const Parts& parts;
  const Interval& period;
  const ProviderId& provider;

  bool operator()(const ledger::Declaration& body) const {
    return Overlap(period, body.start_ms, body.end_ms.value_or(kTimeMaxMs)) && parts.Covered(body.scope, provider);
  }
  bool operator()(const ledger::Maintenance& body) const {
    return Overlap(period, body.start_ms, body.end_ms) && parts.Covered(body.scope, provider);
  }
  bool operator()(const ledger::Ruling& body) const {
    return Overlap(period, body.start_ms, body.end_ms) && body.target == parts.target();
  }
  bool operator()(const ledger::CatalogueChange& body) const { return parts.Has(body.kind, body.id); }
  bool operator()(const ledger::Seal&) const { return false; }
};

struct Namer {
  std::string operator()(const ledger::Declaration& body) const {
    return StrCat("declaration ", body.source, "/", body.id, body.withdrawn ? ", withdrawn," : "");
  }
  std::string operator()(const ledger::Maintenance& body) const {
    return StrCat("maintenance ", body.source, "/", body.id, body.cancelled_ms.has_value() ? ", cancelled," : "");
  }
  std::string operator()(const ledger::Ruling& body) const {
    return StrCat("ruling ", body.id, body.revoked ? ", revoked," : "");
  }
  std::string operator()(const ledger::CatalogueChange& body) const {
    return StrCat(body.kind, " ", body.id, body.bytes.empty() ? ", retired," : "");
  }
  std::string operator()(const ledger::Seal&) const { return "seal"; }
};

struct Reason {
  std::string operator()(const ledger::Declaration& body) const { return body.title; }
  std::string operator()(const ledger::Maintenance& body) const { return body.title; }
  std::string operator()(const ledger::Ruling& body) const { return body.reason; }
  std::string operator()(const ledger::CatalogueChange&) const { return ""; }
  std::string operator()(const ledger::Seal&) const { return ""; }
};

seal::Cause CauseOf(const ledger::Fact& fact) {
  const std::string reason = std::visit(Reason{}, fact.body);
  return {fact.id.value(),
          StrCat(std::visit(Namer{}, fact.body), " by ", fact.author, reason.empty() ? "" : ": ", reason)};
}

}  // namespace

absl::StatusOr<Causes> Causes::Between(const ledger::Ledger& ledger, FactId after, FactId to) {
  Causes causes(ledger);
  NINES_ASSIGN_OR_RETURN(causes.before_, catalogue::BuildCatalogue(ledger, after));
  NINES_ASSIGN_OR_RETURN(causes.now_, catalogue::BuildCatalogue(ledger, to));
  causes.facts_ = ledger.List(FactId(after.value() + 1), to.value() - after.value());
  return causes;
}

Causes::OfTarget Causes::Of(const TargetId& target, Interval period) const {
  Parts parts(target);
  parts.Add(*before_);
  parts.Add(*now_);
  OfTarget of;
  for (const std::shared_ptr<const ledger::Fact>& fact : facts_) {
    const Concerns concerns{parts, period, fact->provider};
    const std::shared_ptr<const ledger::Fact> replaced = ledger_.Get(ledger_.Replaces(fact->id));
    const bool before = replaced != nullptr && std::visit(concerns, replaced->body);
    if (!before && !std::visit(concerns, fact->body)) continue;
    of.causes.push_back(CauseOf(*fact));
    of.observing |= ledger::KindOf(fact->body) == ledger::FactKind::kCatalogue;
  }
  return of;
}

}  // namespace nines::sealing
