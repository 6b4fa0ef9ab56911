#include "daemon/catalogue_files.h"

#include <fstream>
#include <iterator>

#include "base/status_macros.h"
#include "daemon/catalogue/apply.h"

namespace nines {

absl::StatusOr<size_t> ApplyCatalogueFiles(const std::vector<std::string>& files, const std::string& author,
                                           const ledger::Ledger& ledger, ingest::Ingest& ingest) {
  if (files.empty()) return 0;
  std::vector<catalogue::File> contents;
  for (const std::string& file : files) {
    std::ifstream stream(file, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(stream), {}};
    if (!stream.is_open() || stream.bad()) {
      return absl::InvalidArgumentError(StrCat(file, ": cannot be read; correct catalogue_files in the config"));
    }
    contents.push_back({file, std::move(content)});
  }
  NINES_ASSIGN_OR_RETURN(const std::vector<catalogue::Change> changes,
                         catalogue::Diff(contents, catalogue::Prune::kNo, ledger));
  NINES_RETURN_IF_ERROR(ingest.RecordFacts(catalogue::ToFacts(changes, author)).status());
  return changes.size();
}

}  // namespace nines
