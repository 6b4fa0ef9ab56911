#include "base/utf8.h"

#include <cstdint>

namespace nines {

bool IsUtf8(std::string_view text) {
  const auto* at = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = at + text.size();
  while (at < end) {
    const uint8_t lead = *at++;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (end - at < more) return false;
    // The second byte's range is what rules out overlong forms, surrogates and too large values.
    const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (*at < low || *at > high) return false;
    ++at;
    for (int i = 1; i < more; ++i, ++at) {
      if (*at < 0x80 || *at > 0xbf) return false;
    }
  }
  return true;
}

std::string ToUtf8(std::string_view text) {
  std::string result(text);
  if (IsUtf8(text)) return result;
  for (char& c : result) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return result;
}

}  // namespace nines
