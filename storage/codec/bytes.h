#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nines::codec {

// Writing: each appends to `bytes`. What the forms look like is in storage/FORMAT.md, "Basic forms".
void AppendByte(uint8_t value, std::string* bytes);
// Big-endian, so that keys sort by number.
void AppendFixed32(uint32_t value, std::string* bytes);
void AppendFixed64(uint64_t value, std::string* bytes);
// LEB128, 1 to 10 bytes, in its shortest form.
void AppendVarint(uint64_t value, std::string* bytes);
// A varint of the zigzag form: small magnitudes are short.
void AppendSignedVarint(int64_t value, std::string* bytes);
// All 64 bits of the double, big-endian.
void AppendDouble(double value, std::string* bytes);
// Its length as a varint, then its bytes.
void AppendText(std::string_view text, std::string* bytes);
// The sign bit turned over, so that negative times sort before positive ones.
void AppendOrderedTime(int64_t time_ms, std::string* bytes);
// CRC-32C of `key` and all of `bytes`: a value that was damaged, or that lies under another key, is found out.
void AppendChecksum(std::string_view key, std::string* bytes);
// `value` without its checksum; nothing where that does not hold.
std::optional<std::string_view> StripChecksum(std::string_view key, std::string_view value);

constexpr uint64_t Zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
constexpr int64_t Unzigzag(uint64_t value) { return static_cast<int64_t>((value >> 1) ^ (0 - (value & 1))); }

// Reads what the functions above wrote. Any byte that is missing or cannot have been written makes ok() false for good
// and every later answer zero or empty, so that one check at the end is enough. Borrows the bytes.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  uint8_t Byte();
  uint32_t Fixed32();
  uint64_t Fixed64();
  uint64_t Varint();
  // A varint of at most `limit`.
  uint64_t Varint(uint64_t limit);
  int64_t SignedVarint() { return Unzigzag(Varint()); }
  double Double() { return std::bit_cast<double>(Fixed64()); }
  std::string_view Text();
  int64_t OrderedTime() { return static_cast<int64_t>(Fixed64() ^ (uint64_t{1} << 63)); }
  // The next `size` bytes as they are.
  std::string_view Raw(size_t size);

  bool ok() const { return ok_; }
  // Read to the very end, without a fault.
  bool AtEnd() const { return ok_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }
  void Fail();

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace nines::codec
