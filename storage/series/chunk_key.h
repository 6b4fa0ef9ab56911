#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/strong_id.h"

namespace nines::series {

// Chunks of a series are kept apart by how much time they span, so that a read of a dense series need not look back as
// far as the longest chunk of a sparse one reaches.
enum class SpanClass : uint8_t { kShort = 0, kLong = 1 };
inline constexpr SpanClass kSpanClasses[] = {SpanClass::kShort, SpanClass::kLong};
inline constexpr int64_t kShortSpanMs = int64_t{4} * 60 * 60 * 1000;
inline constexpr int64_t kLongSpanMs = int64_t{32} * 24 * 60 * 60 * 1000;

// From the first to the last sample of a chunk at most.
constexpr int64_t SpanMaxMs(SpanClass span) { return span == SpanClass::kShort ? kShortSpanMs : kLongSpanMs; }
// False also where the difference does not fit a number.
constexpr bool FitsOneChunk(int64_t start_ms, int64_t end_ms) {
  return static_cast<uint64_t>(end_ms) - static_cast<uint64_t>(start_ms) <= static_cast<uint64_t>(kLongSpanMs);
}
constexpr SpanClass SpanClassOf(int64_t start_ms, int64_t end_ms) {
  return end_ms - start_ms <= kShortSpanMs ? SpanClass::kShort : SpanClass::kLong;
}

// Where a chunk lies in the database. Of two chunks of a series with a sample at one time the one with the larger
// sequence stands.
struct ChunkKey {
  SeriesId series;
  SpanClass span = SpanClass::kShort;
  int64_t start_ms = 0;
  uint64_t sequence = 0;

  // Sorts by series, span class, start, sequence.
  std::string Encode() const;
  static std::optional<ChunkKey> Decode(std::string_view bytes);
};

}  // namespace nines::series
