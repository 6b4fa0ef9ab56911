#include "storage/rocks/database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nines::rocks {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DatabaseTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "rocks_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override {
    database_.reset();
    std::filesystem::permissions(root_, std::filesystem::perms::owner_all);
    std::filesystem::remove_all(root_);
  }
  void Open() {
    database_.reset();
    auto opened = Database::Open(root_ + "/data", {});
    ASSERT_TRUE(opened.ok()) << opened.status();
    database_ = *std::move(opened);
  }
  static std::vector<std::string> Keys(const Database& database, std::string_view from, std::string_view to,
                                       bool backwards, size_t limit = 100) {
    std::vector<std::string> keys;
    auto visit = [&](std::string_view key, std::string_view) {
      keys.emplace_back(key);
      return keys.size() < limit;
    };
    EXPECT_TRUE((backwards ? database.ScanBackwards(Family::kFacts, from, to, visit)
                           : database.Scan(Family::kFacts, from, to, visit))
                    .ok());
    return keys;
  }

  std::string root_;
  std::unique_ptr<Database> database_;
};

TEST_F(DatabaseTest, KeepsFamiliesApartAndSurvivesReopening) {
  Open();
  Batch batch;
  EXPECT_TRUE(batch.empty());
  for (int i = 0; i < kFamilyCount; ++i) batch.Put(static_cast<Family>(i), "key", std::string(1, char('a' + i)));
  EXPECT_FALSE(batch.empty());
  ASSERT_TRUE(database_->Write(batch, Durability::kSync).ok());
  Open();
  for (int i = 0; i < kFamilyCount; ++i) {
    auto value = database_->Get(static_cast<Family>(i), "key");
    ASSERT_TRUE(value.ok() && value->has_value());
    EXPECT_EQ(**value, std::string(1, char('a' + i)));
  }
  auto missing = database_->Get(Family::kMeta, "other");
  ASSERT_TRUE(missing.ok());
  EXPECT_FALSE(missing->has_value());
}

TEST_F(DatabaseTest, ScansHalfOpenRangesBothWays) {
  Open();
  Batch batch;
  for (const char* key : {"a", "b", "c", "d"}) batch.Put(Family::kFacts, key, "");
  ASSERT_TRUE(database_->Write(batch, Durability::kBuffer).ok());
  EXPECT_THAT(Keys(*database_, "b", "d", false), ElementsAre("b", "c"));
  EXPECT_THAT(Keys(*database_, "b", "d", true), ElementsAre("c", "b"));
  EXPECT_THAT(Keys(*database_, "", "", false), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Keys(*database_, "", "", true), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(Keys(*database_, "", "", true, 1), ElementsAre("d"));
  EXPECT_THAT(Keys(*database_, "bb", "bz", true), ElementsAre());
}

TEST_F(DatabaseTest, DeletesKeysAndRanges) {
  Open();
  Batch batch;
  for (const char* key : {"a", "b", "c", "d"}) batch.Put(Family::kFacts, key, "");
  batch.Delete(Family::kFacts, "a");
  batch.DeleteRange(Family::kFacts, "b", "d");
  ASSERT_TRUE(database_->Write(batch, Durability::kSync).ok());
  EXPECT_THAT(Keys(*database_, "", "", false), ElementsAre("d"));
}

TEST_F(DatabaseTest, RefusesADirectoryInUse) {
  Open();
  auto second = Database::Open(root_ + "/data", {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(root_ + "/data is in use by another ninesd"));
}

TEST_F(DatabaseTest, SaysWhatIsWrongWithTheDirectory) {
  std::ofstream(root_ + "/file") << "x";
  auto opened = Database::Open(root_ + "/file/data", {});
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr(root_ + "/file/data cannot be created"));
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  chmod(root_.c_str(), 0500);
  EXPECT_EQ(Database::Open(root_ + "/data", {}).status().code(), absl::StatusCode::kPermissionDenied);
}

TEST_F(DatabaseTest, NamesTheDamagedFile) {
  Open();
  database_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(root_ + "/data")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) std::filesystem::resize_file(entry.path(), 5);
  }
  auto opened = Database::Open(root_ + "/data", {});
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(opened.status().message()), HasSubstr(root_ + "/data is damaged"));
}

TEST_F(DatabaseTest, CheckpointIsAWholeCopy) {
  Open();
  Batch batch;
  batch.Put(Family::kFacts, "a", "1");
  ASSERT_TRUE(database_->Write(batch, Durability::kBuffer).ok());
  ASSERT_TRUE(database_->Checkpoint(root_ + "/backups/first").ok());
  EXPECT_EQ(database_->Checkpoint(root_ + "/backups/first").code(), absl::StatusCode::kAlreadyExists);
  Batch later;
  later.Put(Family::kFacts, "b", "2");
  ASSERT_TRUE(database_->Write(later, Durability::kBuffer).ok());
  auto copy = Database::Open(root_ + "/backups/first", {});
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_THAT(Keys(**copy, "", "", false), ElementsAre("a"));
  EXPECT_GT(database_->DiskBytes(), 0u);
}

}  // namespace
}  // namespace nines::rocks
