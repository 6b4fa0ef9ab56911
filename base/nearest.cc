#include "base/nearest.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/text.h"

namespace nines {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // A third of the word may be wrong, and one letter always.
  const size_t limit = std::max<size_t>(1, word.size() / 3);
  constexpr size_t kWordMax = 200;
  std::string_view nearest;
  size_t distance = limit + 1;
  if (word.size() > kWordMax) return nearest;
  for (std::string_view candidate : candidates) {
    const size_t lengths_differ = std::max(candidate.size(), word.size()) - std::min(candidate.size(), word.size());
    if (lengths_differ >= distance) continue;
    const size_t found = EditDistance(word, candidate);
    if (found >= distance) continue;
    nearest = candidate;
    distance = found;
  }
  return nearest;
}

std::string DidYouMean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view nearest = Nearest(word, candidates);
  return nearest.empty() ? std::string() : StrCat("; did you mean '", nearest, "'?");
}

}  // namespace nines
