#include "cli/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace nines::cli {
namespace {

TEST(TextWidth, CountsTerminalColumns) {
  EXPECT_EQ(TextWidth("abc"), 3);
  EXPECT_EQ(TextWidth("门户网站"), 8);
  EXPECT_EQ(TextWidth("政务 A，"), 8);  // two characters, blank, letter, full-width comma
  EXPECT_EQ(TextWidth("e\u0301"), 1);   // e and a combining accent
  EXPECT_EQ(TextWidth("\xff\xe4"), 2);  // not UTF-8: does not crash, counts bytes
}

TEST(Table, LinesUpChineseAndEnglish) {
  Table table({{"NAME"}, {"SHARE", Align::kRight}, {"NOTE"}});
  table.Add({{"门户"}, {"99.9 %"}, {"a"}});
  table.Add({{"portal"}, {"100 %"}, {""}});
  std::ostringstream out;
  table.Print(out, Table::Colour::kNo);
  EXPECT_EQ(out.str(),
            "NAME     SHARE  NOTE\n"
            "门户    99.9 %  a\n"
            "portal   100 %  \n");
}

TEST(Table, ColoursOnlyWhenAsked) {
  Table table({{"S"}});
  table.Add({{"down", Tint::kBad}});
  std::ostringstream plain, coloured;
  table.Print(plain, Table::Colour::kNo);
  table.Print(coloured, Table::Colour::kYes);
  EXPECT_EQ(plain.str().find('\x1b'), std::string::npos);
  EXPECT_NE(coloured.str().find("\x1b[1;31mdown\x1b[0m"), std::string::npos);
}

TEST(Table, NamesCannotSteerTheTerminal) {
  Table table({{"S"}});
  table.Add({{"a\x1b[2Jb\n"}});
  std::ostringstream out;
  table.Print(out, Table::Colour::kNo);
  EXPECT_EQ(out.str(), "S\na?[2Jb?\n");
}

TEST(Csv, QuotesWhatNeedsIt) {
  std::ostringstream out;
  PrintCsvRow(out, {"plain", "a,b", "say \"hi\"", "two\nlines", ""});
  EXPECT_EQ(out.str(), "plain,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\n");
}

}  // namespace
}  // namespace nines::cli
