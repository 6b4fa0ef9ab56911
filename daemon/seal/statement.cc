#include "daemon/seal/statement.h"

#include <type_traits>

#include "base/text.h"
#include "daemon/seal/canonical_text.h"

namespace nines::seal {
namespace {

template <typename Archive, typename Name>
void NameOfDocument(Archive& archive, std::string_view what, Name& name) {
  archive.Hash(StrCat(what, "_sha256"), name.sha256);
  archive.Int(StrCat(what, "_bytes"), name.bytes);
}

// Later versions say how they differ from the one before, and first ones have nothing to say about that.
template <typename Archive, typename Value>
void ChangesName(Archive& archive, Value& statement) {
  if constexpr (!std::is_const_v<Value>) {
    if (statement.version > 1) statement.changes.emplace();
  }
  if (statement.changes.has_value()) NameOfDocument(archive, "changes", *statement.changes);
}

constexpr auto kStatementFields = [](auto& archive, auto& statement) {
  archive.Head("nines-seal", 1);
  archive.Int("number", statement.number);
  archive.Hash("previous", statement.previous);
  archive.Text("period", statement.period);
  ScopeText(archive, statement.scope);
  archive.Int("version", statement.version);
  archive.Text("reason", statement.reason);
  archive.Text("author", statement.author);
  archive.Int("now_ms", statement.now_ms);
  archive.Int("ledger_position", statement.ledger_position);
  archive.Hash("ledger_digest", statement.ledger_digest);
  archive.List("contract", statement.contracts);
  NameOfDocument(archive, "report", statement.report);
  NameOfDocument(archive, "timelines", statement.timelines);
  ChangesName(archive, statement);
  archive.Text("public_key", statement.public_key);
};

}  // namespace

DocumentName NameOf(std::string_view document) { return {Sha256Of(document), document.size()}; }

std::string ContractUsed::Words() const { return StrCat(position, " ", id); }

bool ContractUsed::FromWords(std::string_view words) {
  const std::vector<std::string_view> parts = SplitWords(words, 2);
  if (parts.empty() || !ReadInt(parts[0], position)) return false;
  id = parts[1];
  return true;
}

std::string WriteStatement(const Statement& statement) { return WriteText(statement, kStatementFields); }
absl::StatusOr<Statement> ReadStatement(std::string_view text) { return ReadText<Statement>(text, kStatementFields); }

}  // namespace nines::seal
