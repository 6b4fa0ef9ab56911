#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ingest/ingest.h"
#include "storage/ledger/ledger.h"

namespace nines {

// Records what the files change in the catalogue in force, all or nothing, and returns how many entries that were.
// Entries that stand in no file stay. Errors list every mistake with its place.
absl::StatusOr<size_t> ApplyCatalogueFiles(const std::vector<std::string>& files, const std::string& author,
                                           const ledger::Ledger& ledger, ingest::Ingest& ingest);

}  // namespace nines
