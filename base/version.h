#pragma once

#include <string_view>

namespace nines {

// "0.1.0"
std::string_view Version();

}  // namespace nines
