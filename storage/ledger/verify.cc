#include "storage/ledger/verify.h"

#include <map>
#include <variant>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"

namespace nines::ledger {

absl::StatusOr<Verification> VerifyLedger(const rocks::Database& database,
                                          const std::function<void(const ChainReader::Link&)>& on_fact) {
  Verification verification;
  // By the documents' keys: the seal that names it. Facts are read first, so that a document that is written meanwhile
  // is one too many and never one too few.
  std::map<std::string, FactId> wanted;
  ChainReader reader;
  const auto fault = [&](const absl::Status& status) { verification.faults.emplace_back(FromAbsl(status.message())); };
  NINES_RETURN_IF_ERROR(database.Scan(rocks::Family::kFacts, "", "", [&](std::string_view key, std::string_view value) {
    const absl::StatusOr<ChainReader::Link> link = reader.Next(key, value);
    ++verification.facts;
    if (!link.ok()) {
      fault(link.status());
      return true;
    }
    if (const auto* seal = std::get_if<Seal>(&link->fact.body)) {
      for (const Digest& digest : seal->documents) wanted.emplace(DocumentKey(digest), link->fact.id);
    }
    on_fact(*link);
    return true;
  }));
  NINES_RETURN_IF_ERROR(
      database.Scan(rocks::Family::kDocuments, "", "", [&](std::string_view key, std::string_view value) {
        ++verification.documents;
        wanted.erase(std::string(key));
        const absl::StatusOr<std::string> document = DecodeDocument(key, value);
        const std::string name = absl::BytesToHexString(ToAbsl(key));
        if (!document.ok()) fault(Annotate(document.status(), StrCat("ledger: document ", name, " is damaged")));
        return true;
      }));
  for (const auto& [key, seal] : wanted) {
    verification.faults.push_back(
        StrCat("ledger: document ", absl::BytesToHexString(key), " of fact ", seal.value(), " is missing"));
  }
  NINES_RETURN_IF_ERROR(
      database.Scan(rocks::Family::kStreams, "", "", [&](std::string_view key, std::string_view value) {
        ++verification.streams;
        if (!DecodeSequence(key, value).has_value()) {
          verification.faults.push_back(
              StrCat("ledger: the position of stream ", absl::CHexEscape(ToAbsl(key)), " is damaged"));
        }
        return true;
      }));
  return verification;
}

}  // namespace nines::ledger
