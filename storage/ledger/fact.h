#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/sha256.h"
#include "base/strong_id.h"

namespace nines::ledger {

enum class ScopeKind : uint8_t { kTarget = 1, kProvider = 2, kRegion = 3, kService = 4 };
struct Scope {
  ScopeKind kind = ScopeKind::kTarget;
  std::string id;
  friend bool operator==(const Scope&, const Scope&) = default;
};

enum class Impact : uint8_t { kNone = 1, kDegraded = 2, kDown = 3 };

// An incident as the provider reports it.
struct Declaration {
  std::string source;
  std::string id;
  Scope scope;
  int64_t start_ms = 0;
  std::optional<int64_t> end_ms;  // open while it lasts
  Impact impact = Impact::kDown;
  std::optional<int64_t> told_ms;  // absent: when it was recorded
  std::string title;
  bool withdrawn = false;
  friend bool operator==(const Declaration&, const Declaration&) = default;
};

struct Maintenance {
  std::string source;
  std::string id;
  Scope scope;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::optional<int64_t> announced_ms;  // absent: when it was recorded
  std::optional<int64_t> cancelled_ms;
  std::string title;
  friend bool operator==(const Maintenance&, const Maintenance&) = default;
};

enum class RulingState : uint8_t { kUp = 1, kDown = 2, kExcluded = 3 };
struct Ruling {
  std::string id;
  TargetId target;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  RulingState state = RulingState::kExcluded;
  std::string reason;
  bool revoked = false;
  friend bool operator==(const Ruling&, const Ruling&) = default;
};

// One version of one catalogue entry. `bytes` is a serialized nines.v1 message of that kind; empty = retired.
struct CatalogueChange {
  std::string kind;
  std::string id;
  std::string bytes;
  friend bool operator==(const CatalogueChange&, const CatalogueChange&) = default;
};

// A closed period's report. What the statement says, and what it says about the documents, is the business of
// daemon/seal.
struct Seal {
  std::string statement;          // what was signed, byte by byte
  std::string signature;          // Ed25519
  std::vector<Digest> documents;  // stored beside the facts, each under its digest
  friend bool operator==(const Seal&, const Seal&) = default;
};

enum class FactKind : uint8_t { kDeclaration = 1, kMaintenance = 2, kRuling = 3, kCatalogue = 4, kSeal = 5 };
using FactBody = std::variant<Declaration, Maintenance, Ruling, CatalogueChange, Seal>;

FactKind KindOf(const FactBody& body);
// What a later fact replaces it by: (kind, provider, source, id), as opaque bytes. For rulings the source is empty, for
// catalogue changes the kind of entry; a seal's id is its statement. Each provider, and the people together, have ids
// of their own: nobody replaces somebody else's fact.
std::string IdentityOf(const ProviderId& provider, const FactBody& body);

// A fact that wants to be recorded.
struct NewFact {
  std::string author;
  ProviderId provider;  // whose stream brought it; empty for people
  FactBody body;
  std::vector<std::string> documents = {};  // of a seal: those that it names, in any order
};

// A fact once recorded: immutable.
struct Fact {
  FactId id;  // position in the ledger, from 1
  int64_t recorded_ms = 0;
  std::string author;
  ProviderId provider;
  FactBody body;
};

// The canonical bytes of a fact, which the chain of digests goes over: storage/FORMAT.md, "Facts".
std::string EncodeFact(const Fact& fact);
// Strict: takes nothing that EncodeFact() does not write. DataLoss says what is wrong.
absl::StatusOr<Fact> DecodeFact(std::string_view bytes);

}  // namespace nines::ledger
