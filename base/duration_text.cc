#include "base/duration_text.h"

#include <array>
#include <charconv>
#include <limits>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "base/text.h"

namespace nines {
namespace {

struct Unit {
  std::string_view suffix;
  int64_t ms;
};
// Longest suffix first where one begins with another ("ms" before "m").
constexpr std::array<Unit, 6> kUnits = {{{"ms", 1}, {"w", 604'800'000}, {"d", 86'400'000}, {"h", 3'600'000},
                                         {"m", 60'000}, {"s", 1'000}}};

absl::Status NotADuration(std::string_view text) {
  return absl::InvalidArgumentError(
      StrCat("'", text, "' is not a duration; write whole numbers with units, e.g. 250ms, 15s, 1h30m, 2d"));
}

// ".25" of "1.25s" → 250: one to three digits behind a point.
bool TakeFraction(std::string_view& text, int64_t* fraction_ms) {
  const auto digit = [&text](size_t at) {
    return at < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[at]));
  };
  if (!text.starts_with('.') || !digit(1)) return false;
  text.remove_prefix(1);
  int64_t scale = 100;
  for (; scale > 0 && digit(0); scale /= 10) {
    *fraction_ms += (text.front() - '0') * scale;
    text.remove_prefix(1);
  }
  return true;
}

}  // namespace

absl::StatusOr<int64_t> ParseDurationMs(std::string_view text) {
  const std::string_view whole = text;
  if (text == "0") return 0;
  if (text.empty()) return NotADuration(whole);
  int64_t total_ms = 0;
  while (!text.empty()) {
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0) return NotADuration(whole);
    text.remove_prefix(end - text.data());
    int64_t fraction_ms = 0;
    const bool fraction = TakeFraction(text, &fraction_ms);
    const Unit* unit = nullptr;
    for (const Unit& candidate : kUnits) {
      if (text.starts_with(candidate.suffix)) {
        text.remove_prefix(candidate.suffix.size());
        unit = &candidate;
        break;
      }
    }
    if (unit == nullptr || (fraction && unit->ms != 1'000)) return NotADuration(whole);
    int64_t part_ms = 0;
    if (__builtin_mul_overflow(number, unit->ms, &part_ms) || __builtin_add_overflow(part_ms, fraction_ms, &part_ms) ||
        __builtin_add_overflow(total_ms, part_ms, &total_ms)) {
      return absl::InvalidArgumentError(StrCat("'", whole, "' is too long a duration"));
    }
  }
  return total_ms;
}

std::string FormatDurationMs(int64_t duration_ms) {
  if (duration_ms == 0) return "0s";
  std::string text;
  if (duration_ms < 0) text = "-";
  uint64_t rest = duration_ms < 0 ? 0 - static_cast<uint64_t>(duration_ms) : static_cast<uint64_t>(duration_ms);
  if (rest < 1'000) return StrCat(text, rest, "ms");
  constexpr std::array<Unit, 3> kBySize = {{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}}};
  for (const Unit& unit : kBySize) {
    const uint64_t size = static_cast<uint64_t>(unit.ms);
    if (rest >= size) StrAppend(&text, rest / size, unit.suffix);
    rest %= size;
  }
  if (rest == 0) return text;
  StrAppend(&text, rest / 1'000);
  if (rest % 1'000 != 0) {
    StrAppend(&text, ".", absl::Dec(rest % 1'000, absl::kZeroPad3));
    while (text.ends_with('0')) text.pop_back();
  }
  return text + "s";
}

absl::StatusOr<int64_t> ParsePartsPerMillion(std::string_view text) {
  const auto error = [whole = text] {
    return absl::InvalidArgumentError(StrCat(
        "'", whole, "' is not a share; write a percentage such as 99.9% (at most four decimals), or parts per million"));
  };
  std::string_view digits = text;
  const bool percent = digits.ends_with('%');
  if (percent) digits.remove_suffix(1);
  std::string_view fraction;
  if (const size_t dot = digits.find('.'); dot != std::string_view::npos) {
    if (!percent) return error();
    fraction = digits.substr(dot + 1);
    digits = digits.substr(0, dot);
    if (fraction.empty() || fraction.size() > 4) return error();
  }
  std::string number(digits);
  number.append(fraction);
  if (percent) number.append(4 - fraction.size(), '0');
  if (digits.empty() || number.size() > 9) return error();
  int64_t ppm = 0;
  for (char c : number) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return error();
    ppm = ppm * 10 + (c - '0');
  }
  if (ppm > 1'000'000) return error();
  return ppm;
}

}  // namespace nines
