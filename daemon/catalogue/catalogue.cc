#include "daemon/catalogue/catalogue.h"

#include "base/status_macros.h"
#include "base/text.h"
#include "daemon/catalogue/circles.h"
#include "daemon/catalogue/terms.h"
#include "daemon/catalogue/versions.h"
#include "daemon/catalogue/world.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::catalogue {
namespace {

Name ToName(const v1::Name& name, const std::string& id) {
  const std::string& any = !name.zh().empty() ? name.zh() : !name.en().empty() ? name.en() : id;
  return {.zh = name.zh().empty() ? any : name.zh(), .en = name.en().empty() ? any : name.en()};
}

absl::Status Broken(const Entry& entry, std::string_view what) {
  return absl::DataLossError(
      StrCat("catalogue: fact ", entry.position.value(), ", ", entry.kind, " '", entry.id, "': ", what));
}

absl::Status FirstOf(const Entry& entry, const std::vector<FieldFault>& faults) {
  if (faults.empty()) return absl::OkStatus();
  return Broken(entry, StrCat(faults[0].field, ": ", faults[0].what));
}

class Builder {
 public:
  Builder(const InForce& in_force, const Versions& versions)
      : world_(in_force.world), versions_(versions), catalogue_(std::make_shared<Catalogue>()) {
    catalogue_->position = in_force.position;
  }

  absl::StatusOr<std::shared_ptr<const Catalogue>> Build() {
    for (const auto& [key, entry] : world_) {
      if (entry.kind == "check" && !entry.As<v1::Check>().target().empty()) {
        checks_naming_[entry.As<v1::Check>().target()].push_back(entry.id);
      }
    }
    for (const auto& [key, entry] : world_) NINES_RETURN_IF_ERROR(Add(entry));
    NINES_RETURN_IF_ERROR(Order());
    FindTargetsOfChecks();
    return catalogue_;
  }

 private:
  absl::Status Add(const Entry& entry) {
    if (entry.kind == "provider") {
      catalogue_->providers[ProviderId(entry.id)] = ToName(entry.As<v1::Provider>().name(), entry.id);
    } else if (entry.kind == "agency") {
      catalogue_->agencies[AgencyId(entry.id)] = ToName(entry.As<v1::Agency>().name(), entry.id);
    } else if (entry.kind == "system") {
      catalogue_->systems[SystemId(entry.id)] = ToName(entry.As<v1::System>().name(), entry.id);
    } else if (entry.kind == "target") {
      return AddTarget(entry);
    } else if (entry.kind == "check") {
      return AddCheck(entry);
    }
    return absl::OkStatus();
  }

  absl::Status AddTarget(const Entry& entry) {
    const auto& proto = entry.As<v1::Target>();
    Target target{.id = TargetId(entry.id),
                  .name = ToName(proto.name(), entry.id),
                  .provider = ProviderId(proto.provider()),
                  .region = RegionId(proto.region()),
                  .system = SystemId(proto.system()),
                  .agency = {},
                  .service = proto.service(),
                  .root = {},
                  .weight = proto.has_weight() ? proto.weight() : 1,
                  .in_service = {kTimeMinMs, kTimeMaxMs},
                  .position = entry.position,
                  .contracts = versions_.Of(entry.id)};
    std::vector<FieldFault> faults;
    target.in_service = ToServiceDates(proto, faults);
    NINES_RETURN_IF_ERROR(FirstOf(entry, faults));
    if (const Entry* system = FindEntry(world_, "system", proto.system()); system != nullptr) {
      target.agency = AgencyId(system->As<v1::System>().agency());
    } else if (!proto.system().empty()) {
      return Broken(entry, StrCat("there is no system '", proto.system(), "'"));
    }
    if (!proto.contract().empty() && FindEntry(world_, "contract", proto.contract()) == nullptr) {
      return Broken(entry, StrCat("there is no contract '", proto.contract(), "'"));
    }
    NINES_ASSIGN_OR_RETURN(target.root, Combination(entry, proto.down_when(), proto.inputs()));
    if (proto.inputs().empty()) {
      for (const std::string& check : checks_naming_[entry.id]) target.root.inputs.push_back(CheckInput(check));
    }
    catalogue_->targets[target.id] = std::move(target);
    return absl::OkStatus();
  }

  static Input CheckInput(const std::string& check) {
    return {.check = CheckId(check), .target = {}, .down_when = {}, .inputs = {}};
  }

  absl::StatusOr<Input> Combination(const Entry& target, const std::string& down_when,
                                    const google::protobuf::RepeatedPtrField<v1::Input>& inputs) {
    Input combination;
    if (!down_when.empty()) {
      const absl::StatusOr<sla::DownWhen> parsed = sla::ParseDownWhen(down_when);
      if (!parsed.ok()) return Broken(target, FromAbsl(parsed.status().message()));
      combination.down_when = *parsed;
    }
    for (const v1::Input& input : inputs) {
      if (!input.check().empty()) {
        if (FindEntry(world_, "check", input.check()) == nullptr) {
          return Broken(target, StrCat("there is no check '", input.check(), "'"));
        }
        combination.inputs.push_back(CheckInput(input.check()));
      } else if (!input.target().empty()) {
        if (FindEntry(world_, "target", input.target()) == nullptr) {
          return Broken(target, StrCat("there is no target '", input.target(), "'"));
        }
        combination.inputs.push_back({.check = {}, .target = TargetId(input.target()), .down_when = {}, .inputs = {}});
      } else {
        NINES_ASSIGN_OR_RETURN(Input nested, Combination(target, input.down_when(), input.inputs()));
        combination.inputs.push_back(std::move(nested));
      }
    }
    return combination;
  }

  absl::Status AddCheck(const Entry& entry) {
    const auto& proto = entry.As<v1::Check>();
    std::vector<FieldFault> faults;
    Check check{.id = CheckId(entry.id),
                .provider = ProviderId(proto.provider()),
                .target = TargetId(proto.target()),
                .rule = ToRule(proto, faults)};
    NINES_RETURN_IF_ERROR(FirstOf(entry, faults));
    if (proto.provider().empty()) {
      const Entry* target = FindEntry(world_, "target", proto.target());
      if (target == nullptr) return Broken(entry, "neither it nor a target says whose it is");
      check.provider = ProviderId(target->As<v1::Target>().provider());
    }
    catalogue_->targets_of_check[check.id];
    catalogue_->checks[check.id] = std::move(check);
    return absl::OkStatus();
  }

  static void CollectInputs(const Input& input, std::set<CheckId>* checks, std::set<std::string>* targets) {
    if (!input.check.value().empty()) checks->insert(input.check);
    if (!input.target.value().empty()) targets->insert(input.target.value());
    for (const Input& nested : input.inputs) CollectInputs(nested, checks, targets);
  }

  absl::Status Order() {
    Uses uses;
    for (const auto& [id, target] : catalogue_->targets) {
      CollectInputs(target.root, &checks_of_[id], &uses[id.value()]);
    }
    const UseOrder order = OrderByUse(uses);
    if (!order.circles.empty()) {
      return absl::DataLossError(StrCat("catalogue: target '", order.circles[0][0], "' is an input of itself"));
    }
    for (const std::string& id : order.order) {
      catalogue_->in_order_of_use.emplace_back(id);
      for (const std::string& used : uses[id]) {
        const std::set<CheckId>& checks = checks_of_[TargetId(used)];
        checks_of_[TargetId(id)].insert(checks.begin(), checks.end());
      }
    }
    return absl::OkStatus();
  }

  void FindTargetsOfChecks() {
    for (const auto& [target, checks] : checks_of_) {
      for (const CheckId& check : checks) catalogue_->targets_of_check[check].insert(target);
    }
  }

  const World& world_;
  const Versions& versions_;
  std::shared_ptr<Catalogue> catalogue_;
  std::map<std::string, std::vector<std::string>> checks_naming_;  // by target, in the order of their ids
  std::map<TargetId, std::set<CheckId>> checks_of_;                // that can change the target, through others too
};

}  // namespace

const ContractVersion& Target::ContractAt(int64_t time_ms) const {
  size_t at = contracts.size() - 1;
  while (at > 0 && contracts[at].from_ms > time_ms) --at;
  return contracts[at];
}

std::vector<sla::Term> Target::Terms() const {
  std::vector<sla::Term> terms;
  for (const ContractVersion& version : contracts) terms.push_back({version.from_ms, &version.terms});
  return terms;
}

bool Catalogue::Covers(const ledger::Scope& scope, const ProviderId& provider, const Target& target) {
  if (!provider.value().empty() && target.provider != provider) return false;
  switch (scope.kind) {
    case ledger::ScopeKind::kTarget:
      return target.id.value() == scope.id;
    case ledger::ScopeKind::kProvider:
      return target.provider.value() == scope.id;
    case ledger::ScopeKind::kRegion:
      return target.region.value() == scope.id;
    case ledger::ScopeKind::kService:
      return target.service == scope.id;
  }
  return false;
}

absl::StatusOr<std::shared_ptr<const Catalogue>> BuildCatalogue(const ledger::Ledger& ledger) {
  return BuildCatalogue(ledger, ledger.LastPosition());
}

absl::StatusOr<std::shared_ptr<const Catalogue>> BuildCatalogue(const ledger::Ledger& ledger, FactId as_of) {
  NINES_ASSIGN_OR_RETURN(const InForce in_force, LoadInForce(ledger, as_of));
  NINES_ASSIGN_OR_RETURN(const Versions versions, Versions::In(ledger, as_of));
  return Builder(in_force, versions).Build();
}

}  // namespace nines::catalogue
