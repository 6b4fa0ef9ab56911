#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nines::codec {

// Columns longer than this are never asked for.
inline constexpr uint32_t kColumnValuesMax = 1 << 16;

// kFast is for short-lived pieces of some 32 values, where the cost of encoding counts; kSmall for columns of hundreds
// or thousands of values that are kept, where size does.
enum class Effort : uint8_t { kFast, kSmall };

// Appends the packed form of 1 to kColumnValuesMax values, as storage/FORMAT.md "Value column" has it. Every bit of
// every double is kept: NaNs are told apart, and so are 0 and -0. Scratch memory is the thread's, kept between calls.
void EncodeValues(std::span<const double> values, Effort effort, std::string* bytes);

// Decodes exactly `count` values into `values`, which has room for them. False where `bytes` is not entirely what
// EncodeValues() can have written for that many; `values` then holds anything. Safe on any bytes.
bool DecodeValues(std::string_view bytes, uint32_t count, double* values);

}  // namespace nines::codec
