#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace nines::codec {

// Bits packed into bytes, the least significant first, so that one unaligned load and a shift find any of them.

inline uint64_t LoadLittle64(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

inline void StoreLittle64(uint64_t word, char* at) {
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  std::memcpy(at, &word, sizeof(word));
}

// `width` 0 to 63.
constexpr uint64_t LowBits(int width) { return (uint64_t{1} << width) - 1; }

// The most bits that are written or read at once: with up to seven bits that wait they fill no more than a word.
inline constexpr int kBitsAtOnce = 56;

// Writes into a buffer that has room for all of it and eight bytes more.
class PackWriter {
 public:
  explicit PackWriter(char* out) : out_(out) {}

  // The low `width` (0 to kBitsAtOnce) bits of `value`; the bits above must be zero.
  void Write(uint64_t value, int width) {
    word_ |= value << used_;
    used_ += width;
    StoreLittle64(word_, out_);
    out_ += used_ / 8;
    word_ >>= used_ & 56;
    used_ &= 7;
  }
  // As Write(), `width` up to 64.
  void WriteLong(uint64_t value, int width) {
    if (width > 32) {
      Write(value & 0xffffffff, 32);
      value >>= 32;
      width -= 32;
    }
    Write(value, width);
  }
  // Fills the last byte with zeros. Returns the end.
  char* Finish() { return used_ > 0 ? out_ + 1 : out_; }

 private:
  char* out_;
  uint64_t word_ = 0;
  int used_ = 0;  // bits of word_, 0 to 7
};

// Zeros that stand behind the bytes that a PackReader reads.
inline constexpr size_t kPadding = 64;

// Reads what PackWriter wrote. Past the end it answers zero, and ok() is false for good. Borrows `size` bytes, behind
// which stand kPadding more.
class PackReader {
 public:
  PackReader(const char* bytes, size_t size) : bytes_(bytes), end_bit_(size * 8) {}

  // `width` 0 to kBitsAtOnce.
  uint64_t Read(int width) {
    if (at_bit_ + static_cast<uint64_t>(width) > end_bit_) {
      ok_ = false;
      return 0;
    }
    const uint64_t word = LoadLittle64(bytes_ + at_bit_ / 8) >> (at_bit_ % 8);
    at_bit_ += static_cast<uint64_t>(width);
    return word & LowBits(width);
  }
  uint64_t ReadLong(int width) {
    if (width <= 32) return Read(width);
    const uint64_t low = Read(32);
    return low | Read(width - 32) << 32;
  }

  const char* bytes() const { return bytes_; }
  uint64_t at_bit() const { return at_bit_; }
  void set_at_bit(uint64_t at_bit) { at_bit_ = at_bit; }
  uint64_t end_bit() const { return end_bit_; }
  bool ok() const { return ok_; }
  void Fail() { ok_ = false; }
  // Nothing but the zeros that fill the last byte is left.
  bool AtEnd() {
    const uint64_t left = end_bit_ - at_bit_;
    return ok_ && at_bit_ <= end_bit_ && left < 8 && Read(static_cast<int>(left)) == 0;
  }

 private:
  const char* bytes_;
  uint64_t end_bit_;
  uint64_t at_bit_ = 0;
  bool ok_ = true;
};

}  // namespace nines::codec
