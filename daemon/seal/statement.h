#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/sha256.h"
#include "daemon/seal/scope.h"

namespace nines::seal {

// A document that a statement names.
struct DocumentName {
  Digest sha256{};
  uint64_t bytes = 0;
  friend bool operator==(const DocumentName&, const DocumentName&) = default;
};
DocumentName NameOf(std::string_view document);

// A contract that the report was made under: which version, by the position of its fact; 0 = the built-in defaults.
struct ContractUsed {
  uint64_t position = 0;
  std::string id;
  std::string Words() const;
  bool FromWords(std::string_view words);
  friend auto operator<=>(const ContractUsed&, const ContractUsed&) = default;
};

// What a seal says, and what is signed. docs/sealing.md, "The statement".
struct Statement {
  uint64_t number = 1;             // of all seals of the ledger, from 1
  std::optional<Digest> previous;  // SHA-256 of the statement before it; the first has none
  std::string period;              // "2026-05", "2026-Q2", "2026", "FY2026"
  Scope scope;
  uint64_t version = 1;  // of this period and scope; from 2 on a restatement
  std::string reason;    // of a restatement
  std::string author;
  int64_t now_ms = 0;            // when it was made
  uint64_t ledger_position = 0;  // all facts up to here were taken into account
  Digest ledger_digest{};        // the digest of all of them
  std::vector<ContractUsed> contracts;
  DocumentName report;
  DocumentName timelines;
  std::optional<DocumentName> changes;  // of a restatement
  std::string public_key;               // PublicKey::Text()

  friend bool operator==(const Statement&, const Statement&) = default;
};

std::string WriteStatement(const Statement& statement);
// InvalidArgument, with the line, for whatever WriteStatement() does not write.
absl::StatusOr<Statement> ReadStatement(std::string_view text);

}  // namespace nines::seal
