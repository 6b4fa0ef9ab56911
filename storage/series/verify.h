#pragma once

#include "absl/status/statusor.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::series {

// Reads and unpacks every record of the series families, as of one moment. Errors are the database's: what is damaged
// is counted and named in the answer.
absl::StatusOr<Store::Verification> VerifyAll(const rocks::Database& database, const Index& index);

}  // namespace nines::series
