#include "storage/ledger/fact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "absl/strings/escaping.h"
#include "base/interval.h"
#include "base/text.h"
#include "storage/codec/bytes.h"
#include "storage/ledger/record.h"

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

Fact Report() {
  return {.id = FactId(5),
          .recorded_ms = 9000,
          .author = "li",
          .provider = {},
          .body = Seal{.statement = "nines-seal 1\n",
                       .signature = "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff",
                       .documents = {Sha256Of("report"), Sha256Of("timelines")}}};
}

// The digest in the goldens' records: 0, 1, 2 … 31.
Digest Counting() {
  Digest digest;
  std::iota(digest.begin(), digest.end(), uint8_t{0});
  return digest;
}

struct Golden {
  Fact fact;
  const char* version_1;
  const char* version_2;
};

// Written down from storage/FORMAT.md by another program: records of version 1, without a digest, and of version 2.
std::vector<Golden> Goldens() {
  return {{Incident(),
           "0101ac0280a090d783650c636f6c6c6563746f723a6331016107077469636b65747302343202016180a090d7836580da"
           "c7da836503010ce69cbae688bfe696ade794b5b4957e4d",
           "0201ac0280a090d783650c636f6c6c6563746f723a6331016107077469636b65747302343202016180a090d7836580da"
           "c7da836503010ce69cbae688bfe696ade794b5000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c"
           "1d1e1f24fe1498"},
          {Window(), "010202d00f026c69000204706c616e036d2d310106706f7274616c904ee05dc03e000806f2ac",
           "020202d00f026c69000204706c616e036d2d310106706f7274616c904ee05dc03e00000102030405060708090a0b0c0d"
           "0e0f101112131415161718191a1b1c1d1e1fb668b9f8"},
          {Decision(), "010303000477616e67000403722d3106706f7274616c00020205706f7765728aaf6df6",
           "020303000477616e67000403722d3106706f7274616c00020205706f776572000102030405060708090a0b0c0d0e0f10"
           "1112131415161718191a1b1c1d1e1f75a04acc"},
          {Entry(), "0104040e026c69000674617267657406706f7274616c080a06706f7274616c27c9002d",
           "0204040e026c69000674617267657406706f7274616c080a06706f7274616c000102030405060708090a0b0c0d0e0f10"
           "1112131415161718191a1b1c1d1e1f273abd50"},
          {Report(),
           "010505d08c01026c69000d6e696e65732d7365616c20310a10f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff02845e91831319"
           "e89c4d656bdb80c278ac09a7230d61e5dfd2e1b1fbb436ac8917d29894cc2d0c4513a9ed00d469f1c0d5d7f3c6765496"
           "81097ea5c33235d21a6f84439783",
           "020505d08c01026c69000d6e696e65732d7365616c20310a10f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff02845e91831319"
           "e89c4d656bdb80c278ac09a7230d61e5dfd2e1b1fbb436ac8917d29894cc2d0c4513a9ed00d469f1c0d5d7f3c6765496"
           "81097ea5c33235d21a6f000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fd07521ae"}};
}

bool Same(const Fact& a, const Fact& b) {
  return a.id == b.id && a.recorded_ms == b.recorded_ms && a.author == b.author && a.provider == b.provider &&
         a.body == b.body;
}

TEST(FactTest, GoldenBytes) {
  for (const Golden& golden : Goldens()) {
    EXPECT_EQ(absl::BytesToHexString(EncodeRecord(golden.fact, Counting())), golden.version_2);
    const absl::StatusOr<Record> older = DecodeRecord(absl::HexStringToBytes(golden.version_1));
    ASSERT_TRUE(older.ok()) << older.status();
    EXPECT_TRUE(Same(older->fact, golden.fact)) << golden.version_1;
    EXPECT_FALSE(older->chain.has_value());
    const absl::StatusOr<Record> newer = DecodeRecord(absl::HexStringToBytes(golden.version_2));
    ASSERT_TRUE(newer.ok()) << newer.status();
    EXPECT_TRUE(Same(newer->fact, golden.fact)) << golden.version_2;
    EXPECT_EQ(newer->chain, Counting());
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

TEST(FactTest, EveryFlippedBitAndEveryCutOfARecordIsFound) {
  for (const Golden& golden : Goldens()) {
    const std::string bytes = EncodeRecord(golden.fact, Counting());
    for (size_t i = 0; i < bytes.size() * 8; ++i) {
      std::string damaged = bytes;
      damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
      EXPECT_EQ(DecodeRecord(damaged).status().code(), absl::StatusCode::kDataLoss) << i;
    }
    for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(DecodeRecord(bytes.substr(0, size)).ok()) << size;
  }
}

TEST(FactTest, BadContentIsRefused) {
  const std::string bytes = EncodeFact(Decision());
  ASSERT_TRUE(DecodeFact(bytes).ok());
  EXPECT_FALSE(DecodeFact(bytes + '\0').ok()) << "bytes that are left over";
  EXPECT_FALSE(DecodeFact(bytes.substr(0, bytes.size() - 1)).ok()) << "a text that is cut off";
  std::string kind = bytes;
  kind[0] = 6;
  EXPECT_FALSE(DecodeFact(kind).ok()) << "a kind that does not exist";
  std::string flags = bytes;
  ASSERT_EQ(flags[9], 4);
  flags[9] = 12;
  EXPECT_FALSE(DecodeFact(flags).ok()) << "a flag that does not exist";
  std::string state = bytes;
  ASSERT_EQ(state[23], 2);
  state[23] = 0;
  EXPECT_FALSE(DecodeFact(state).ok()) << "a state that does not exist";
  std::string longer = bytes;
  longer.replace(1, 1, "\x83\x80", 2);
  EXPECT_FALSE(DecodeFact(longer.replace(2, 1, std::string(1, '\0'))).ok()) << "a varint in a longer form";
  std::string documents = EncodeFact(Report());
  documents.resize(documents.size() - 1);
  EXPECT_FALSE(DecodeFact(documents).ok()) << "a digest that is cut off";
}

TEST(FactTest, ARecordOfAnUnknownVersionIsRefused) {
  std::string bytes = EncodeRecord(Decision(), Counting());
  bytes.resize(bytes.size() - 4);
  bytes[0] = 3;
  codec::AppendChecksum("", &bytes);
  EXPECT_THAT(std::string(FromAbsl(DecodeRecord(bytes).status().message())), HasSubstr("version 3"));
}

TEST(FactTest, DocumentsAreFoundOutWhenTheyAreNotWhatTheirNameSays) {
  const Digest digest = Sha256Of("report");
  const std::string key = DocumentKey(digest);
  const std::string value = EncodeDocument(digest, "report");
  // Version, text, and the CRC-32C of key and both.
  EXPECT_EQ(absl::BytesToHexString(value), "017265706f72740559ce29");
  EXPECT_EQ(*DecodeDocument(key, value), "report");
  EXPECT_EQ(*DecodeDocument(DocumentKey(Sha256Of("")), EncodeDocument(Sha256Of(""), "")), "");
  for (size_t i = 0; i < value.size() * 8; ++i) {
    std::string damaged = value;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    EXPECT_EQ(DecodeDocument(key, damaged).status().code(), absl::StatusCode::kDataLoss) << i;
  }
  EXPECT_THAT(std::string(FromAbsl(DecodeDocument(key, EncodeDocument(digest, "another")).status().message())),
              HasSubstr("not the document"));
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
