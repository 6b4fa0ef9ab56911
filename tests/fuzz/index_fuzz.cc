// Restoring the index from arbitrary bytes: a series for each piece of the input, which begins with its size. What is
// taken is what Labels::Decode() takes, once, and comes out as it went in.
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/series/index.h"

namespace nines::series {
namespace {

std::string Piece(const std::vector<std::pair<std::string, std::string>>& pairs) {
  const std::string encoded = Labels::Create(pairs)->Encode();
  return static_cast<char>(encoded.size()) + encoded;
}

void Run(std::string_view input) {
  Index index;
  std::map<std::string, SeriesId, std::less<>> taken;
  uint64_t next = 1;
  while (!input.empty()) {
    const size_t size = static_cast<uint8_t>(input[0]);
    input.remove_prefix(1);
    const std::string piece(input.substr(0, size));
    input.remove_prefix(piece.size());
    const SeriesId id(next++);
    const bool ok = index.Restore(id, piece).ok();
    const absl::StatusOr<Labels> labels = Labels::Decode(piece);
    NINES_CHECK(ok == (labels.ok() && !taken.contains(piece)));
    if (ok) taken[piece] = id;
    NINES_CHECK(index.Contains(id) == ok);
    NINES_CHECK(index.LabelsOf(id) == (ok ? *labels : Labels()));
  }
  NINES_CHECK(index.size() == taken.size());
  for (const auto& [piece, id] : taken) NINES_CHECK(index.Find(piece) == id);
  std::vector<SeriesId> removed;
  index.ForEach([&](SeriesId id, std::string_view encoded) {
    const auto it = taken.find(encoded);
    NINES_CHECK(it != taken.end() && it->second == id);
    if (id.value() % 2 == 0) removed.push_back(id);
    return true;
  });
  index.Remove(removed);
  for (const auto& [piece, id] : taken) NINES_CHECK(index.Find(piece).has_value() == (id.value() % 2 != 0));
}

}  // namespace
}  // namespace nines::series

std::vector<std::string> FuzzSeeds() {
  using nines::series::Piece;
  return {Piece({{"__name__", "up"}, {"job", "n\xc3\xa4h"}}) + Piece({{"__name__", "down"}, {"job", "n\xc3\xa4h"}}) +
              Piece({}),
          Piece({{"a", "1"}}) + Piece({{"a", "2"}, {"b", "1"}}) + Piece({{"a", "1"}}) + Piece({{"a", "2"}, {"b", "2"}}),
          Piece({{"a", std::string(140, 'x')}}) + Piece({{"a", std::string(141, 'x')}, {"b", "\n"}})};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  nines::series::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}
