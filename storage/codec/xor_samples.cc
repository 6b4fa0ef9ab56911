#include "storage/codec/xor_samples.h"

#include <algorithm>

#include "base/check.h"
#include "storage/codec/bytes.h"

namespace nines::codec {
namespace {

// Prefix 0: the same delta again. Otherwise as many ones as the row's number, a zero (but for the last row), and the
// zigzag form of the second difference in so many bits.
constexpr int kTimeWidths[] = {7, 13, 20, 36, 64};
constexpr int kTimeWidthCount = 5;

// Widths 1 to 64 are written in six bits, 64 as 0; leading zeros in five, so that more than 31 count as 31.
constexpr int kLeadingMax = 31;

}  // namespace

void XorAppender::Append(int64_t time_ms, double value) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  if (count_ == 0) {
    start_ms_ = time_ms;
    bits_.Write(bits, 64);
  } else {
    NINES_CHECK(time_ms > last_ms_);
    AppendTime(time_ms);
    AppendValue(bits);
  }
  last_ms_ = time_ms;
  last_bits_ = bits;
  ++count_;
}

void XorAppender::AppendTime(int64_t time_ms) {
  // Unsigned, because the difference of two far times wraps round; the reader wraps it back.
  const uint64_t delta_ms = static_cast<uint64_t>(time_ms) - static_cast<uint64_t>(last_ms_);
  const uint64_t change = Zigzag(static_cast<int64_t>(delta_ms - last_delta_ms_));
  last_delta_ms_ = delta_ms;
  if (change == 0) {
    bits_.Write(0, 1);
    return;
  }
  int row = 0;
  while (row + 1 < kTimeWidthCount && change >> kTimeWidths[row] != 0) ++row;
  if (row + 1 < kTimeWidthCount) {
    bits_.Write((uint64_t{1} << (row + 2)) - 2, row + 2);
  } else {
    bits_.Write((uint64_t{1} << (row + 1)) - 1, row + 1);
  }
  bits_.Write(change, kTimeWidths[row]);
}

void XorAppender::AppendValue(uint64_t bits) {
  const uint64_t difference = bits ^ last_bits_;
  if (difference == 0) {
    bits_.Write(0, 1);
    return;
  }
  const int leading = std::min(std::countl_zero(difference), kLeadingMax);
  const int trailing = std::countr_zero(difference);
  const int width = 64 - leading - trailing;
  const int old_trailing = 64 - leading_ - width_;
  // A new window costs eleven bits more: the old one is kept while it wastes less than that.
  if (width_ != 0 && leading >= leading_ && trailing >= old_trailing && width_ <= width + 11) {
    bits_.Write(0b10, 2);
    bits_.Write(difference >> old_trailing, width_);
    return;
  }
  leading_ = static_cast<uint8_t>(leading);
  width_ = static_cast<uint8_t>(width);
  bits_.Write(0b11, 2);
  bits_.Write(static_cast<uint64_t>(leading), 5);
  bits_.Write(static_cast<uint64_t>(width & 63), 6);
  bits_.Write(difference >> trailing, width);
}

namespace {

class XorReader {
 public:
  XorReader(int64_t start_ms, std::string_view payload) : bits_(payload), time_ms_(start_ms) {}

  bool ReadFirst() {
    value_ = bits_.Read(64);
    return bits_.ok();
  }
  bool ReadNext() { return ReadTime() && ReadValue() && bits_.ok(); }
  bool AtEnd() { return bits_.AtEnd(); }
  Sample sample() const { return {time_ms_, std::bit_cast<double>(value_)}; }

 private:
  bool ReadTime() {
    if (bits_.ReadBit()) {
      int row = 0;
      while (row + 1 < kTimeWidthCount && bits_.ReadBit()) ++row;
      delta_ms_ += static_cast<uint64_t>(Unzigzag(bits_.Read(kTimeWidths[row])));
    }
    const int64_t next_ms = static_cast<int64_t>(static_cast<uint64_t>(time_ms_) + delta_ms_);
    if (next_ms <= time_ms_) return false;
    time_ms_ = next_ms;
    return true;
  }

  bool ReadValue() {
    if (!bits_.ReadBit()) return true;
    if (bits_.ReadBit()) {
      leading_ = static_cast<int>(bits_.Read(5));
      width_ = static_cast<int>(bits_.Read(6));
      if (width_ == 0) width_ = 64;
      if (leading_ + width_ > 64) return false;
    } else if (width_ == 0) {
      return false;
    }
    value_ ^= bits_.Read(width_) << (64 - leading_ - width_);
    return true;
  }

  BitReader bits_;
  int64_t time_ms_;
  uint64_t delta_ms_ = 0;
  uint64_t value_ = 0;
  int leading_ = 0;
  int width_ = 0;
};

}  // namespace

bool DecodeXor(int64_t start_ms, uint32_t count, std::string_view payload, std::vector<Sample>* samples) {
  // Every sample after the first takes two bits or more: a damaged count cannot ask for much memory.
  if (count == 0) return payload.empty();
  if (payload.size() < 8 || count - 1 > (payload.size() - 8) * 4) return false;
  samples->reserve(samples->size() + count);
  XorReader reader(start_ms, payload);
  if (!reader.ReadFirst()) return false;
  samples->push_back(reader.sample());
  for (uint32_t i = 1; i < count; ++i) {
    if (!reader.ReadNext()) return false;
    samples->push_back(reader.sample());
  }
  return reader.AtEnd();
}

}  // namespace nines::codec
