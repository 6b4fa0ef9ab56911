#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "storage/rocks/database.h"
#include "storage/series/blocks.h"

namespace nines::series {

// In which partitions the series of a block have samples, as the family `meta` keeps it. They count as stored.
void PutLives(uint32_t number, Block& block, rocks::Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(block.mutex);

// Reads all of them. Errors: DataLoss, and those of the database.
absl::Status LoadLives(const rocks::Database& database, Blocks& blocks);

}  // namespace nines::series
