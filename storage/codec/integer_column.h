#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "storage/codec/value_column.h"

namespace nines::codec {

// Appends the packed form of 1 to kColumnValuesMax integers, as storage/FORMAT.md "Integer column" has it.
void EncodeIntegers(std::span<const int64_t> integers, Effort effort, std::string* bytes);

// Decodes exactly `count` integers into `integers`. False where `bytes` is not entirely what EncodeIntegers() can have
// written for that many; `integers` then holds anything.
bool DecodeIntegers(std::string_view bytes, uint32_t count, int64_t* integers);

}  // namespace nines::codec
