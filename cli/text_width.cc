#include "cli/text_width.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace nines::cli {
namespace {

struct Range {
  uint32_t first;
  uint32_t last;
};

// East Asian Width W and F of Unicode 15, whole blocks where nearly all of a block is wide; and emoji.
constexpr std::array<Range, 15> kWide = {{{0x1100, 0x115F}, {0x2E80, 0x303E}, {0x3041, 0x33FF}, {0x3400, 0x4DBF},
                                          {0x4E00, 0x9FFF}, {0xA000, 0xA4CF}, {0xA960, 0xA97F}, {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF}, {0xFE30, 0xFE6F}, {0xFF00, 0xFF60}, {0xFFE0, 0xFFE6},
                                          {0x1F300, 0x1F64F}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 6> kZero = {
    {{0x0300, 0x036F}, {0x200B, 0x200F}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0x1AB0, 0x1AFF}}};

bool In(const auto& ranges, uint32_t rune) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [rune](const Range& range) { return range.first <= rune && rune <= range.last; });
}

// The next character of UTF-8; a byte that is not UTF-8 stands for itself.
uint32_t NextRune(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  uint32_t rune = length == 1 ? lead : lead & (0xFF >> (length + 1));
  if (length > text.size()) {
    text.remove_prefix(1);
    return lead;
  }
  for (size_t i = 1; i < length; ++i) rune = rune << 6 | (byte(i) & 0x3F);
  text.remove_prefix(length);
  return rune;
}

}  // namespace

int TextWidth(std::string_view text) {
  int width = 0;
  while (!text.empty()) {
    const uint32_t rune = NextRune(text);
    width += In(kZero, rune) ? 0 : In(kWide, rune) ? 2 : 1;
  }
  return width;
}

std::string Pad(std::string_view text, int width, Align align) {
  const std::string blanks(std::max(0, width - TextWidth(text)), ' ');
  return align == Align::kLeft ? std::string(text) + blanks : blanks + std::string(text);
}

std::string Printable(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return result;
}

}  // namespace nines::cli
