#include "collectors/sources/drop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/unit/collectors/agent/temporary_directory.h"
#include "tests/unit/collectors/sources/file_recorder.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kGood[] =
    R"({"kind":"incident","id":"1","target":"t","start":"2026-03-01T09:00:00+09:00","end":null,"impact":"down"})";

class DropTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path() / name, std::ios::binary) << text;
  }
  std::string Read(const std::string& name) {
    std::ifstream in(directory_.path() / name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  bool Exists(const std::string& name) { return fs::exists(directory_.path() / name); }
  // The clock stands long before the files' times, so that only looking twice tells.
  absl::Status Run() {
    clock_.Advance(absl::Seconds(2));
    return recorder_.Run(source_);
  }
  absl::Status RunTwice() {
    const absl::Status first = Run();
    return first.ok() ? Run() : first;
  }
  std::string ReasonOf(const std::string& line) {
    const auto lines = ParseDropJsonLines(line, "tickets");
    return lines.at(0).fact.ok() ? "none" : std::string(lines.at(0).fact.status().message());
  }

  TemporaryDirectory directory_;
  ManualClock clock_{absl::UnixEpoch()};
  FileRecorder recorder_;
  DropSource source_{"drop", absl::Seconds(15), directory_.path(), "tickets", absl::Seconds(2), clock_};
};

TEST_F(DropTest, TakesAFileThatSettledAndMovesIt) {
  Write("a.jsonl", std::string(kGood) + "\n");
  ASSERT_TRUE(Run().ok());
  EXPECT_FALSE(source_.AtEnd());
  EXPECT_TRUE(recorder_.declarations.empty());
  Write("a.jsonl", std::string(kGood) + "\n\n");  // still written to
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(recorder_.declarations.empty());
  ASSERT_TRUE(Run().ok());
  ASSERT_EQ(recorder_.declarations.size(), 1u);
  const v1::Declaration& fact = recorder_.declarations[0];
  EXPECT_EQ(fact.source(), "tickets");
  EXPECT_EQ(fact.id(), "1");
  EXPECT_EQ(fact.scope().target_id(), "t");
  EXPECT_EQ(wire::ToMs(fact.start_time()), 1'772'323'200'000);  // 2026-03-01T00:00:00Z
  EXPECT_FALSE(fact.has_end_time());
  EXPECT_EQ(fact.impact(), v1::IMPACT_DOWN);
  EXPECT_TRUE(Exists("done/a.jsonl"));
  EXPECT_FALSE(Exists("a.jsonl"));
  EXPECT_FALSE(Exists("rejected"));
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(source_.AtEnd());
}

TEST_F(DropTest, TakesAnOldFileAtOnceAndNeverOverwritesADoneOne) {
  clock_.SetWall(absl::Now() + absl::Hours(1));
  for (int i = 0; i < 3; ++i) {
    Write("a.csv", "kind,id,service,start,end,title\nmaintenance,m,disks,1000,2000,\"new, disks\"\n");
    ASSERT_TRUE(Run().ok());
  }
  ASSERT_EQ(recorder_.maintenance.size(), 3u);
  EXPECT_EQ(recorder_.maintenance[0].title(), "new, disks");
  EXPECT_EQ(recorder_.maintenance[0].scope().service(), "disks");
  EXPECT_EQ(wire::ToMs(recorder_.maintenance[0].end_time()), 2000);
  EXPECT_TRUE(Exists("done/a.csv") && Exists("done/a.2.csv") && Exists("done/a.3.csv"));
}

TEST_F(DropTest, RejectsLinesWithAReasonAndTakesTheOthers) {
  recorder_.refuse["2"] = "names nobody";
  std::string second = kGood;
  second.replace(second.find("\"1\""), 3, "\"2\"");
  Write("a.jsonl", "rubbish\n" + std::string(kGood) + "\n" + second + "\n");
  ASSERT_TRUE(RunTwice().ok());
  EXPECT_EQ(recorder_.declarations.size(), 2u);
  EXPECT_TRUE(Exists("done/a.jsonl"));
  std::istringstream rejected(Read("rejected/a.jsonl.rejected.jsonl"));
  std::string line;
  std::getline(rejected, line);
  EXPECT_THAT(line, StartsWith(R"({"line":1,"reason":"not JSON)"));
  EXPECT_THAT(line, HasSubstr(R"("text":"rubbish"})"));
  std::getline(rejected, line);
  EXPECT_THAT(line, StartsWith(R"({"line":3,"reason":"refused by the daemon: names nobody","text":"{\"kind\")"));
  EXPECT_FALSE(std::getline(rejected, line));
}

TEST_F(DropTest, AddsAFactAgainWhoseAnswerWasLost) {
  recorder_.refuse["1"] = "";
  Write("a.jsonl", kGood);
  ASSERT_TRUE(RunTwice().ok());
  EXPECT_EQ(recorder_.declarations.size(), 2u);
  EXPECT_FALSE(Exists("rejected"));
  EXPECT_TRUE(Exists("done/a.jsonl"));
}

TEST_F(DropTest, StaysWhereItIsWhenStoppedBeforeTheAnswer) {
  Write("a.jsonl", kGood);
  recorder_.flushes_until_stop = 0;
  EXPECT_EQ(RunTwice().code(), absl::StatusCode::kCancelled);
  EXPECT_TRUE(Exists("a.jsonl"));
  recorder_.flushes_until_stop = -1;
  ASSERT_TRUE(Run().ok());
  EXPECT_TRUE(Exists("done/a.jsonl"));
}

TEST_F(DropTest, AFileThatIsWrittenToMeanwhileIsTakenOnceMore) {
  Write("a.jsonl", kGood);
  recorder_.on_acknowledged = [&] { Write("a.jsonl", std::string(kGood) + "\n\n"); };
  ASSERT_TRUE(RunTwice().ok());
  EXPECT_TRUE(Exists("a.jsonl"));
  recorder_.on_acknowledged = nullptr;
  ASSERT_TRUE(RunTwice().ok());
  EXPECT_TRUE(Exists("done/a.jsonl"));
}

TEST_F(DropTest, AVersionOfTheSameFactWaitsForTheAnswerToTheOneBefore) {
  int answers = 0;
  recorder_.on_acknowledged = [&] { ++answers; };
  Write("a.jsonl", std::string(kGood) + "\n" + kGood + "\n");
  ASSERT_TRUE(RunTwice().ok());
  EXPECT_EQ(recorder_.declarations.size(), 2u);
  EXPECT_EQ(answers, 2);
}

TEST_F(DropTest, OtherFilesAreLeftAlone) {
  Write("notes.txt", "x");
  Write(".a.jsonl", kGood);
  ASSERT_TRUE(RunTwice().ok());
  EXPECT_TRUE(recorder_.declarations.empty());
  EXPECT_TRUE(Exists("notes.txt") && Exists(".a.jsonl"));
  EXPECT_TRUE(source_.AtEnd());
}

TEST_F(DropTest, AnUnknownColumnRejectsTheFile) {
  Write("a.csv", "kind,id,targt,start\nincident,1,t,1000\n");
  ASSERT_TRUE(RunTwice().ok());
  EXPECT_EQ(Read("rejected/a.csv.rejected.jsonl"),
            R"({"line":1,"reason":"unknown key 'targt'; did you mean 'target'?","text":""})"
            "\n");
  EXPECT_TRUE(Exists("done/a.csv"));
}

TEST_F(DropTest, ReasonsSayWhatIsWrong) {
  const std::string head = R"({"kind":"incident","id":"1","target":"t",)";
  EXPECT_EQ(ReasonOf(kGood), "none");
  EXPECT_THAT(ReasonOf(head + R"("start":"2026-03-01T09:00:00","impact":"down"})"), HasSubstr("has no time zone"));
  EXPECT_THAT(ReasonOf(head + R"("start":"yesterday","impact":"down"})"), HasSubstr("is not a time"));
  EXPECT_THAT(ReasonOf(head + R"("start":"infinite-past","impact":"down"})"), HasSubstr("is not a time"));
  EXPECT_EQ(ReasonOf(head + R"("start":2000,"end":2000,"impact":"down"})"), "'end' is not after 'start'");
  EXPECT_THAT(ReasonOf(head + R"("start":2000,"impact":"broken"})"), HasSubstr("none of down, degraded, none"));
  EXPECT_THAT(ReasonOf(head + R"("start":2000})"), HasSubstr("'impact' is missing"));
  EXPECT_THAT(ReasonOf(head + R"("start":2000,"impcat":"down"})"), HasSubstr("did you mean 'impact'"));
  EXPECT_THAT(ReasonOf(head + R"("region":"r","start":2000,"impact":"down"})"), HasSubstr("there are 2"));
  EXPECT_THAT(ReasonOf(head + R"("start":2.5,"impact":"down"})"), HasSubstr("whole number"));
  EXPECT_THAT(ReasonOf(head + R"("start":2000,"impact":"down","announced":1})"), HasSubstr("does not go with"));
  EXPECT_THAT(ReasonOf(R"({"kind":"maintenance","id":"1","target":"t","start":1})"), HasSubstr("'end' is missing"));
  EXPECT_THAT(ReasonOf(R"({"kind":"party"})"), HasSubstr("neither incident nor maintenance"));
  EXPECT_EQ(ReasonOf("[1]"), "not a JSON object");
  EXPECT_EQ(ReasonOf(head + R"("start":2000,"impact":"none","withdrawn":true,"told":"2026-03-01T00:00:00Z"})"), "none");
}

TEST_F(DropTest, AMissingFolderIsAnError) {
  DropSource source("drop", absl::Seconds(15), directory_.path() / "none", "tickets", absl::Seconds(2), clock_);
  EXPECT_THAT(std::string(recorder_.Run(source).message()), HasSubstr("create it"));
}

}  // namespace
}  // namespace nines::collector
