#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nines::series {

// Which chunk stands where both have a sample of one time: a window's over its partition's.
enum class Level : uint8_t { kPartition = 0, kWindow = 1 };

// Where a sealed chunk lies. Sorts by partition, so that an old partition is a range of keys; then by level and window,
// so that chunks are written in the order of their keys and RocksDB need not sort them again and again; then by block.
struct ChunkKey {
  uint32_t partition = 0;
  uint32_t block = 0;
  Level level = Level::kWindow;
  uint32_t window = 0;  // 0 with kPartition
  uint16_t part = 0;    // more than fits one chunk goes into several

  std::string Encode() const;
  static std::optional<ChunkKey> Decode(std::string_view bytes);
};

// A frame: what left the head of one block and is not merged yet. Of two frames with a sample at one time the one with
// the larger sequence stands, and over every chunk.
struct FrameKey {
  uint32_t window = 0;
  uint32_t block = 0;
  uint64_t sequence = 0;

  std::string Encode() const;
  static std::optional<FrameKey> Decode(std::string_view bytes);
};

// The first key of a partition; of a block in a window of it, or at its own level; of frames of a window, and of a
// block in it.
std::string PartitionPrefix(uint32_t partition);
std::string ChunkPrefix(uint32_t partition, Level level, uint32_t window, uint32_t block);
std::string FramePrefix(uint32_t window);
std::string FramePrefix(uint32_t window, uint32_t block);

}  // namespace nines::series
