#pragma once

#include <cstdint>
#include <string_view>

namespace nines {

// CRC-32C (Castagnoli) of `bytes`; `before` is the CRC of what goes in front, 0 for nothing.
// Crc32c("123456789") == 0xe3069283.
uint32_t Crc32c(std::string_view bytes, uint32_t before = 0);

}  // namespace nines
