#include "storage/series/chunk_key.h"

#include "storage/codec/bytes.h"

namespace nines::series {

std::string PartitionPrefix(uint32_t partition) {
  std::string key;
  codec::AppendFixed32(partition, &key);
  return key;
}

std::string ChunkPrefix(uint32_t partition, Level level, uint32_t window, uint32_t block) {
  std::string key = PartitionPrefix(partition);
  codec::AppendByte(static_cast<uint8_t>(level), &key);
  codec::AppendFixed32(window, &key);
  codec::AppendFixed32(block, &key);
  return key;
}

std::string FramePrefix(uint32_t window) { return PartitionPrefix(window); }

std::string FramePrefix(uint32_t window, uint32_t block) {
  std::string key = FramePrefix(window);
  codec::AppendFixed32(block, &key);
  return key;
}

std::string ChunkKey::Encode() const {
  std::string key = ChunkPrefix(partition, level, window, block);
  codec::AppendByte(static_cast<uint8_t>(part >> 8), &key);
  codec::AppendByte(static_cast<uint8_t>(part), &key);
  return key;
}

std::optional<ChunkKey> ChunkKey::Decode(std::string_view bytes) {
  codec::ByteReader reader(bytes);
  ChunkKey key;
  key.partition = reader.Fixed32();
  const uint8_t level = reader.Byte();
  key.level = static_cast<Level>(level);
  key.window = reader.Fixed32();
  key.block = reader.Fixed32();
  key.part = static_cast<uint16_t>(reader.Byte() << 8);
  key.part |= reader.Byte();
  if (!reader.AtEnd() || level > static_cast<uint8_t>(Level::kWindow)) return std::nullopt;
  if (key.level == Level::kPartition && key.window != 0) return std::nullopt;
  return key;
}

std::string FrameKey::Encode() const {
  std::string key = FramePrefix(window, block);
  codec::AppendFixed64(sequence, &key);
  return key;
}

std::optional<FrameKey> FrameKey::Decode(std::string_view bytes) {
  codec::ByteReader reader(bytes);
  FrameKey key;
  key.window = reader.Fixed32();
  key.block = reader.Fixed32();
  key.sequence = reader.Fixed64();
  if (!reader.AtEnd()) return std::nullopt;
  return key;
}

}  // namespace nines::series
