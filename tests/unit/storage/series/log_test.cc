#include "storage/series/log.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nines::series {
namespace {

namespace fs = std::filesystem;

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kHeaderBytes = 24;

class LogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "log_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    Reopen();
  }
  void TearDown() override {
    log_.reset();
    fs::remove_all(root_);
  }

  // Opens, without reading.
  void Open(const std::string& directory) {
    log_.reset();
    auto log = Log::Open(directory, options_);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }
  // What replay tells, as "number:payload".
  std::vector<std::string> Reopen(uint64_t from = 1) { return ReopenAt(root_ + "/log", from); }
  std::vector<std::string> ReopenAt(const std::string& directory, uint64_t from = 1) {
    Open(directory);
    std::vector<std::string> records;
    damage_.clear();
    const auto visit = [&](uint64_t number, std::string_view payload) {
      records.push_back(StrCat(number, ":", payload.substr(0, 20)));
      return true;
    };
    const absl::Status status = log_->Replay(from, visit, [&](std::string what) { damage_.push_back(what); });
    EXPECT_TRUE(status.ok()) << status;
    return records;
  }
  void Append(std::string_view payload) {
    const absl::Status status = log_->Append(payload);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::string PathOf(uint64_t first) const {
    const std::string digits = std::to_string(first);
    return StrCat(root_, "/log/", std::string(20 - digits.size(), '0'), digits, ".log");
  }
  std::vector<uint64_t> Files() const {
    std::vector<uint64_t> firsts;
    for (const auto& entry : fs::directory_iterator(root_ + "/log")) {
      firsts.push_back(std::stoull(entry.path().filename().string()));
    }
    std::sort(firsts.begin(), firsts.end());
    return firsts;
  }
  static void Flip(const std::string& path, size_t at) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(at));
    const char byte = static_cast<char>(file.get() ^ 4);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
    ASSERT_TRUE(file.good());
  }

  std::string root_;
  Log::Options options_{.segment_bytes = 4096};
  std::unique_ptr<Log> log_;
  std::vector<std::string> damage_;
};

TEST_F(LogTest, ReplaysWhatWasAppendedInOrder) {
  EXPECT_EQ(log_->next_number(), 1u);
  Append("one");
  Append("");
  Append(std::string("t\0o", 3));
  EXPECT_EQ(log_->next_number(), 4u);
  EXPECT_THAT(Reopen(), ElementsAre("1:one", "2:", std::string("3:t\0o", 5)));
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_EQ(log_->next_number(), 4u);
  Append("four");
  EXPECT_THAT(Reopen(3), ElementsAre(std::string("3:t\0o", 5), "4:four"));
  EXPECT_EQ(log_->next_number(), 5u);
  EXPECT_THAT(damage_, IsEmpty());
}

TEST_F(LogTest, AnEmptyLogGoesOnWhereItWasCut) {
  EXPECT_THAT(Reopen(77), IsEmpty());
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_EQ(log_->next_number(), 77u);
  Append("x");
  EXPECT_THAT(Reopen(77), ElementsAre("77:x"));
}

TEST_F(LogTest, ReplayEndsWhereItIsToldTo) {
  for (const char* payload : {"1", "2", "3"}) Append(payload);
  Open(root_ + "/log");
  int seen = 0;
  ASSERT_TRUE(log_->Replay(
                      1, [&](uint64_t, std::string_view) { return ++seen < 2; }, [](std::string) { FAIL(); })
                  .ok());
  EXPECT_EQ(seen, 2);
}

TEST_F(LogTest, BeginsNewFilesAndCutsWholeOnes) {
  const std::string big(1500, 'x');  // two to a file
  for (int i = 0; i < 7; ++i) Append(big);
  EXPECT_THAT(Files(), ElementsAre(1, 3, 5, 7));
  ASSERT_TRUE(log_->Cut(3).ok());
  EXPECT_THAT(Files(), ElementsAre(3, 5, 7));
  ASSERT_TRUE(log_->Cut(6).ok());
  EXPECT_THAT(Files(), ElementsAre(5, 7)) << "6 is still needed";
  ASSERT_TRUE(log_->Cut(8).ok());
  EXPECT_THAT(Files(), ElementsAre(7)) << "it still takes records";
  Append("eight");
  EXPECT_THAT(Reopen(8), ElementsAre("8:eight"));
  EXPECT_THAT(damage_, IsEmpty());
  ASSERT_TRUE(log_->Cut(9).ok());
  EXPECT_THAT(Files(), IsEmpty());
  EXPECT_EQ(log_->file_bytes(), 0u);
  Append("nine");
  EXPECT_THAT(Reopen(9), ElementsAre("9:nine"));
}

TEST_F(LogTest, ARecordLargerThanAFileHasOneOfItsOwn) {
  Append("small");
  Append(std::string(100'000, 'x'));
  Append("small again");
  EXPECT_THAT(Files(), ElementsAre(1, 2, 3));
  EXPECT_THAT(Reopen(), ElementsAre("1:small", "2:" + std::string(20, 'x'), "3:small again"));
}

TEST_F(LogTest, ATornTailIsNoDamageAndIsWrittenOver) {
  Append("one");
  Append("the second one");
  log_.reset();
  const std::string path = PathOf(1);
  const size_t whole = fs::file_size(path);
  const std::string bytes = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }();
  for (size_t size = 32; size < whole - 1; ++size) {  // of the second record some; the last bytes only fill up
    if (size >= 32 + kHeaderBytes + 14) break;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes.substr(0, size) + std::string(size % 3 * 50, '\0');
    ASSERT_THAT(Reopen(), ElementsAre("1:one")) << size;
    ASSERT_THAT(damage_, IsEmpty()) << size;
    ASSERT_EQ(log_->next_number(), 2u);
    log_.reset();
  }
  EXPECT_THAT(Reopen(), ElementsAre("1:one"));
  Append("another second");
  Append("three");
  EXPECT_THAT(Reopen(), ElementsAre("1:one", "2:another second", "3:three"));
  EXPECT_THAT(damage_, IsEmpty()) << "what was torn lies at the end of a file before";
}

TEST_F(LogTest, TheFirstRecordOfAFileMayBeTornToo) {
  Append("one");
  log_.reset();
  fs::resize_file(PathOf(1), kHeaderBytes + 2);
  EXPECT_THAT(Reopen(), IsEmpty());
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_EQ(log_->next_number(), 1u);
  Append("new");
  EXPECT_THAT(Reopen(), ElementsAre("1:new"));
  EXPECT_THAT(Files(), ElementsAre(1));
}

// Each byte of the second of three records: its header, its payload. What only fills up is nobody's.
TEST_F(LogTest, AFlippedByteIsNamedAndCostsOneRecord) {
  Append("one");
  Append("two..two");
  Append("three");
  const size_t begin = kHeaderBytes + 8;
  for (size_t at = begin; at < begin + kHeaderBytes + 8; ++at) {
    log_.reset();
    Flip(PathOf(1), at);
    ASSERT_THAT(Reopen(), ElementsAre("1:one", "3:three")) << at;
    ASSERT_THAT(damage_, SizeIs(1)) << at;
    EXPECT_THAT(damage_[0], HasSubstr(PathOf(1) + " at byte 32"));
    EXPECT_THAT(damage_[0], HasSubstr("what it held is lost"));
    EXPECT_EQ(log_->next_number(), 4u);
    log_.reset();
    Flip(PathOf(1), at);
  }
  EXPECT_THAT(Reopen(), ElementsAre("1:one", "2:two..two", "3:three"));
}

TEST_F(LogTest, RecordsBehindSeveralDamagedOnesAreStillRead) {
  for (const char* payload : {"one", "two", "three", "four", "five"}) Append(payload);
  log_.reset();
  Flip(PathOf(1), 0);
  Flip(PathOf(1), 2 * 32 + kHeaderBytes);
  EXPECT_THAT(Reopen(), ElementsAre("2:two", "4:four", "5:five"));
  EXPECT_THAT(damage_, SizeIs(2));
}

// Behind it another file begins: this was acknowledged, and is no torn write.
TEST_F(LogTest, DamageAtTheEndOfAFileIsNamedWhereAnotherFollows) {
  const std::string big(1500, 'x');
  for (int i = 0; i < 3; ++i) Append(big);
  ASSERT_THAT(Files(), ElementsAre(1, 3));
  log_.reset();
  Flip(PathOf(1), kHeaderBytes + 1504 + kHeaderBytes + 100);
  EXPECT_THAT(Reopen(), ElementsAre("1:" + std::string(20, 'x'), "3:" + std::string(20, 'x')));
  ASSERT_THAT(damage_, SizeIs(1));
  EXPECT_THAT(damage_[0], HasSubstr("records 2 to 2"));
}

TEST_F(LogTest, AMissingFileIsNamed) {
  const std::string big(1500, 'x');
  for (int i = 0; i < 6; ++i) Append(big);
  log_.reset();
  fs::remove(PathOf(3));
  EXPECT_THAT(Reopen(), SizeIs(4));
  ASSERT_THAT(damage_, SizeIs(1));
  EXPECT_THAT(damage_[0], HasSubstr("records 3 to 4 before it are missing"));
  EXPECT_EQ(log_->next_number(), 7u);
  log_.reset();
  fs::remove(PathOf(1));
  EXPECT_THAT(Reopen(), SizeIs(2));
  ASSERT_THAT(damage_, SizeIs(1));
  EXPECT_THAT(damage_[0], HasSubstr("records 1 to 4 before it are missing"));
  EXPECT_THAT(Reopen(5), SizeIs(2));
  EXPECT_THAT(damage_, IsEmpty()) << "what was cut is not missing";
}

TEST_F(LogTest, OtherFilesInTheFolderAreLeftAlone) {
  std::ofstream(root_ + "/log/README") << "x";
  std::ofstream(root_ + "/log/00000000000000000001.bak") << "x";
  EXPECT_THAT(Reopen(), IsEmpty());
  Append("one");
  ASSERT_TRUE(log_->Cut(2).ok());
  EXPECT_TRUE(fs::exists(root_ + "/log/README"));
}

TEST_F(LogTest, CopiesWhatIsDurable) {
  const std::string big(1500, 'x');
  for (int i = 0; i < 3; ++i) Append(big);
  ASSERT_TRUE(log_->CopyTo(root_ + "/copy").ok());
  EXPECT_FALSE(log_->CopyTo(root_ + "/nowhere/copy").ok());
  Append("four");
  uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(root_ + "/copy")) bytes += entry.file_size();
  EXPECT_EQ(bytes, 3u * (kHeaderBytes + 1504)) << "nothing that was only set aside";
  EXPECT_THAT(ReopenAt(root_ + "/copy"), SizeIs(3));
  EXPECT_THAT(damage_, IsEmpty());
  EXPECT_THAT(Reopen(), SizeIs(4)) << "the log itself goes on";
}

TEST_F(LogTest, CountsTheBytesItTakesOnTheDisk) {
  EXPECT_EQ(log_->file_bytes(), 0u);
  Append("one");
  EXPECT_EQ(log_->file_bytes(), 4096u) << "set aside";
  log_.reset();
  EXPECT_EQ(fs::file_size(PathOf(1)), 32u) << "given back";
  Reopen();
  EXPECT_EQ(log_->file_bytes(), 32u);
}

TEST_F(LogTest, SaysWhichFolderItCannotUse) {
  std::ofstream(root_ + "/file") << "x";
  EXPECT_THAT(std::string(Log::Open(root_ + "/file/log", {}).status().message()), HasSubstr(root_ + "/file/log"));
  // The folder goes away: nothing counts, and it goes on when it is there again.
  const std::string folder = root_ + "/log";
  fs::rename(folder, root_ + "/away");
  const absl::Status status = log_->Append("lost");
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(std::string(status.message()), HasSubstr(folder));
  EXPECT_EQ(log_->next_number(), 1u);
  fs::rename(root_ + "/away", folder);
  Append("one");
  EXPECT_THAT(Reopen(), ElementsAre("1:one"));
}

}  // namespace
}  // namespace nines::series
