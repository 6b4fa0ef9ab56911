// Facts at rest: whatever DecodeFact() takes, EncodeFact() writes again byte by byte.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/ledger/ledger.h"

namespace nines::ledger {
namespace {

void DecodeAndEncode(const std::string& bytes) {
  const absl::StatusOr<Fact> fact = DecodeFact(bytes);
  if (!fact.ok()) return;
  NINES_CHECK(EncodeFact(*fact) == bytes);
  NINES_CHECK(!IdentityOf(fact->provider, fact->body).empty());
}

std::string WithoutChecksum(const FactBody& body) {
  std::string bytes =
      EncodeFact({.id = FactId(300), .recorded_ms = -5, .author = "li", .provider = ProviderId("a"), .body = body});
  bytes.resize(bytes.size() - 4);
  return bytes;
}

}  // namespace
}  // namespace nines::ledger

std::vector<std::string> FuzzSeeds() {
  using namespace nines::ledger;
  Declaration incident;
  incident.source = "tickets";
  incident.id = "42";
  incident.scope = {ScopeKind::kRegion, "north"};
  incident.end_ms = int64_t{1} << 60;
  incident.told_ms = -1;
  Maintenance window;
  window.id = "m";
  window.cancelled_ms = 7;
  Ruling ruling;
  ruling.id = "r";
  ruling.revoked = true;
  return {WithoutChecksum(incident), WithoutChecksum(window), WithoutChecksum(ruling),
          WithoutChecksum(CatalogueChange{"target", "t", "bytes"})};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  nines::ledger::DecodeAndEncode(bytes);
  // Behind a checksum that holds, or nothing would get past it.
  nines::codec::AppendChecksum("", &bytes);
  nines::ledger::DecodeAndEncode(bytes);
  return 0;
}
