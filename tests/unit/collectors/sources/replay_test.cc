#include "collectors/sources/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <fstream>

#include "tests/unit/collectors/agent/temporary_directory.h"
#include "tests/unit/collectors/sources/file_recorder.h"

namespace nines::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ReplayTest : public ::testing::Test {
 protected:
  ReplayTest() {
    config_.set_name("history");
    config_.mutable_replay()->add_files("*.csv*");
    config_.mutable_replay()->mutable_results()->set_check("{site}|{url}");
  }
  template <typename Filter>
  void WritePacked(const std::string& name, const std::string& text, Filter filter) {
    boost::iostreams::filtering_ostream out;
    out.push(filter);
    std::ofstream file(directory_.path() / name, std::ios::binary);
    out.push(file);
    out << text;
    out.reset();
  }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path() / name, std::ios::binary) << text;
  }
  std::unique_ptr<Source> Make() {
    auto sources = MakeReplaySources(config_, {io_, clock_, directory_.path()});
    EXPECT_TRUE(sources.ok()) << sources.status();
    return std::move(sources->at(0));
  }

  TemporaryDirectory directory_;
  boost::asio::io_context io_;
  ManualClock clock_{absl::UnixEpoch()};
  v1::SourceConfig config_;
  FileRecorder recorder_;
};

TEST_F(ReplayTest, TakesResultsInTheOrderOfTheFiles) {
  Write("b.csv", "unix_ms,site,state,url\n3000,\"S, one\",stale,u\n");
  Write("a.csv", "unix_ms,site,state,url\n1000,s,up,u\n2000,s,down,u\n1500,s,degraded,u\n");
  const auto source = Make();
  EXPECT_FALSE(source->AtEnd());
  ASSERT_TRUE(recorder_.Run(*source).ok());
  EXPECT_TRUE(source->AtEnd());
  EXPECT_THAT(recorder_.lines, ElementsAre("1000 s|u UP", "2000 s|u DOWN", "1500 s|u DEGRADED", "3000 S, one|u STALE"));
}

TEST_F(ReplayTest, ReadsPackedFiles) {
  const std::string text = "unix_ms,site,state,url\n1000,s,up,u\n";
  WritePacked("a.csv.gz", text, boost::iostreams::gzip_compressor());
  WritePacked("b.csv.xz", text, boost::iostreams::lzma_compressor());
  ASSERT_TRUE(recorder_.Run(*Make()).ok());
  EXPECT_THAT(recorder_.lines, ElementsAre("1000 s|u UP", "1000 s|u UP"));
}

TEST_F(ReplayTest, ABrokenArchiveIsAnErrorAndTheOthersAreRead) {
  std::string text = "unix_ms,site,state,url\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 100'003) + ",s,up,u\n";
  WritePacked("a.csv.gz", text, boost::iostreams::gzip_compressor());
  WritePacked("b.csv.xz", text, boost::iostreams::lzma_compressor());
  Write("c.csv", "unix_ms,site,state,url\n1000,last,up,u\n");
  for (const char* name : {"a.csv.gz", "b.csv.xz"}) {
    const auto path = directory_.path() / name;
    std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  }
  const auto source = Make();
  const absl::Status status = recorder_.Run(*source);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr("a.csv.gz"));
  EXPECT_FALSE(source->AtEnd());
  EXPECT_EQ(recorder_.lines.back(), "1000 last|u UP");
  std::filesystem::remove(directory_.path() / "a.csv.gz");
  EXPECT_THAT(std::string(recorder_.Run(*source).message()), HasSubstr("b.csv.xz"));
}

TEST_F(ReplayTest, LeavesBadRowsOutAndCountsThem) {
  Write("a.csv",
        "unix_ms,site,state,url\n1000,s,up,u\nx,s,up,u\n2000,s,sideways,u\n3000,s,up\n4000,s\"t,up,u\n5000,s,up,"
        "u\n6000,\xE9,up,u\n");
  const auto source = Make();
  ASSERT_TRUE(recorder_.Run(*source).ok());
  EXPECT_THAT(recorder_.lines, ElementsAre("1000 s|u UP", "5000 s|u UP"));
  EXPECT_EQ(static_cast<ReplaySource&>(*source).bad_rows(), 5u);
}

TEST_F(ReplayTest, NamesAMissingColumnAndAMissingFile) {
  Write("a.csv", "unix_ms,sites,state,url\n1000,s,up,u\n");
  EXPECT_THAT(std::string(recorder_.Run(*Make()).message()),
              HasSubstr("a.csv: there is no column 'site'; did you mean 'sites'?"));
  config_.mutable_replay()->set_files(0, "none-*.csv");
  EXPECT_THAT(std::string(recorder_.Run(*Make()).message()), HasSubstr("no file matches"));
}

TEST_F(ReplayTest, GoesOnWhereItWasStopped) {
  std::string text = "unix_ms,site,state,url\n";
  std::vector<std::string> expected;
  for (int i = 0; i < 2500; ++i) {
    text += std::to_string(i) + ",s,up,u\n";
    expected.push_back(std::to_string(i) + " s|u UP");
  }
  Write("a.csv", text);
  recorder_.flushes_until_stop = 1;  // the second one
  EXPECT_EQ(recorder_.Run(*Make()).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(recorder_.lines.size(), 2000u);
  recorder_.flushes_until_stop = -1;
  ASSERT_TRUE(recorder_.Run(*Make()).ok());
  EXPECT_EQ(recorder_.lines, expected);
  ASSERT_TRUE(recorder_.Run(*Make()).ok());
  EXPECT_EQ(recorder_.lines.size(), 2500u) << "nothing is read twice";
  std::ofstream(directory_.path() / "a.csv", std::ios::app) << "9000,s,down,u\n";
  ASSERT_TRUE(recorder_.Run(*Make()).ok());
  EXPECT_EQ(recorder_.lines.back(), "9000 s|u DOWN");
  EXPECT_EQ(recorder_.lines.size(), 2501u);
}

TEST_F(ReplayTest, TakesSamplesWithLabelsAndJoinsRowsOfOneTime) {
  v1::ReplaySamples* samples = config_.mutable_replay()->mutable_samples();
  samples->add_label_columns("vm");
  samples->set_name_prefix("vm_");
  (*samples->mutable_labels())["set"] = "x";
  Write("a.csv", "vm,unix_ms,cpu %,note,mem\na,1000,1.5,hello,2\nb,1000,3,,\na,2000,+4,5,oops\na,2000,inf,z,7\n");
  const auto source = Make();
  ASSERT_TRUE(recorder_.Run(*source).ok());
  EXPECT_THAT(recorder_.lines,
              ElementsAre("1000 __name__=vm_cpu__,set=x,vm=a,1.500000 __name__=vm_mem,set=x,vm=a,2.000000"
                          " __name__=vm_cpu__,set=x,vm=b,3.000000",
                          "2000 __name__=vm_cpu__,set=x,vm=a,inf __name__=vm_mem,set=x,vm=a,7.000000"));
  EXPECT_EQ(static_cast<ReplaySource&>(*source).bad_rows(), 1u) << "'oops' in a column of numbers";
}

TEST_F(ReplayTest, ConfigErrorsNameTheField) {
  config_.mutable_replay()->mutable_results()->set_check("{site");
  EXPECT_THAT(std::string(MakeReplaySources(config_, {io_, clock_, "."}).status().message()),
              HasSubstr("replay.results.check"));
  config_.mutable_replay()->clear_what();
  EXPECT_THAT(std::string(MakeReplaySources(config_, {io_, clock_, "."}).status().message()),
              HasSubstr("results or samples"));
}

}  // namespace
}  // namespace nines::collector
