#include "storage/series/labels.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nines::series {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string ErrorOf(std::vector<std::pair<std::string, std::string>> pairs) {
  auto labels = Labels::Create(std::move(pairs));
  EXPECT_EQ(labels.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(labels.status().message());
}

TEST(LabelsTest, SortsAndLeavesOutEmptyValues) {
  auto labels = Labels::Create({{"job", "node"}, {"empty", ""}, {"__name__", "up"}});
  ASSERT_TRUE(labels.ok());
  EXPECT_THAT(labels->pairs(), ElementsAre(Pair("__name__", "up"), Pair("job", "node")));
  EXPECT_EQ(labels->Get("job"), "node");
  EXPECT_EQ(labels->Get("empty"), "");
  EXPECT_EQ(labels->ToString(), "up{job=\"node\"}");
}

TEST(LabelsTest, Text) {
  EXPECT_EQ(Labels().ToString(), "{}");
  EXPECT_EQ(Labels::Create({{"__name__", "up"}})->ToString(), "up");
  EXPECT_EQ(Labels::Create({{"a", "1"}, {"b", "x\"\\\n"}})->ToString(), "{a=\"1\", b=\"x\\\"\\\\\\n\"}");
}

TEST(LabelsTest, SaysWhatItRefuses) {
  EXPECT_THAT(ErrorOf({{"", "x"}}), HasSubstr("label name ''"));
  EXPECT_THAT(ErrorOf({{"1a", "x"}}), HasSubstr("label name '1a'"));
  EXPECT_THAT(ErrorOf({{"a-b", "x"}}), HasSubstr("label name 'a-b'"));
  EXPECT_THAT(ErrorOf({{"a", "x"}, {"a", ""}}), HasSubstr("label 'a' stands twice"));
  EXPECT_THAT(ErrorOf({{"a", "\xff"}}), HasSubstr("label 'a': its value is not UTF-8"));
  EXPECT_THAT(ErrorOf({{"a", std::string(20'000, 'x')}}), HasSubstr("20001 bytes"));
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 65; ++i) many.emplace_back("a" + std::to_string(i), "x");
  EXPECT_THAT(ErrorOf(many), HasSubstr("65 labels"));
}

TEST(LabelsTest, EncodingIsCanonicalAndReadStrictly) {
  auto labels = Labels::Create({{"b", "2"}, {"a", "1"}});
  EXPECT_EQ(labels->Encode(),
            "\x02\x01"
            "a\x01"
            "1\x01"
            "b\x01"
            "2");
  EXPECT_EQ(*Labels::Decode(labels->Encode()), *labels);
  for (size_t i = 0; i < labels->Encode().size(); ++i) {
    EXPECT_FALSE(Labels::Decode(labels->Encode().substr(0, i)).ok());
  }
  EXPECT_FALSE(Labels::Decode(labels->Encode() + "x").ok());
  EXPECT_FALSE(Labels::Decode("\x02\x01"
                              "b\x01"
                              "2\x01"
                              "a\x01"
                              "1")
                   .ok())
      << "not sorted";
  EXPECT_FALSE(Labels::Decode("\x02\x01"
                              "a\x01"
                              "1\x01"
                              "a\x01"
                              "2")
                   .ok())
      << "twice";
  EXPECT_FALSE(Labels::Decode(std::string("\x01\x01"
                                          "a\x00",
                                          4))
                   .ok())
      << "empty value";
  EXPECT_FALSE(Labels::Decode("\x01\x01"
                              "-\x01"
                              "1")
                   .ok())
      << "name";
}

TEST(LabelsTest, DecodingHasTheSameLimits) {
  const auto decodes = [](std::string_view bytes) { return Labels::Decode(bytes).ok(); };
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int i = 0; i < 64; ++i) pairs.emplace_back("a" + std::to_string(i), "x");
  const std::string most = Labels::Create(pairs)->Encode();
  EXPECT_TRUE(decodes(most));
  EXPECT_FALSE(decodes("\x41" + most.substr(1) + "\x01z\x01x")) << "65 labels";
  const std::string largest = Labels::Create({{"a", std::string(16'383, 'x')}})->Encode();
  EXPECT_TRUE(decodes(largest));
  EXPECT_FALSE(decodes("\x02" + largest.substr(1) + "\x01z\x01x")) << "16 386 bytes";
  EXPECT_FALSE(
      decodes(std::string("\x01\x01"
                          "a\x81\x00x",
                          6)))
      << "a size in a longer form than needed";
}

}  // namespace
}  // namespace nines::series
