#include "daemon/ingest/fact_check.h"

#include <algorithm>
#include <variant>

#include "base/status_macros.h"
#include "base/time_text.h"

namespace nines::ingest {
namespace {

constexpr size_t kIdBytesMax = 200;
constexpr size_t kTextBytesMax = 4096;

absl::Status CheckSpan(std::string_view name, int64_t start_ms, std::optional<int64_t> end_ms) {
  if (!end_ms || *end_ms > start_ms) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat(name, " ends (", FormatTimeUtc(*end_ms), ") at or before its start (",
                                           FormatTimeUtc(start_ms), "); correct its times"));
}

absl::Status CheckText(std::string_view name, std::string_view field, const std::string& text) {
  if (text.size() <= kTextBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat(name, ": its ", field, " is longer than ", kTextBytesMax, " bytes; shorten it"));
}

std::string_view ScopeWord(ledger::ScopeKind kind) {
  constexpr std::string_view kWords[] = {"", "target", "provider", "region", "service"};
  return kWords[static_cast<int>(kind)];
}

// A scope has to name something: a declaration about a target nobody has heard of is a slip of the pen, not evidence.
absl::Status CheckScope(std::string_view name, const ledger::Scope& scope, const ProviderId& sender,
                        const catalogue::Catalogue& catalogue) {
  NINES_RETURN_IF_ERROR(CheckIdText(StrCat(name, ": the id of its scope"), scope.id));
  bool known = scope.kind == ledger::ScopeKind::kProvider && catalogue.providers.contains(ProviderId(scope.id));
  bool own = scope.kind == ledger::ScopeKind::kProvider && scope.id == sender.value();
  const auto look = [&](const catalogue::Target& target) {
    if (!catalogue::Catalogue::Covers(scope, ProviderId(), target)) return;  // whoever records it
    known = true;
    own |= target.provider == sender;
  };
  if (scope.kind == ledger::ScopeKind::kTarget) {
    if (const auto it = catalogue.targets.find(TargetId(scope.id)); it != catalogue.targets.end()) look(it->second);
  } else if (scope.kind != ledger::ScopeKind::kProvider) {
    for (const auto& [id, target] : catalogue.targets) look(target);
  }
  const std::string_view word = ScopeWord(scope.kind);
  if (!known) {
    return absl::InvalidArgumentError(
        StrCat(name, " names the ", word, " '", scope.id,
               "', which no target of the catalogue has; correct it, or apply the catalogue first"));
  }
  if (!sender.value().empty() && !own) {
    return absl::PermissionDeniedError(StrCat(name, " is about the ", word, " '", scope.id,
                                              "', which is not of provider '", sender.value(),
                                              "'; a stream speaks for its own provider alone"));
  }
  return absl::OkStatus();
}

struct Checker {
  const ledger::NewFact& fact;
  const catalogue::Catalogue& catalogue;

  absl::Status operator()(const ledger::Declaration& declaration) const {
    NINES_RETURN_IF_ERROR(CheckIdText("declaration: source", declaration.source));
    NINES_RETURN_IF_ERROR(CheckIdText("declaration: id", declaration.id));
    const std::string name = StrCat("declaration ", declaration.source, "/", declaration.id);
    NINES_RETURN_IF_ERROR(CheckSpan(name, declaration.start_ms, declaration.end_ms));
    NINES_RETURN_IF_ERROR(CheckText(name, "title", declaration.title));
    return CheckScope(name, declaration.scope, fact.provider, catalogue);
  }
  absl::Status operator()(const ledger::Maintenance& maintenance) const {
    NINES_RETURN_IF_ERROR(CheckIdText("maintenance: source", maintenance.source));
    NINES_RETURN_IF_ERROR(CheckIdText("maintenance: id", maintenance.id));
    const std::string name = StrCat("maintenance ", maintenance.source, "/", maintenance.id);
    NINES_RETURN_IF_ERROR(CheckSpan(name, maintenance.start_ms, maintenance.end_ms));
    NINES_RETURN_IF_ERROR(CheckText(name, "title", maintenance.title));
    return CheckScope(name, maintenance.scope, fact.provider, catalogue);
  }
  absl::Status operator()(const ledger::Ruling& ruling) const {
    NINES_RETURN_IF_ERROR(CheckIdText("ruling: id", ruling.id));
    const std::string name = StrCat("ruling ", ruling.id);
    if (!fact.provider.value().empty()) return absl::PermissionDeniedError(StrCat(name, ": providers do not rule"));
    NINES_RETURN_IF_ERROR(CheckSpan(name, ruling.start_ms, ruling.end_ms));
    NINES_RETURN_IF_ERROR(CheckText(name, "reason", ruling.reason));
    if (ruling.reason.empty()) return absl::InvalidArgumentError(StrCat(name, ": give a reason"));
    return CheckScope(name, {ledger::ScopeKind::kTarget, ruling.target.value()}, ProviderId(), catalogue);
  }
  absl::Status operator()(const ledger::CatalogueChange&) const { return absl::OkStatus(); }
  absl::Status operator()(const ledger::Seal& seal) const {
    if (!fact.provider.value().empty()) return absl::PermissionDeniedError("a seal: providers do not seal");
    std::vector<Digest> named = seal.documents;
    std::vector<Digest> given;
    for (const std::string& document : fact.documents) given.push_back(Sha256Of(document));
    std::sort(named.begin(), named.end());
    std::sort(given.begin(), given.end());
    if (named == given) return absl::OkStatus();
    return absl::InvalidArgumentError("a seal: the documents beside it are not those that it names");
  }
};

}  // namespace

absl::Status CheckIdText(std::string_view what, std::string_view id) {
  if (id.empty()) return absl::InvalidArgumentError(StrCat(what, " is empty"));
  if (id.size() > kIdBytesMax)
    return absl::InvalidArgumentError(StrCat(what, " is longer than ", kIdBytesMax, " bytes"));
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::any_of(id.begin(), id.end(), control))
    return absl::InvalidArgumentError(StrCat(what, " has control characters"));
  return absl::OkStatus();
}

absl::Status CheckFact(const ledger::NewFact& fact, const catalogue::Catalogue& catalogue) {
  if (fact.author.empty()) return absl::InvalidArgumentError("a fact needs an author: say who records it");
  if (!fact.documents.empty() && ledger::KindOf(fact.body) != ledger::FactKind::kSeal) {
    return absl::InvalidArgumentError("documents stand beside seals alone");
  }
  return std::visit(Checker{fact, catalogue}, fact.body);
}

FactName NameOf(const ledger::FactBody& body) {
  struct Namer {
    FactName operator()(const ledger::Declaration& declaration) const { return {declaration.source, declaration.id}; }
    FactName operator()(const ledger::Maintenance& maintenance) const { return {maintenance.source, maintenance.id}; }
    FactName operator()(const ledger::Ruling& ruling) const { return {"", ruling.id}; }
    FactName operator()(const ledger::CatalogueChange& change) const { return {change.kind, change.id}; }
    FactName operator()(const ledger::Seal&) const { return {"", "seal"}; }
  };
  return std::visit(Namer{}, body);
}

}  // namespace nines::ingest
