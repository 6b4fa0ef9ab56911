#pragma once

#include <cstdint>

#include "base/strong_id.h"

namespace nines::series {

// Results of checks are kept longer than samples. Each class counts its ids by itself, so that series which live as
// long are neighbours: 1, 2, 3 … and 0x80000001, 0x80000002 … . An id fits 32 bits and is never given twice.
enum class SeriesClass : uint8_t { kSamples, kResults };
inline constexpr int kSeriesClassCount = 2;

constexpr uint32_t FirstIdOf(SeriesClass series_class) {
  return series_class == SeriesClass::kSamples ? 0x00000001 : 0x80000001;
}
// So that the id behind it is still none of the other class and fits 32 bits.
constexpr uint32_t LastIdOf(SeriesClass series_class) {
  return series_class == SeriesClass::kSamples ? 0x7fffffff : 0xfffffffe;
}
inline SeriesClass ClassOf(SeriesId series) {
  return series.value() < FirstIdOf(SeriesClass::kResults) ? SeriesClass::kSamples : SeriesClass::kResults;
}

// Neighbouring ids share a block: what is kept for a block at once is small for series that were registered together.
constexpr uint32_t kBlockSeries = 64;
constexpr uint32_t BlockOf(uint32_t id) { return id / kBlockSeries; }
constexpr uint32_t SlotOf(uint32_t id) { return id % kBlockSeries; }
inline uint32_t BlockOf(SeriesId series) { return static_cast<uint32_t>(series.value() / kBlockSeries); }
inline uint32_t SlotOf(SeriesId series) { return static_cast<uint32_t>(series.value() % kBlockSeries); }
inline SeriesId IdOf(uint32_t block, uint32_t slot) { return SeriesId(uint64_t{block} * kBlockSeries + slot); }
inline SeriesClass ClassOfBlock(uint32_t block) { return ClassOf(IdOf(block, kBlockSeries - 1)); }

}  // namespace nines::series
