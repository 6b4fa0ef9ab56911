#include "storage/series/chunk_key.h"

#include "storage/codec/bytes.h"

namespace nines::series {

std::string ChunkKey::Encode() const {
  std::string bytes;
  bytes.reserve(25);
  codec::AppendFixed64(series.value(), &bytes);
  codec::AppendByte(static_cast<uint8_t>(span), &bytes);
  codec::AppendOrderedTime(start_ms, &bytes);
  codec::AppendFixed64(sequence, &bytes);
  return bytes;
}

std::optional<ChunkKey> ChunkKey::Decode(std::string_view bytes) {
  codec::ByteReader reader(bytes);
  ChunkKey key;
  key.series = SeriesId(reader.Fixed64());
  const uint8_t span = reader.Byte();
  key.span = static_cast<SpanClass>(span);
  key.start_ms = reader.OrderedTime();
  key.sequence = reader.Fixed64();
  if (!reader.AtEnd() || span > static_cast<uint8_t>(SpanClass::kLong)) return std::nullopt;
  return key;
}

}  // namespace nines::series
