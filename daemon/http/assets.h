#pragma once

#include <span>
#include <string_view>

namespace nines::http {

// One file of page/, built into the program.
struct Asset {
  std::string_view path;  // "/", "/page.js"
  std::string_view content_type;
  std::string_view body;
};
std::span<const Asset> Assets();
// nullptr where there is none.
const Asset* FindAsset(std::string_view path);

}  // namespace nines::http
