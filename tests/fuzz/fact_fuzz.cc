// Facts and records at rest: whatever is decoded, is encoded again byte by byte.
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/ledger/record.h"

namespace nines::ledger {
namespace {

void DecodeAndEncodeFact(const std::string& bytes) {
  const absl::StatusOr<Fact> fact = DecodeFact(bytes);
  if (!fact.ok()) return;
  NINES_CHECK(EncodeFact(*fact) == bytes);
  NINES_CHECK(!IdentityOf(fact->provider, fact->body).empty());
}

void DecodeAndEncodeRecord(const std::string& bytes) {
  const absl::StatusOr<Record> record = DecodeRecord(bytes);
  if (!record.ok()) return;
  if (record->chain.has_value()) {
    NINES_CHECK(EncodeRecord(record->fact, *record->chain) == bytes);
  } else {
    NINES_CHECK(bytes.substr(1, bytes.size() - 5) == EncodeFact(record->fact));
  }
}

std::string WithAuthor(const FactBody& body) {
  return EncodeFact({.id = FactId(300), .recorded_ms = -5, .author = "li", .provider = ProviderId("a"), .body = body});
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
  std::vector<std::string> seeds;
  const Seal seal{.statement = "s", .signature = "t", .documents = {nines::Sha256Of("u")}};
  for (const FactBody& body : {FactBody(incident), FactBody(window), FactBody(ruling),
                               FactBody(CatalogueChange{"target", "t", "bytes"}), FactBody(seal)}) {
    const std::string fact = WithAuthor(body);
    seeds.push_back(fact);
    seeds.push_back('\1' + fact);
    seeds.push_back('\2' + fact + std::string(32, 'd'));
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  nines::ledger::DecodeAndEncodeFact(bytes);
  nines::ledger::DecodeAndEncodeRecord(bytes);
  // Behind a checksum that holds, or nothing would get past it.
  nines::codec::AppendChecksum("", &bytes);
  nines::ledger::DecodeAndEncodeRecord(bytes);
  return 0;
}
