#pragma once

#include <span>
#include <string>
#include <string_view>

namespace nines {

// How many characters (bytes) have to be put in, left out or changed to make `b` of `a`: Levenshtein's distance.
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate nearest to a word that is not one of them, "" if none is near enough to be what was meant. Of several
// equally near the first.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates);

// "; did you mean 'interval'?", or "" if no candidate is near. For the end of an error message.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace nines
