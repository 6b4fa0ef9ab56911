// What is sealed, as text, and archives: whatever is read, is written again byte by byte. Bundles of anything are
// judged.
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "base/check.h"
#include "tests/unit/daemon/seal/sealed_month.h"

namespace nines::seal {
namespace {

template <typename Document>
void ReadAndWrite(const std::string& text, absl::StatusOr<Document> (*read)(std::string_view),
                  std::string (*write)(const Document&)) {
  const absl::StatusOr<Document> document = read(text);
  if (document.ok()) NINES_CHECK(write(*document) == text);
}

// A sealed month with one of its files replaced: signatures take too long for all of them.
void Judge(const std::string& bytes) {
  static const PrivateKey key = PrivateKey::Generate();
  static const Files sound = SealedMonth(key).files;
  const auto replaced = std::next(sound.begin(), static_cast<ptrdiff_t>(Sha256Of(bytes)[0] % sound.size()));
  Files files = sound;
  files[replaced->first] = bytes;
  NINES_CHECK(VerifyBundle(files, {}).faults.empty() == (bytes == replaced->second));
}

}  // namespace
}  // namespace nines::seal

std::vector<std::string> FuzzSeeds() {
  using namespace nines::seal;
  const Files files = SealedMonth(PrivateKey::Generate()).files;
  std::vector<std::string> seeds = {WriteArchive({{"a", "x"}, {"b", std::string(600, 'y')}})};
  for (const auto& [name, content] : files) seeds.push_back(content);
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nines::seal;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadAndWrite<Statement>(bytes, &ReadStatement, &WriteStatement);
  ReadAndWrite<SealedReport>(bytes, &ReadReport, &WriteReport);
  ReadAndWrite<SealedTimelines>(bytes, &ReadTimelines, &WriteTimelines);
  ReadAndWrite<Changes>(bytes, &ReadChanges, &WriteChanges);
  ReadAndWrite<Files>(bytes, &ReadArchive, &WriteArchive);
  Judge(bytes);
  return 0;
}
