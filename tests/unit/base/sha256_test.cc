#include "base/sha256.h"

#include <gtest/gtest.h>

namespace nines {
namespace {

// FIPS 180-4's examples.
constexpr char kNothing[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr char kTwoBlocks[] = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";

TEST(Sha256Test, PublishedExamples) {
  EXPECT_EQ(ToHex(Sha256Of("")), kNothing);
  EXPECT_EQ(ToHex(Sha256Of("abc")), kAbc);
  EXPECT_EQ(ToHex(Sha256Of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")), kTwoBlocks);
}

TEST(Sha256Test, PartsAddUpAndTakingBeginsAnew) {
  Sha256 hash;
  EXPECT_EQ(ToHex(hash.Add("a").Add("").Add("bc").Take()), kAbc);
  EXPECT_EQ(ToHex(hash.Take()), kNothing);
}

TEST(Sha256Test, AChainLinksTheDigitsOfTheDigestBefore) {
  EXPECT_EQ(ToHex(NextLink(std::nullopt, "abc")), kAbc);
  // printf 'ba78...15adabc' | sha256sum
  EXPECT_EQ(ToHex(NextLink(Sha256Of("abc"), "abc")),
            "fee58e4678e796b6f60e7ae350c6b5b60af591c1abffefa774abe13a56e07eb4");
}

TEST(Sha256Test, HexIsReadInItsOneForm) {
  const std::string hex = kAbc;
  EXPECT_EQ(DigestFromHex(hex), Sha256Of("abc"));
  EXPECT_FALSE(DigestFromHex("").has_value());
  EXPECT_FALSE(DigestFromHex(hex.substr(1)).has_value());
  EXPECT_FALSE(DigestFromHex(hex + "0").has_value());
  std::string upper = hex;
  upper[0] = 'B';
  EXPECT_FALSE(DigestFromHex(upper).has_value());
  for (const char c : {'/', ':', '`', 'g', ' '}) {
    std::string other = hex;
    other[63] = c;
    EXPECT_FALSE(DigestFromHex(other).has_value()) << c;
  }
}

}  // namespace
}  // namespace nines
