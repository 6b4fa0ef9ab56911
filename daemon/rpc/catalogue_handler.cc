#include "daemon/rpc/catalogue_handler.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <variant>

#include "base/status_macros.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/request.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

constexpr std::array<std::string_view, 7> kKinds = {"provider", "region", "agency", "system",
                                                    "contract", "target", "check"};

template <typename Request>
absl::StatusOr<std::vector<catalogue::Change>> Plan(const Request& request, const ledger::Ledger& ledger) {
  if (request.files().empty()) return absl::InvalidArgumentError("files is empty; give at least one catalogue file");
  std::vector<catalogue::File> files;
  for (const v1::CatalogueFile& file : request.files()) {
    files.push_back({file.name().empty() ? StrCat("file ", files.size() + 1) : file.name(), file.content()});
  }
  return catalogue::Diff(files, request.prune() ? catalogue::Prune::kYes : catalogue::Prune::kNo, ledger);
}

template <typename Response>
absl::Status Render(const std::vector<catalogue::Change>& changes, const std::vector<ledger::Recorded>& recorded,
                    Response* response) {
  for (size_t i = 0; i < changes.size(); ++i) {
    const catalogue::Change& change = changes[i];
    v1::EntryChange& out = *response->add_changes();
    out.set_action(change.action);
    out.set_kind(change.kind);
    out.set_id(change.id);
    if (!change.before_bytes.empty()) {
      NINES_ASSIGN_OR_RETURN(*out.mutable_before_yaml(), catalogue::EntryYaml(change.kind, change.before_bytes));
    }
    if (!change.after_bytes.empty()) {
      NINES_ASSIGN_OR_RETURN(*out.mutable_after_yaml(), catalogue::EntryYaml(change.kind, change.after_bytes));
    }
    if (i < recorded.size()) out.set_position(recorded[i].id.value());
  }
  return absl::OkStatus();
}

// Entries are ordered by kind and id; a token names the last one of its page.
using EntryKey = std::pair<std::string, std::string>;

absl::StatusOr<EntryKey> ReadKey(const std::string& token) {
  NINES_ASSIGN_OR_RETURN(const std::string text, ReadPageToken("entries", token));
  const size_t slash = text.find('/');
  if (text.empty()) return EntryKey();
  if (slash == std::string::npos) return BadPageToken();
  return EntryKey(text.substr(0, slash), text.substr(slash + 1));
}

EntryKey KeyOf(const ledger::Fact& fact) {
  const auto& change = std::get<ledger::CatalogueChange>(fact.body);
  return {change.kind, change.id};
}

}  // namespace

absl::Status CatalogueHandler::DiffCatalogue(const v1::DiffCatalogueRequest& request,
                                             v1::DiffCatalogueResponse* response) {
  NINES_ASSIGN_OR_RETURN(const std::vector<catalogue::Change> changes, Plan(request, ledger_));
  return Render(changes, {}, response);
}

absl::Status CatalogueHandler::ApplyCatalogue(const v1::ApplyCatalogueRequest& request,
                                              v1::ApplyCatalogueResponse* response) {
  NINES_RETURN_IF_ERROR(CheckAuthor(request.author()));
  MutexLock applying(applying_);
  NINES_ASSIGN_OR_RETURN(const std::vector<catalogue::Change> changes, Plan(request, ledger_));
  if (changes.empty()) return absl::OkStatus();
  NINES_ASSIGN_OR_RETURN(const std::vector<ledger::Recorded> recorded,
                         ingest_.RecordFacts(catalogue::ToFacts(changes, request.author())));
  return Render(changes, recorded, response);
}

absl::Status CatalogueHandler::ListEntries(const v1::ListEntriesRequest& request, v1::ListEntriesResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 200, 1000));
  NINES_ASSIGN_OR_RETURN(const EntryKey after, ReadKey(request.page_token()));
  const std::string& kind = request.kind();
  if (!kind.empty() && std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    return absl::InvalidArgumentError(StrCat("kind: '", kind,
                                             "' is no kind of entry; there are provider, region, agency, system, "
                                             "contract, target and check"));
  }
  auto facts = ledger_.Current(ledger::FactKind::kCatalogue);
  std::erase_if(facts, [&](const auto& fact) {
    const auto& change = std::get<ledger::CatalogueChange>(fact->body);
    return change.bytes.empty() || (!kind.empty() && change.kind != kind) || KeyOf(*fact) <= after;
  });
  std::sort(facts.begin(), facts.end(), [](const auto& a, const auto& b) { return KeyOf(*a) < KeyOf(*b); });
  for (size_t i = 0; i < std::min(page_size, facts.size()); ++i) {
    const auto& change = std::get<ledger::CatalogueChange>(facts[i]->body);
    v1::Entry& entry = *response->add_entries();
    entry.set_kind(change.kind);
    entry.set_id(change.id);
    NINES_ASSIGN_OR_RETURN(*entry.mutable_yaml(), catalogue::EntryYaml(change.kind, change.bytes));
    entry.set_position(facts[i]->id.value());
    *entry.mutable_recorded_time() = wire::FromMs(facts[i]->recorded_ms);
    entry.set_author(facts[i]->author);
  }
  if (facts.size() > page_size) {
    const auto [last_kind, last_id] = KeyOf(*facts[page_size - 1]);
    response->set_next_page_token(PageToken("entries", StrCat(last_kind, "/", last_id)));
  }
  return absl::OkStatus();
}

}  // namespace nines::rpc
