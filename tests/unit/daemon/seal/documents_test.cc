#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "tests/unit/daemon/seal/sealed_month.h"

namespace nines::seal {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Statement SampleStatement() {
  return {.number = 3,
          .previous = Sha256Of("before"),
          .period = "2025-01",
          .scope = ProviderNorth(),
          .version = 2,
          .reason = "the power was ours",
          .author = "li",
          .now_ms = 1738400000000,
          .ledger_position = 7,
          .ledger_digest = Sha256Of("facts"),
          .contracts = {{0, ""}, {2, "gold"}},
          .report = NameOf("report"),
          .timelines = NameOf("timelines"),
          .changes = NameOf("changes"),
          .public_key = "key"};
}

std::string Golden(const std::string& name) {
  std::ifstream stream(StrCat(NINES_TEST_DATA, "/golden/", name));
  EXPECT_TRUE(stream.is_open()) << name;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

// What was sealed once must read the same for ever: these files never change. A new form is a new version with a file
// of its own.
TEST(DocumentsTest, GoldenTexts) {
  EXPECT_EQ(WriteStatement(SampleStatement()), Golden("seal_v1_statement.txt"));
  EXPECT_EQ(WriteReport(SampleReport()), Golden("seal_v1_report.txt"));
  EXPECT_EQ(WriteTimelines(SampleTimelines()), Golden("seal_v1_timelines.txt"));
  EXPECT_EQ(WriteChanges(SampleChanges()), Golden("seal_v1_changes.txt"));
  EXPECT_EQ(*ReadStatement(Golden("seal_v1_statement.txt")), SampleStatement());
  EXPECT_EQ(*ReadReport(Golden("seal_v1_report.txt")), SampleReport());
  EXPECT_EQ(*ReadTimelines(Golden("seal_v1_timelines.txt")), SampleTimelines());
  EXPECT_EQ(*ReadChanges(Golden("seal_v1_changes.txt")), SampleChanges());
}

TEST(DocumentsTest, AFirstStatementHasNothingBeforeIt) {
  Statement first = SampleStatement();
  first.number = first.version = 1;
  first.previous.reset();
  first.changes.reset();
  first.reason = "";
  first.contracts.clear();
  const std::string text = WriteStatement(first);
  EXPECT_THAT(text, HasSubstr("previous=-\n"));
  EXPECT_THAT(text, testing::Not(HasSubstr("changes")));
  EXPECT_EQ(*ReadStatement(text), first);
}

// Every flipped bit gives another value, or none.
template <typename Document>
void FlipEveryBit(const Document& document, std::string (*write)(const Document&),
                  absl::StatusOr<Document> (*read)(std::string_view)) {
  const std::string text = write(document);
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
    const absl::StatusOr<Document> value = read(other);
    EXPECT_TRUE(!value.ok() || !(*value == document)) << bit;
  }
  for (size_t size = 0; size < text.size(); ++size) {
    const absl::StatusOr<Document> value = read(text.substr(0, size));
    EXPECT_TRUE(!value.ok() || !(*value == document)) << size;
  }
}

TEST(DocumentsTest, NoTwoTextsHaveOneValue) {
  FlipEveryBit<Statement>(SampleStatement(), &WriteStatement, &ReadStatement);
  FlipEveryBit<SealedReport>(SampleReport(), &WriteReport, &ReadReport);
  FlipEveryBit<SealedTimelines>(SampleTimelines(), &WriteTimelines, &ReadTimelines);
  FlipEveryBit<Changes>(SampleChanges(), &WriteChanges, &ReadChanges);
}

TEST(DocumentsTest, ACountBeyondTheTextIsRefused) {
  std::string text = WriteReport(SampleReport());
  text.replace(text.find("targets=2"), 9, "targets=18446744073709551615");
  EXPECT_THAT(std::string(FromAbsl(ReadReport(text).status().message())), HasSubstr("more than the text can hold"));
}

TEST(DocumentsTest, ReportsAreComparedTargetByTarget) {
  const SealedReport before = SampleReport();
  EXPECT_THAT(CompareReports(before, before), IsEmpty());
  SealedReport after = before;
  after.now_ms += 1;
  after.ledger_position += 1;
  EXPECT_THAT(CompareReports(before, after), IsEmpty());
  after.targets[0].declared_not_observed_ms = 1;
  after.targets[1].id = "another";
  const std::vector<TargetChange> changes = CompareReports(before, after);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].target, "another");
  EXPECT_FALSE(changes[0].before.has_value());
  EXPECT_EQ(changes[0].after->unknown_ms, 2678400000);
  EXPECT_EQ(changes[1].target, "portal");
  EXPECT_EQ(changes[1].before, changes[1].after) << "its totals are the same";
  EXPECT_EQ(changes[1].before->down_ms, 2678401);
  EXPECT_EQ(changes[2].target, "silent");
  EXPECT_FALSE(changes[2].after.has_value());
}

}  // namespace
}  // namespace nines::seal
