#pragma once

#include <string>
#include <string_view>

namespace nines::cli {

// Columns that UTF-8 text takes in a terminal: Chinese, Japanese and Korean characters and full-width forms take two,
// combining marks none.
int TextWidth(std::string_view text);

// `text` with blanks behind (or, right-aligned, before) it up to `width` columns.
enum class Align { kLeft, kRight };
std::string Pad(std::string_view text, int width, Align align);

// Control characters replaced, so that a name from the daemon cannot steer the terminal.
std::string Printable(std::string_view text);

}  // namespace nines::cli
