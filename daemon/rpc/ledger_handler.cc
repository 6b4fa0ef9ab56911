#include "daemon/rpc/ledger_handler.h"

#include <array>
#include <charconv>
#include <variant>

#include "base/status_macros.h"
#include "daemon/ingest/fact_form.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/render.h"
#include "daemon/rpc/request.h"

namespace nines::rpc {
namespace {

// By FactKind.
constexpr std::array<std::string_view, 6> kKindNames = {"",       "declaration", "maintenance",
                                                        "ruling", "catalogue",   "seal"};

absl::StatusOr<std::array<bool, kKindNames.size()>> KindsOf(const v1::ListFactsRequest& request) {
  std::array<bool, kKindNames.size()> wanted;
  wanted.fill(request.kinds().empty());
  for (const std::string& kind : request.kinds()) {
    size_t i = 1;
    while (i < kKindNames.size() && kKindNames[i] != kind) ++i;
    if (i == kKindNames.size()) {
      return absl::InvalidArgumentError(StrCat(
          "kinds: '", kind, "' is no kind of fact; there are declaration, maintenance, ruling, catalogue and seal"));
    }
    wanted[i] = true;
  }
  return wanted;
}

// Whether a fact is about the target.
struct Concerns {
  const ledger::Fact& fact;
  const catalogue::Target& target;

  bool operator()(const ledger::Declaration& body) const { return Covers(body.scope); }
  bool operator()(const ledger::Maintenance& body) const { return Covers(body.scope); }
  bool operator()(const ledger::Ruling& body) const { return body.target == target.id; }
  bool operator()(const ledger::CatalogueChange& body) const {
    return body.kind == "target" && body.id == target.id.value();
  }
  bool operator()(const ledger::Seal&) const { return false; }
  bool Covers(const ledger::Scope& scope) const { return catalogue::Catalogue::Covers(scope, fact.provider, target); }
};

absl::StatusOr<FactId> FirstOf(const std::string& token) {
  NINES_ASSIGN_OR_RETURN(const std::string text, ReadPageToken("facts", token));
  if (text.empty()) return FactId(1);
  uint64_t position = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), position);
  if (error != std::errc() || stop != text.data() + text.size()) return BadPageToken();
  return FactId(position);
}

}  // namespace

template <typename Response>
absl::Status LedgerHandler::Record(const std::string& author, ledger::FactBody body, Response* response) {
  NINES_RETURN_IF_ERROR(CheckAuthor(author));
  NINES_ASSIGN_OR_RETURN(const std::vector<ledger::Recorded> recorded,
                         ingest_.RecordFacts({{author, ProviderId(), std::move(body)}}));
  const std::shared_ptr<const ledger::Fact> fact = ledger_.Get(recorded.at(0).id);
  if (fact == nullptr) {
    return absl::InternalError(StrCat("fact ", recorded.at(0).id.value(), " was recorded, and cannot be found"));
  }
  NINES_ASSIGN_OR_RETURN(*response->mutable_fact(), ToProto(*fact, ledger_.ReplacedBy(fact->id)));
  response->set_unchanged(recorded.at(0).unchanged);
  return absl::OkStatus();
}

absl::Status LedgerHandler::RecordDeclaration(const v1::RecordDeclarationRequest& request,
                                              v1::RecordDeclarationResponse* response) {
  NINES_ASSIGN_OR_RETURN(ledger::Declaration body, ingest::ReadDeclaration(request.declaration()));
  return Record(request.author(), std::move(body), response);
}

absl::Status LedgerHandler::RecordMaintenance(const v1::RecordMaintenanceRequest& request,
                                              v1::RecordMaintenanceResponse* response) {
  NINES_ASSIGN_OR_RETURN(ledger::Maintenance body, ingest::ReadMaintenance(request.maintenance()));
  return Record(request.author(), std::move(body), response);
}

absl::Status LedgerHandler::RecordRuling(const v1::RecordRulingRequest& request, v1::RecordRulingResponse* response) {
  NINES_ASSIGN_OR_RETURN(ledger::Ruling body, ingest::ReadRuling(request.ruling()));
  return Record(request.author(), std::move(body), response);
}

absl::Status LedgerHandler::ListFacts(const v1::ListFactsRequest& request, v1::ListFactsResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 100, 1000));
  NINES_ASSIGN_OR_RETURN(FactId from, FirstOf(request.page_token()));
  NINES_ASSIGN_OR_RETURN(const auto wanted, KindsOf(request));
  NINES_ASSIGN_OR_RETURN(const std::shared_ptr<const catalogue::Catalogue> catalogue, catalogue_.Get());
  const catalogue::Target* target = nullptr;
  if (!request.target_id().empty()) {
    const auto found = catalogue->targets.find(TargetId(request.target_id()));
    if (found == catalogue->targets.end()) {
      return absl::NotFoundError(StrCat("target '", request.target_id(), "' is not in the catalogue"));
    }
    target = &found->second;
  }
  constexpr size_t kAtOnce = 1000;
  while (true) {
    const auto facts = ledger_.List(from, kAtOnce);
    if (facts.empty()) return absl::OkStatus();
    for (const std::shared_ptr<const ledger::Fact>& fact : facts) {
      if (!wanted[static_cast<size_t>(ledger::KindOf(fact->body))]) continue;
      if (target != nullptr && !std::visit(Concerns{*fact, *target}, fact->body)) continue;
      const FactId replaced_by = ledger_.ReplacedBy(fact->id);
      if (replaced_by.value() != 0 && !request.include_replaced()) continue;
      if (static_cast<size_t>(response->facts_size()) == page_size) {
        response->set_next_page_token(PageToken("facts", StrCat(fact->id.value())));
        return absl::OkStatus();
      }
      NINES_ASSIGN_OR_RETURN(*response->add_facts(), ToProto(*fact, replaced_by));
    }
    from = FactId(facts.back()->id.value() + 1);
  }
}

}  // namespace nines::rpc
