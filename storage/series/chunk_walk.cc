#include "storage/series/chunk_walk.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/status_macros.h"
#include "base/text.h"
#include "storage/series/chunk_key.h"

namespace nines::series {

absl::Status WalkPartition(rocks::Cursor& cursor, uint32_t partition, uint32_t block, VisitChunk visit) {
  const std::string end = ChunkPrefix(partition, Level::kPartition, 0, block + 1);
  for (cursor.Seek(ChunkPrefix(partition, Level::kPartition, 0, block)); cursor.valid() && cursor.key() < end;
       cursor.Next()) {
    if (!visit(cursor.key(), cursor.value())) return absl::OkStatus();
  }
  return cursor.status();
}

absl::Status WalkWindows(rocks::Cursor& cursor, uint32_t partition, uint32_t block, uint32_t first, uint32_t last,
                         VisitChunk visit) {
  for (uint32_t window = first; window <= last;) {
    cursor.Seek(ChunkPrefix(partition, Level::kWindow, window, block));
    const std::string end = ChunkPrefix(partition, Level::kWindow, window, block + 1);
    for (; cursor.valid() && cursor.key() < end; cursor.Next()) {
      if (!visit(cursor.key(), cursor.value())) return absl::OkStatus();
    }
    NINES_RETURN_IF_ERROR(cursor.status());
    if (!cursor.valid()) break;
    // Windows in which no block has a chunk are passed over at once.
    const std::optional<ChunkKey> next = ChunkKey::Decode(cursor.key());
    if (!next.has_value())
      return absl::DataLossError(StrCat("a chunk behind block ", block, ": its key cannot be read"));
    if (next->partition != partition) break;
    window = std::max(window + 1, next->window);
  }
  return absl::OkStatus();
}

absl::Status WalkAll(rocks::Cursor& cursor, const Grid& grid, uint32_t partition, uint32_t block, VisitChunk visit) {
  bool more = true;
  const auto visit_on = [&](std::string_view key, std::string_view value) { return more = visit(key, value); };
  NINES_RETURN_IF_ERROR(WalkPartition(cursor, partition, block, visit_on));
  if (!more) return absl::OkStatus();
  const Interval span = grid.PartitionSpan(partition);
  return WalkWindows(cursor, partition, block, grid.WindowOf(span.start_ms), grid.WindowOf(span.end_ms - 1), visit_on);
}

}  // namespace nines::series
