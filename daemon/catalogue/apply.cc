#include "daemon/catalogue/apply.h"

#include "base/status_macros.h"
#include "base/text.h"
#include "daemon/catalogue/kinds.h"
#include "daemon/catalogue/references.h"
#include "daemon/catalogue/world.h"
#include "wire/yaml_message.h"

namespace nines::catalogue {
namespace {

std::vector<Change> Compare(const World& before, const World& after) {
  std::vector<Change> changes;
  for (const auto& [key, entry] : after) {
    const auto it = before.find(key);
    if (it == before.end()) {
      changes.push_back({v1::CHANGE_ACTION_ADD, entry.kind, entry.id, "", entry.bytes});
    } else if (it->second.bytes != entry.bytes) {
      changes.push_back({v1::CHANGE_ACTION_CHANGE, entry.kind, entry.id, it->second.bytes, entry.bytes});
    }
  }
  for (const auto& [key, entry] : before) {
    if (after.contains(key)) continue;
    changes.push_back({v1::CHANGE_ACTION_RETIRE, entry.kind, entry.id, entry.bytes, ""});
  }
  return changes;
}

}  // namespace

absl::StatusOr<std::vector<Change>> Diff(const std::vector<File>& files, Prune prune, const ledger::Ledger& ledger) {
  NINES_ASSIGN_OR_RETURN(const InForce before, LoadInForce(ledger, ledger.LastPosition()));
  World after = prune == Prune::kYes ? World() : before.world;
  wire::Mistakes mistakes;
  const Sources sources = LoadFiles(files, after, mistakes);
  // What refers to an entry that could not be read is not wrong itself.
  if (mistakes.empty()) CheckWorld(after, before.world, sources, mistakes);
  NINES_RETURN_IF_ERROR(mistakes.ToStatus());
  return Compare(before.world, after);
}

std::vector<ledger::NewFact> ToFacts(const std::vector<Change>& changes, const std::string& author) {
  std::vector<ledger::NewFact> facts;
  facts.reserve(changes.size());
  for (const Change& change : changes) {
    facts.push_back(
        {.author = author,
         .provider = {},
         .body = ledger::CatalogueChange{.kind = change.kind, .id = change.id, .bytes = change.after_bytes}});
  }
  return facts;
}

absl::StatusOr<std::string> EntryYaml(const std::string& kind, const std::string& bytes) {
  if (bytes.empty()) return std::string();
  NINES_ASSIGN_OR_RETURN(const std::unique_ptr<google::protobuf::Message> entry, ParseEntry(kind, bytes));
  return wire::ToYaml(*entry);
}

}  // namespace nines::catalogue
