#include "base/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace nines {
namespace {

TEST(NearestTest, Distance) {
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("same", "same"), 0u);
}

TEST(NearestTest, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string_view> words = {"interval", "hold", "target", "targets"};
  EXPECT_EQ(Nearest("intervall", words), "interval");
  EXPECT_EQ(Nearest("tagret", words), "target");
  EXPECT_EQ(Nearest("targetz", words), "target");
  EXPECT_EQ(Nearest("zzz", words), "");
  EXPECT_EQ(DidYouMean("hodl", words), "");
  EXPECT_EQ(DidYouMean("holt", words), "; did you mean 'hold'?");
}

}  // namespace
}  // namespace nines
