#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/catalogue/catalogue.h"
#include "storage/ledger/fact.h"

namespace nines::ingest {

// Whether a fact can be true of this world. InvalidArgument: its name is empty, longer than 200 bytes or has control
// characters, its span ends at or before its start, its scope names nobody, an author or a ruling's reason is missing.
// PermissionDenied: it came by a provider's stream and is about what is not that provider's. Messages name the fact.
// Catalogue changes were checked when they were planned.
absl::Status CheckFact(const ledger::NewFact& fact, const catalogue::Catalogue& catalogue);

// Ids come from outside everywhere: 1 to 200 bytes, no control characters. `what` begins the message.
absl::Status CheckIdText(std::string_view what, std::string_view id);

// (source, id) of a fact, for a refusal; a catalogue change has its kind for a source.
struct FactName {
  std::string source;
  std::string id;
};
FactName NameOf(const ledger::FactBody& body);

}  // namespace nines::ingest
