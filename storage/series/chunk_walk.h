#pragma once

#include <cstdint>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "storage/rocks/database.h"
#include "storage/series/grid.h"

namespace nines::series {

// What of one block a family of chunks has in one partition, in the order of keys. False ends the walk. Errors are the
// database's, and DataLoss where a key cannot be read.
using VisitChunk = absl::FunctionRef<bool(std::string_view key, std::string_view value)>;

// The chunks of the whole partition.
absl::Status WalkPartition(rocks::Cursor& cursor, uint32_t partition, uint32_t block, VisitChunk visit);
// Those of its windows from `first` to `last`, both included.
absl::Status WalkWindows(rocks::Cursor& cursor, uint32_t partition, uint32_t block, uint32_t first, uint32_t last,
                         VisitChunk visit);
// Both.
absl::Status WalkAll(rocks::Cursor& cursor, const Grid& grid, uint32_t partition, uint32_t block, VisitChunk visit);

}  // namespace nines::series
