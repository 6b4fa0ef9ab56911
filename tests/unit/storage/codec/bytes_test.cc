#include "storage/codec/bytes.h"

#include "base/crc32c.h"
#include "base/utf8.h"
#include "gtest/gtest.h"

namespace nines::codec {
namespace {

TEST(Crc32cTest, KnownValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);  // RFC 3720, B.4
  EXPECT_EQ(Crc32c("6789", Crc32c("12345")), 0xe3069283u);
}

TEST(Utf8Test, TakesWellFormedTextAlone) {
  for (const char* good :
       {"", "abc", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xc3\x28", "\xe2\x82\x28"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

TEST(BytesTest, FormsAreWhatTheyWere) {
  std::string bytes;
  AppendByte(7, &bytes);
  AppendFixed32(0x01020304, &bytes);
  AppendFixed64(5, &bytes);
  AppendVarint(300, &bytes);
  AppendSignedVarint(-2, &bytes);
  AppendDouble(1, &bytes);
  AppendText("ab", &bytes);
  AppendOrderedTime(-1, &bytes);
  EXPECT_EQ(bytes, std::string("\x07"
                               "\x01\x02\x03\x04"
                               "\0\0\0\0\0\0\0\x05"
                               "\xac\x02"
                               "\x03"
                               "\x3f\xf0\0\0\0\0\0\0"
                               "\x02"
                               "ab"
                               "\x7f\xff\xff\xff\xff\xff\xff\xff",
                               1 + 4 + 8 + 2 + 1 + 8 + 3 + 8));
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Byte(), 7);
  EXPECT_EQ(reader.Fixed32(), 0x01020304u);
  EXPECT_EQ(reader.Fixed64(), 5u);
  EXPECT_EQ(reader.Varint(), 300u);
  EXPECT_EQ(reader.SignedVarint(), -2);
  EXPECT_EQ(reader.Double(), 1);
  EXPECT_EQ(reader.Text(), "ab");
  EXPECT_EQ(reader.OrderedTime(), -1);
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(reader.Byte(), 0);
  EXPECT_FALSE(reader.ok());
}

TEST(BytesTest, VarintsAtTheirEdges) {
  for (uint64_t value : {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 63, ~uint64_t{0}}) {
    std::string bytes;
    AppendVarint(value, &bytes);
    for (size_t size = 0; size < bytes.size(); ++size) {
      ByteReader cut(std::string_view(bytes).substr(0, size));
      cut.Varint();
      EXPECT_FALSE(cut.ok());
    }
    ByteReader reader(bytes);
    EXPECT_EQ(reader.Varint(), value);
    EXPECT_TRUE(reader.AtEnd());
  }
  for (std::string_view bad :
       {std::string_view("\x80\x00", 2), std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}) {
    ByteReader reader(bad);
    reader.Varint();
    EXPECT_FALSE(reader.ok());
  }
  ByteReader limited("\x05");
  limited.Varint(4);
  EXPECT_FALSE(limited.ok());
}

TEST(BytesTest, ChecksumCoversKeyAndValue) {
  std::string value = "value";
  AppendChecksum("key", &value);
  EXPECT_EQ(StripChecksum("key", value), "value");
  EXPECT_EQ(StripChecksum("kez", value), std::nullopt);
  for (size_t i = 0; i < value.size(); ++i) {
    std::string damaged = value;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_EQ(StripChecksum("key", damaged), std::nullopt);
    EXPECT_EQ(StripChecksum("key", value.substr(0, i)), std::nullopt);
  }
}

}  // namespace
}  // namespace nines::codec
