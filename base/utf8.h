#pragma once

#include <string>
#include <string_view>

namespace nines {

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool IsUtf8(std::string_view text);

// The text itself if it is well-formed; otherwise with a '?' for every byte that is not ASCII.
std::string ToUtf8(std::string_view text);

}  // namespace nines
