#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/codec/bit_stream.h"

namespace nines::codec {

struct Sample {
  int64_t time_ms = 0;
  double value = 0;
};

// Same bits: NaNs are told apart, and so are 0 and -0.
inline bool SameBits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

// Samples in growing order of time, packed as they come: the second difference of the times, and the exclusive or of
// each value with the one before, as in Facebook's Gorilla (Pelkonen and others, VLDB 2015, section 4.1). The exact
// bits are in storage/FORMAT.md. Thread-compatible; no allocation for a sample, but for the buffer's growth.
class XorAppender {
 public:
  // Later than every sample before.
  void Append(int64_t time_ms, double value);

  uint32_t count() const { return count_; }
  int64_t start_ms() const { return start_ms_; }
  int64_t last_ms() const { return last_ms_; }
  double last_value() const { return std::bit_cast<double>(last_bits_); }
  size_t size_bytes() const { return bits_.size_bytes(); }
  size_t memory_bytes() const { return sizeof(*this) + bits_.capacity_bytes(); }
  // What DecodeXor() takes, at any moment.
  void AppendTo(std::string* bytes) const { bits_.AppendTo(bytes); }

 private:
  void AppendTime(int64_t time_ms);
  void AppendValue(uint64_t bits);

  BitWriter bits_;
  int64_t start_ms_ = 0;
  int64_t last_ms_ = 0;
  uint64_t last_delta_ms_ = 0;
  uint64_t last_bits_ = 0;
  uint32_t count_ = 0;
  // The window of bits that the last exclusive or was written with; a width of 0 = there was none.
  uint8_t leading_ = 0;
  uint8_t width_ = 0;
};

// Appends `count` samples to `samples`. False where `payload` is not exactly what an XorAppender writes for that many
// samples from `start_ms`; `samples` then has some of them or none.
bool DecodeXor(int64_t start_ms, uint32_t count, std::string_view payload, std::vector<Sample>* samples);

}  // namespace nines::codec
