#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nines::codec {

// Appends the packed form of 1 to kColumnValuesMax times that grow strictly, as storage/FORMAT.md "Time column" has it.
void EncodeTimes(std::span<const int64_t> times_ms, std::string* bytes);

// Decodes exactly `count` times into `times_ms`, which has room for them. False where `bytes` is not entirely what
// EncodeTimes() can have written for that many, which includes times that do not grow; `times_ms` then holds anything.
bool DecodeTimes(std::string_view bytes, uint32_t count, int64_t* times_ms);

}  // namespace nines::codec
