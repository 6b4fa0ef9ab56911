#include "cli/selector.h"

#include <gtest/gtest.h>

namespace nines::cli {
namespace {

TEST(Selector, ReadsNamesAndAllFourMatchers) {
  const auto matchers = ParseSelector(R"( node_load1{a="x", b!="y",c=~"z\\d+",d!~'q"'} )");
  ASSERT_TRUE(matchers.ok()) << matchers.status();
  ASSERT_EQ(matchers->size(), 5u);
  EXPECT_EQ((*matchers)[0].name(), "__name__");
  EXPECT_EQ((*matchers)[0].value(), "node_load1");
  EXPECT_EQ((*matchers)[2].type(), v1::MATCH_TYPE_NOT_EQUAL);
  EXPECT_EQ((*matchers)[3].type(), v1::MATCH_TYPE_REGEX);
  EXPECT_EQ((*matchers)[3].value(), "z\\d+");
  EXPECT_EQ((*matchers)[4].value(), "q\"");
}

TEST(Selector, SaysWhereItIsWrong) {
  const auto error = ParseSelector("up{job=node}");
  ASSERT_FALSE(error.ok());
  EXPECT_NE(error.status().message().find("column 8: expected a value in quotes"), absl::string_view::npos) << error.status();
  for (const char* text : {"", "{}", "up{", "up{job}", "up{job=\"x}", "up{job=\"x\" y=\"z\"}", "up }", "9up", "up{a=\"\\q\"}"}) {
    EXPECT_FALSE(ParseSelector(text).ok()) << text;
  }
}

}  // namespace
}  // namespace nines::cli
