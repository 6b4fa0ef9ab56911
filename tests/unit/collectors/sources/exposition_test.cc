#include "collectors/sources/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <boost/json.hpp>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>

#include "base/text.h"
#include "collectors/sources/http_request.h"

namespace nines::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::StartsWith;

std::string ReadData(const std::string& name) {
  std::ifstream file(StrCat(NINES_TEST_DATA, "/prom/", name), std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!name.ends_with(".gz")) return bytes;
  auto text = Gunzip(bytes, 64 << 20);
  EXPECT_TRUE(text.ok()) << text.status();
  return *text;
}

absl::Status Read(ExpositionReader& reader, std::string_view text, ExpositionFormat format) {
  reader.Begin(text, format);
  while (true) {
    auto more = reader.ReadLines(100);
    if (!more.ok()) return more.status();
    if (!*more) return absl::OkStatus();
  }
}

std::string Text(const LabelSet& labels) {
  std::string text;
  for (const auto& [name, value] : labels) StrAppend(&text, text.empty() ? "" : ",", name, "=", value);
  return text;
}

std::map<std::string, double> Values(const ExpositionReader& reader) {
  std::map<std::string, double> values;
  for (const auto& sample : reader.samples()) values[Text(*sample.row.series)] = sample.row.value;
  return values;
}

std::vector<std::string> Commit(ExpositionReader& reader) {
  std::vector<LabelSetPtr> vanished;
  reader.Commit(&vanished);
  std::vector<std::string> texts;
  for (const auto& series : vanished) texts.push_back(Text(*series));
  return texts;
}

std::string Error(std::string_view text, ExpositionFormat format = ExpositionFormat::kText) {
  ExpositionReader reader({});
  return std::string(FromAbsl(Read(reader, text, format).message()));
}

TEST(Exposition, RealPagesHaveTheirSamples) {
  const auto expected = boost::json::parse(ReadData("exposition_expected_counts.json"));
  ASSERT_EQ(expected.as_array().size(), 4u);
  for (const auto& page : expected.as_array()) {
    const std::string file(page.at("file").as_string().c_str());
    SCOPED_TRACE(file);
    const std::string text = ReadData(file);
    ExpositionReader reader(LabelSet{{"job", "test"}});
    ASSERT_TRUE(Read(reader, text, ExpositionFormat::kText).ok());
    EXPECT_EQ(reader.samples().size(), page.at("sample_lines").to_number<size_t>());
    EXPECT_EQ(Values(reader).size(), page.at("series_labelsets").to_number<size_t>());
    EXPECT_EQ(reader.type_lines(), page.at("type_lines").to_number<size_t>());
    EXPECT_EQ(reader.help_lines(), page.at("help_lines").to_number<size_t>());
    EXPECT_THAT(Commit(reader), IsEmpty());
    ASSERT_TRUE(Read(reader, text, ExpositionFormat::kText).ok());
    EXPECT_THAT(Commit(reader), IsEmpty()) << "the same page again: nothing vanishes";
  }
}

TEST(Exposition, ParsesTextfileFixtures) {
  const auto fixtures = boost::json::parse(ReadData("node_exporter_textfile_fixtures.json"));
  size_t samples = 0;
  for (const auto& [name, text] : fixtures.as_object()) {
    ExpositionReader reader({});
    EXPECT_TRUE(Read(reader, text.as_string().c_str(), ExpositionFormat::kText).ok()) << name;
    samples += reader.samples().size();
  }
  EXPECT_EQ(samples, 132u);  // the lines without '#' of all 17
}

TEST(Exposition, OpenMetricsVerdicts) {
  const auto cases = boost::json::parse(ReadData("openmetrics_parser_cases.json.gz"));
  ASSERT_EQ(cases.as_array().size(), 106u);
  for (const auto& test : cases.as_array()) {
    const std::string text(test.at("text").as_string().begin(), test.at("text").as_string().end());
    const std::string error = Error(text, ExpositionFormat::kOpenMetrics);
    EXPECT_EQ(error.empty(), test.at("should_parse").as_bool()) << test.at("name").as_string() << ": " << error << "\n"
                                                                << text;
  }
}

// Rules beside the published cases, each with the nearest text that is right.
TEST(Exposition, OpenMetricsRules) {
  auto verdict = [](std::string_view text) { return Error(StrCat(text, "# EOF\n"), ExpositionFormat::kOpenMetrics); };
  EXPECT_EQ(verdict("# TYPE a summary\na{quantile=\"0.5\"} 1\n"), "");
  EXPECT_THAT(verdict("# TYPE a summary\na{quantile=\"0.5\"} -1\n"), HasSubstr("negative"));
  EXPECT_EQ(verdict("# TYPE a counter\na_total 1\n# TYPE b counter\nb_total 1\n"), "");
  EXPECT_THAT(verdict("# TYPE a counter\na_total 1\n# TYPE a_total gauge\na_total 1\n"), HasSubstr("used before"));
  EXPECT_EQ(verdict("# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_count 2\na_sum 1\n"), "");
  EXPECT_THAT(verdict("# TYPE a histogram\na_bucket{le=\"+Inf\"} 2\na_count 3\na_sum 1\n"), HasSubstr("differs"));
  EXPECT_THAT(verdict("# TYPE a histogram\na_bucket{le=\"+Inf\"} 1.5\n"), HasSubstr("whole number"));
  EXPECT_EQ(verdict("a 1 1.5\na 1 2.5\n"), "");
  EXPECT_THAT(verdict("a 1\n# EOF\n"), HasSubstr("after '# EOF'"));
  EXPECT_THAT(Error("a 1\n", ExpositionFormat::kOpenMetrics), StartsWith("line 2, column 1: the page ends without"));
}

TEST(Exposition, NumbersAndTimes) {
  ExpositionReader reader({});
  ASSERT_TRUE(
      Read(reader, "a NaN\nb +Inf\nc -inf 1395066363000\nd\t1.5e3  -5 \ne -0\nf .5", ExpositionFormat::kText).ok());
  ASSERT_EQ(reader.samples().size(), 6u);
  EXPECT_TRUE(std::isnan(reader.samples()[0].row.value));
  EXPECT_NE(std::bit_cast<uint64_t>(reader.samples()[0].row.value), 0x7ff0000000000002u);
  EXPECT_EQ(reader.samples()[1].row.value, HUGE_VAL);
  EXPECT_EQ(reader.samples()[2].row.value, -HUGE_VAL);
  EXPECT_EQ(reader.samples()[2].time_ms, 1395066363000);
  EXPECT_EQ(reader.samples()[3].row.value, 1500);
  EXPECT_EQ(reader.samples()[3].time_ms, -5);
  EXPECT_TRUE(std::signbit(reader.samples()[4].row.value));
  EXPECT_EQ(reader.samples()[5].row.value, 0.5);
  EXPECT_FALSE(reader.samples()[5].time_ms.has_value());
  ASSERT_TRUE(Read(reader, "a 1 1395066363.123\n# EOF\n", ExpositionFormat::kOpenMetrics).ok());
  EXPECT_EQ(reader.samples()[0].time_ms, 1395066363123);
  for (const char* bad : {"0x1p-3", "0x1", "1_0", "1,5", "--1", "+-1", "nan(1)", "1e", "", "infinit"}) {
    double value = 0;
    EXPECT_FALSE(ParseExpositionNumber(bad, &value)) << bad;
  }
}

TEST(Exposition, LabelsAreUnescapedSortedAndMerged) {
  ExpositionReader reader(LabelSet{{"instance", "h:1"}, {"job", "j"}});
  ASSERT_TRUE(Read(reader,
                   "m { z = \"a\\\\b\\\"c\\nd\\q\" , b=\"}#{\",empty=\"\", } 1\n"
                   "m{job=\"own\",exported_job=\"older\"} 2\n",
                   ExpositionFormat::kText)
                  .ok());
  EXPECT_THAT(Values(reader),
              ElementsAre(Pair("__name__=m,b=}#{,instance=h:1,job=j,z=a\\b\"c\nd\\q", 1),
                          Pair("__name__=m,exported_exported_job=own,exported_job=older,instance=h:1,job=j", 2)));
}

TEST(Exposition, ErrorsNameLineAndColumn) {
  EXPECT_THAT(Error("ok 1\n\nbad-name 1\n"), StartsWith("line 3, column 4: "));
  EXPECT_THAT(Error("a{b=\"1\" c=\"2\"} 1\n"), StartsWith("line 1, column 9: expected ','"));
  EXPECT_THAT(Error("a{b=\"1\",b=\"2\"} 1\n"), StartsWith("line 1, column 9: label b is given twice"));
  EXPECT_THAT(Error("a one\n"), StartsWith("line 1, column 3: the value"));
  EXPECT_THAT(Error("a 1 2 3\n"), StartsWith("line 1, column 7: "));
  EXPECT_THAT(Error("a{b=\"\xC3\x28\"} 1\n"), HasSubstr("not UTF-8"));
  EXPECT_THAT(Error("a{b=\"1\n"), StartsWith("line 1, column 2: the labels are not closed"));
  EXPECT_THAT(Error("a{__name__=\"b\"} 1\n"), HasSubstr("__name__"));
  EXPECT_THAT(Error("# TYPE a meh\na 1\n"), HasSubstr("unknown TYPE 'meh'"));
}

TEST(Exposition, ASeriesIsHandedOverByOnePointer) {
  ExpositionReader reader({});
  ASSERT_TRUE(Read(reader, "a{x=\"1\",y=\"2\"} 1\n", ExpositionFormat::kText).ok());
  const LabelSetPtr first = reader.samples()[0].row.series;
  Commit(reader);
  ASSERT_TRUE(Read(reader, "a{y=\"2\", x=\"1\"} 5\na{x=\"1\",y=\"2\"} 7\n", ExpositionFormat::kText).ok());
  ASSERT_EQ(reader.samples().size(), 1u) << "one series, however it is written";
  EXPECT_EQ(reader.samples()[0].row.series, first);
  EXPECT_EQ(reader.samples()[0].row.value, 5);
}

TEST(Exposition, WhatVanishesIsNamedOnce) {
  ExpositionReader reader({});
  ASSERT_TRUE(Read(reader, "a 1\nb 1\nc 1 1000\n", ExpositionFormat::kText).ok());
  EXPECT_THAT(Commit(reader), IsEmpty());
  ASSERT_TRUE(Read(reader, "a 1\n", ExpositionFormat::kText).ok());
  EXPECT_THAT(Commit(reader), ElementsAre("__name__=b")) << "c has times of its own";
  ASSERT_TRUE(Read(reader, "a 1\n", ExpositionFormat::kText).ok());
  EXPECT_THAT(Commit(reader), IsEmpty());
  std::vector<LabelSetPtr> vanished;
  EXPECT_FALSE(Read(reader, "b 1\nnew 1\n!\n", ExpositionFormat::kText).ok());
  reader.Abort(&vanished);
  ASSERT_EQ(vanished.size(), 1u) << "of a bad page nothing counts as recorded";
  EXPECT_EQ(Text(*vanished[0]), "__name__=a");
  ASSERT_TRUE(Read(reader, "a 1\n", ExpositionFormat::kText).ok());
  EXPECT_EQ(reader.samples().size(), 1u);
  EXPECT_THAT(Commit(reader), IsEmpty());
}

TEST(Exposition, ForgetsWhatIsLongGone) {
  ExpositionReader reader({});
  ASSERT_TRUE(Read(reader, "a 1\nold{x=\"1\"} 1\n", ExpositionFormat::kText).ok());
  Commit(reader);
  for (uint64_t i = 0; i <= ExpositionReader::kForgottenAfter; ++i) {
    EXPECT_EQ(reader.known_lines(), 2u);
    ASSERT_TRUE(Read(reader, "a 1\n", ExpositionFormat::kText).ok());
    Commit(reader);
  }
  EXPECT_EQ(reader.known_lines(), 1u);
}

TEST(Exposition, ARuleBrokenForLongLeavesNothingDangling) {
  ExpositionReader reader({});
  for (int i = 0; i < 12; ++i) {
    EXPECT_FALSE(Read(reader, "# TYPE a counter\na_total{x=\"1\"} -1\n# EOF\n", ExpositionFormat::kOpenMetrics).ok());
    std::vector<LabelSetPtr> vanished;
    reader.Abort(&vanished);
  }
  ASSERT_TRUE(Read(reader, "# TYPE a counter\na_total{x=\"1\"} 1\n# EOF\n", ExpositionFormat::kOpenMetrics).ok());
  EXPECT_EQ(Values(reader).begin()->first, "__name__=a_total,x=1");
}

TEST(Exposition, ReservedSeriesAreTheScrapers) {
  ExpositionReader reader(LabelSet{{"job", "j"}});
  EXPECT_EQ(Text(*reader.Reserve("up")), "__name__=up,job=j");
  ASSERT_TRUE(Read(reader, "up 0\nup{x=\"1\"} 0\n", ExpositionFormat::kText).ok());
  EXPECT_THAT(Values(reader), ElementsAre(Pair("__name__=up,job=j,x=1", 0)));
}

TEST(Exposition, FormatByContentType) {
  EXPECT_EQ(FormatOf("application/openmetrics-text; version=1.0.0; charset=utf-8"), ExpositionFormat::kOpenMetrics);
  EXPECT_EQ(FormatOf("text/plain; version=0.0.4"), ExpositionFormat::kText);
  EXPECT_EQ(FormatOf(""), ExpositionFormat::kText);
}

}  // namespace
}  // namespace nines::collector
