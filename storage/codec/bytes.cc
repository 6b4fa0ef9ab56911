#include "storage/codec/bytes.h"

#include "base/crc32c.h"

namespace nines::codec {

void AppendByte(uint8_t value, std::string* bytes) { bytes->push_back(static_cast<char>(value)); }

void AppendFixed32(uint32_t value, std::string* bytes) {
  char buffer[4];
  for (int i = 3; i >= 0; --i, value >>= 8) buffer[i] = static_cast<char>(value & 0xff);
  bytes->append(buffer, sizeof(buffer));
}

void AppendFixed64(uint64_t value, std::string* bytes) {
  char buffer[8];
  for (int i = 7; i >= 0; --i, value >>= 8) buffer[i] = static_cast<char>(value & 0xff);
  bytes->append(buffer, sizeof(buffer));
}

void AppendVarint(uint64_t value, std::string* bytes) {
  char buffer[10];
  size_t size = 0;
  for (; value >= 0x80; value >>= 7) buffer[size++] = static_cast<char>(value | 0x80);
  buffer[size++] = static_cast<char>(value);
  bytes->append(buffer, size);
}

void AppendSignedVarint(int64_t value, std::string* bytes) { AppendVarint(Zigzag(value), bytes); }

void AppendDouble(double value, std::string* bytes) { AppendFixed64(std::bit_cast<uint64_t>(value), bytes); }

void AppendText(std::string_view text, std::string* bytes) {
  AppendVarint(text.size(), bytes);
  bytes->append(text);
}

void AppendOrderedTime(int64_t time_ms, std::string* bytes) {
  AppendFixed64(static_cast<uint64_t>(time_ms) ^ (uint64_t{1} << 63), bytes);
}

void AppendChecksum(std::string_view key, std::string* bytes) { AppendFixed32(Crc32c(*bytes, Crc32c(key)), bytes); }

std::optional<std::string_view> StripChecksum(std::string_view key, std::string_view value) {
  if (value.size() < 4) return std::nullopt;
  const std::string_view body = value.substr(0, value.size() - 4);
  ByteReader checksum(value.substr(body.size()));
  if (checksum.Fixed32() != Crc32c(body, Crc32c(key))) return std::nullopt;
  return body;
}

void ByteReader::Fail() {
  ok_ = false;
  rest_ = {};
}

std::string_view ByteReader::Raw(size_t size) {
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

uint8_t ByteReader::Byte() {
  const std::string_view taken = Raw(1);
  return taken.empty() ? 0 : static_cast<uint8_t>(taken[0]);
}

uint32_t ByteReader::Fixed32() {
  uint32_t value = 0;
  for (char byte : Raw(4)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

uint64_t ByteReader::Fixed64() {
  uint64_t value = 0;
  for (char byte : Raw(8)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

uint64_t ByteReader::Varint() {
  uint64_t value = 0;
  for (size_t i = 0; i < rest_.size() && i < 10; ++i) {
    const uint8_t byte = static_cast<uint8_t>(rest_[i]);
    // The tenth byte holds one bit; a last byte of zero would be a longer form than needed.
    if ((i == 9 && byte > 1) || (i > 0 && byte == 0)) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return value;
    }
  }
  Fail();
  return 0;
}

uint64_t ByteReader::Varint(uint64_t limit) {
  const uint64_t value = Varint();
  if (value <= limit) return value;
  Fail();
  return 0;
}

std::string_view ByteReader::Text() {
  const uint64_t size = Varint();
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  return Raw(size);
}

}  // namespace nines::codec
