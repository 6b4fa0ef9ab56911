#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace nines::codec {

inline uint64_t BigEndian64(uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) return __builtin_bswap64(value);
  return value;
}

// Bits, the most significant first, packed into bytes; the last byte is filled up with zeros.
class BitWriter {
 public:
  // The low `width` (1 to 64) bits of `value`; the bits above must be zero.
  void Write(uint64_t value, int width) {
    const int room = 64 - used_;
    if (width < room) {
      word_ |= value << (room - width);
      used_ += width;
      return;
    }
    // `width` fills the word: what is left over goes into the next one.
    const int over = width - room;
    word_ |= value >> over;
    FlushWord();
    word_ = over == 0 ? 0 : value << (64 - over);
    used_ = over;
  }

  size_t size_bytes() const { return full_.size() + static_cast<size_t>(used_ + 7) / 8; }
  size_t capacity_bytes() const { return full_.capacity(); }
  void AppendTo(std::string* bytes) const {
    bytes->append(full_);
    const uint64_t word = BigEndian64(word_);
    bytes->append(reinterpret_cast<const char*>(&word), static_cast<size_t>(used_ + 7) / 8);
  }

 private:
  void FlushWord() {
    const uint64_t word = BigEndian64(word_);
    full_.append(reinterpret_cast<const char*>(&word), sizeof(word));
  }

  std::string full_;
  uint64_t word_ = 0;
  int used_ = 0;  // bits of word_, 0 to 63
};

// Reads what BitWriter wrote. Past the end it answers zero, and ok() is false for good. Borrows the bytes.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  // `width` 1 to 64.
  uint64_t Read(int width) {
    if (width > bits_left()) {
      ok_ = false;
      at_bit_ = bytes_.size() * 8;
      return 0;
    }
    const size_t byte = at_bit_ / 8;
    const int skip = static_cast<int>(at_bit_ % 8);
    at_bit_ += static_cast<size_t>(width);
    const uint64_t word = Load(byte) << skip;
    if (width <= 64 - skip) return word >> (64 - width);
    const uint64_t ninth = static_cast<uint8_t>(bytes_[byte + 8]);
    return (word | ninth >> (8 - skip)) >> (64 - width);
  }
  bool ReadBit() { return Read(1) != 0; }

  bool ok() const { return ok_; }
  int64_t bits_left() const { return static_cast<int64_t>(bytes_.size() * 8 - at_bit_); }
  // Nothing but the zeros that fill the last byte is left.
  bool AtEnd() {
    const int64_t left = bits_left();
    return ok_ && left < 8 && (left == 0 || Read(static_cast<int>(left)) == 0);
  }

 private:
  uint64_t Load(size_t byte) const {
    uint64_t word = 0;
    if (byte + 8 <= bytes_.size()) {
      std::memcpy(&word, bytes_.data() + byte, 8);
    } else {
      std::memcpy(&word, bytes_.data() + byte, bytes_.size() - byte);
    }
    return BigEndian64(word);
  }

  std::string_view bytes_;
  size_t at_bit_ = 0;
  bool ok_ = true;
};

}  // namespace nines::codec
