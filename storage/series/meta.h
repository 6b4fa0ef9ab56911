#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/rocks/database.h"

// Records of the store in the family `meta`.
namespace nines::series {

inline constexpr std::string_view kPendingPrefix = "merge/";  // a partition that is to be merged
inline constexpr std::string_view kLivesPrefix = "lives/";    // of a block

// The end of the keys that begin with `prefix`.
std::string PrefixEnd(std::string_view prefix);

// A number, `without` where there is no record. Errors: DataLoss, and those of the database.
absl::StatusOr<uint64_t> ReadNumber(const rocks::Database& database, const char* key, uint64_t without);
void PutNumber(const char* key, uint64_t number, rocks::Batch& batch);

}  // namespace nines::series
