#include "storage/ledger/fact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "base/interval.h"
#include "base/text.h"
#include "storage/codec/bytes.h"
#include "storage/ledger/ledger.h"

namespace nines::ledger {
namespace {

using ::testing::HasSubstr;

Fact Incident() {
  return {.id = FactId(300),
          .recorded_ms = 1735660800000,
          .author = "collector:c1",
          .provider = ProviderId("a"),
          .body = Declaration{.source = "tickets",
                              .id = "42",
                              .scope = {ScopeKind::kProvider, "a"},
                              .start_ms = 1735660800000,
                              .end_ms = 1735664400000,
                              .impact = Impact::kDown,
                              .told_ms = -1,
                              .title = "机房断电",
                              .withdrawn = true}};
}

Fact Window() {
  return {.id = FactId(2),
          .recorded_ms = 1000,
          .author = "li",
          .provider = {},
          .body = Maintenance{.source = "plan",
                              .id = "m-1",
                              .scope = {ScopeKind::kTarget, "portal"},
                              .start_ms = 5000,
                              .end_ms = 6000,
                              .announced_ms = std::nullopt,
                              .cancelled_ms = 4000,
                              .title = ""}};
}

Fact Decision() {
  return {.id = FactId(3),
          .recorded_ms = 0,
          .author = "wang",
          .provider = {},
          .body = Ruling{.id = "r-1",
                         .target = TargetId("portal"),
                         .start_ms = 0,
                         .end_ms = 1,
                         .state = RulingState::kDown,
                         .reason = "power",
                         .revoked = true}};
}

Fact Entry() {
  return {.id = FactId(4),
          .recorded_ms = 7,
          .author = "li",
          .provider = {},
          .body = CatalogueChange{.kind = "target", .id = "portal", .bytes = "\x0a\x06portal"}};
}

struct Golden {
  Fact fact;
  const char* hex;
};

// Written down from storage/FORMAT.md by another program.
std::vector<Golden> Goldens() {
  return {{Incident(),
           "0101ac0280a090d783650c636f6c6c6563746f723a6331016107077469636b65747302343202016180a090d7836580dac7da8365030"
           "10ce69c"
           "bae688bfe696ade794b5b4957e4d"},
          {Window(), "010202d00f026c69000204706c616e036d2d310106706f7274616c904ee05dc03e000806f2ac"},
          {Decision(), "010303000477616e67000403722d3106706f7274616c00020205706f7765728aaf6df6"},
          {Entry(), "0104040e026c69000674617267657406706f7274616c080a06706f7274616c27c9002d"}};
}

bool Same(const Fact& a, const Fact& b) {
  return a.id == b.id && a.recorded_ms == b.recorded_ms && a.author == b.author && a.provider == b.provider &&
         a.body == b.body;
}

TEST(FactTest, GoldenBytes) {
  for (const Golden& golden : Goldens()) {
    EXPECT_EQ(absl::BytesToHexString(EncodeFact(golden.fact)), golden.hex);
    absl::StatusOr<Fact> read = DecodeFact(absl::HexStringToBytes(golden.hex));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(Same(*read, golden.fact)) << golden.hex;
  }
}

TEST(FactTest, EdgesOfTimeSurvive) {
  Fact fact = Window();
  auto& window = std::get<Maintenance>(fact.body);
  window.start_ms = kTimeMinMs;
  window.end_ms = kTimeMaxMs;
  window.announced_ms = std::numeric_limits<int64_t>::min();
  window.cancelled_ms = std::numeric_limits<int64_t>::max();
  window.title = std::string("\0\n", 2);
  EXPECT_TRUE(Same(*DecodeFact(EncodeFact(fact)), fact));
}

TEST(FactTest, EveryFlippedBitAndEveryCutIsFound) {
  for (const Golden& golden : Goldens()) {
    const std::string bytes = EncodeFact(golden.fact);
    for (size_t i = 0; i < bytes.size() * 8; ++i) {
      std::string damaged = bytes;
      damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
      EXPECT_EQ(DecodeFact(damaged).status().code(), absl::StatusCode::kDataLoss) << i;
    }
    for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeFact(bytes.substr(0, size)).ok()) << size;
  }
}

// With a checksum that holds, what remains is refused for what it says.
absl::Status DecodeSealed(std::string bytes) {
  codec::AppendChecksum("", &bytes);
  return DecodeFact(bytes).status();
}

TEST(FactTest, SoundChecksumOverBadContentIsRefused) {
  std::string bytes = EncodeFact(Decision());
  bytes.resize(bytes.size() - 4);
  ASSERT_TRUE(DecodeSealed(bytes).ok());
  EXPECT_FALSE(DecodeSealed(bytes + '\0').ok()) << "bytes that are left over";
  EXPECT_FALSE(DecodeSealed(bytes.substr(0, bytes.size() - 1)).ok()) << "a text that is cut off";
  std::string version = bytes;
  version[0] = 2;
  EXPECT_THAT(std::string(FromAbsl(DecodeSealed(version).message())), HasSubstr("version 2"));
  std::string kind = bytes;
  kind[1] = 5;
  EXPECT_FALSE(DecodeSealed(kind).ok()) << "a kind that does not exist";
  std::string flags = bytes;
  ASSERT_EQ(flags[10], 4);
  flags[10] = 12;
  EXPECT_FALSE(DecodeSealed(flags).ok()) << "a flag that does not exist";
  std::string state = bytes;
  ASSERT_EQ(state[24], 2);
  state[24] = 0;
  EXPECT_FALSE(DecodeSealed(state).ok()) << "a state that does not exist";
  std::string longer = bytes;
  longer.replace(2, 1, "\x83\x80", 2);
  EXPECT_FALSE(DecodeSealed(longer.replace(3, 1, std::string(1, '\0'))).ok()) << "a varint in a longer form";
}

TEST(FactTest, IdentityKeepsItsPartsApart) {
  auto identity = [](const char* provider, const char* source, const char* id) {
    Declaration body;
    body.source = source;
    body.id = id;
    return IdentityOf(ProviderId(provider), body);
  };
  EXPECT_EQ(identity("a", "s", "1"), identity("a", "s", "1"));
  EXPECT_NE(identity("a", "s", "1"), identity("b", "s", "1"));
  EXPECT_NE(identity("a", "s", "1"), identity("", "s", "1"));
  EXPECT_NE(identity("a", "bc", "1"), identity("ab", "c", "1"));
  Maintenance window;
  window.source = "s";
  window.id = "1";
  EXPECT_NE(IdentityOf(ProviderId("a"), window), identity("a", "s", "1"));
}

}  // namespace
}  // namespace nines::ledger
