#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "base/interval.h"
#include "storage/codec/chunk.h"
#include "storage/rocks/database.h"
#include "storage/series/block_samples.h"
#include "storage/series/blocks.h"
#include "storage/series/grid.h"

namespace nines::series {

// The family of a class's sealed samples.
inline rocks::Family ChunkFamily(SeriesClass series_class) {
  return series_class == SeriesClass::kResults ? rocks::Family::kResults : rocks::Family::kRaw;
}

// Reads samples of one block from everywhere they can be: chunks of partitions, chunks of windows, frames, the head,
// each of which stands over those before it. One read shows the block as it was at one moment: the head and the
// database's snapshot are taken under the block's lock, under which samples move from one to the other. Errors:
// DataLoss, naming the chunk, and those of the database. Keeps buffers between reads. Thread-compatible.
class BlockReader {
 public:
  BlockReader(const rocks::Database& database, const Grid& grid, const Blocks& blocks)
      : database_(database), grid_(grid), blocks_(blocks) {}

  enum class Source { kAll, kSealed };  // kSealed leaves out the head
  // Fills `samples` with what the series of `slots` (one bit each) have in `span`, sorted.
  absl::Status Read(uint32_t block, uint64_t slots, Interval span, Source source, BlockSamples* samples);
  // Whether a read for the merging of chunks should not push out of the cache what people ask for.
  void SetCache(rocks::Cache cache) { cache_ = cache; }
  // Sequences of frames that the last read has seen are all smaller.
  uint64_t frame_sequence_end() const { return frame_sequence_end_; }

 private:
  absl::Status ReadChunks(uint32_t block, uint64_t slots, Interval span, const rocks::Snapshot& snapshot,
                          BlockSamples* samples);
  absl::Status ReadFrames(uint32_t block, uint32_t window, uint64_t slots, Interval span,
                          const rocks::Snapshot& snapshot, BlockSamples* samples);
  absl::Status Add(std::string_view key, std::string_view value, uint64_t slots, Interval span, BlockSamples* samples);

  const rocks::Database& database_;
  const Grid grid_;
  const Blocks& blocks_;
  rocks::Cache cache_ = rocks::Cache::kFill;
  BlockSamples head_;
  std::vector<uint32_t> dirty_;
  std::vector<double> values_;
  uint64_t frame_sequence_end_ = 0;
};

}  // namespace nines::series
