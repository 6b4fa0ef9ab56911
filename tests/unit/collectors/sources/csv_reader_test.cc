#include "collectors/sources/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace nines::collector {
namespace {

using ::testing::ElementsAre;

// Rows as "line:field|field", malformed ones as "line!message".
std::vector<std::string> Read(const std::string& text) {
  CsvReader reader(std::make_unique<std::istringstream>(text));
  std::vector<std::string> rows;
  while (rows.size() < 1000) {
    const auto next = reader.Next();
    if (next.ok() && !*next) return rows;
    std::string row = std::to_string(reader.line()) + (next.ok() ? ":" : "!");
    if (!next.ok()) row += std::string(next.status().message());
    for (size_t i = 0; next.ok() && i < reader.fields().size(); ++i) {
      row += (i > 0 ? "|" : "") + std::string(reader.fields()[i]);
    }
    rows.push_back(row);
  }
  return rows;
}

TEST(CsvReader, ReadsFieldsAndLineEnds) {
  EXPECT_THAT(Read("a,b\n1,2\r\n,\n3,4"), ElementsAre("1:a|b", "2:1|2", "3:|", "4:3|4"));
  EXPECT_THAT(Read(""), ElementsAre());
  EXPECT_THAT(Read("\xEF\xBB\xBFx\n"), ElementsAre("1:x"));
  EXPECT_THAT(Read("a\n\n\r\nb\n"), ElementsAre("1:a", "4:b"));
}

TEST(CsvReader, ReadsQuotes) {
  EXPECT_THAT(Read("\"a,b\",\"say \"\"hi\"\"\",\"\"\n"), ElementsAre("1:a,b|say \"hi\"|"));
  EXPECT_THAT(Read("\"two\nlines\",x\ny\n"), ElementsAre("1:two\nlines|x", "3:y"));
  EXPECT_THAT(Read("x,\"q\"\r\n"), ElementsAre("1:x|q"));
}

TEST(CsvReader, GoesOnBehindAMalformedRow) {
  EXPECT_THAT(Read("a\"b,c\nd\n"), ElementsAre("1!a quote within a field that does not begin with one", "2:d"));
  EXPECT_THAT(Read("\"a\"b,c\nd\n"), ElementsAre("1!text after the end of a quoted field", "2:d"));
  EXPECT_THAT(Read("d\n\"abc\n"), ElementsAre("1:d", "2!a quoted field does not end"));
}

TEST(CsvReader, BlockBoundariesDoNotMatter) {
  std::string text, expected;
  for (int i = 0; i < 20'000; ++i) text += "\"" + std::to_string(i) + "\",x\n";
  CsvReader reader(std::make_unique<std::istringstream>(text));
  for (int i = 0; i < 20'000; ++i) {
    ASSERT_TRUE(*reader.Next());
    ASSERT_EQ(reader.fields()[0], std::to_string(i));
    ASSERT_EQ(reader.line(), i + 1);
  }
  EXPECT_FALSE(*reader.Next());
}

}  // namespace
}  // namespace nines::collector
