#include "storage/rocks/database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/rocks/disk_room.h"

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

TEST_F(DatabaseTest, DeletesKeys) {
  Open();
  Batch batch;
  for (const char* key : {"a", "b", "c", "d"}) batch.Put(Family::kFacts, key, "");
  for (const char* key : {"a", "c"}) batch.Delete(Family::kFacts, key);
  ASSERT_TRUE(database_->Write(batch, Durability::kSync).ok());
  EXPECT_THAT(Keys(*database_, "", "", false), ElementsAre("b", "d"));
}

// Files come to lie in a range once they were compacted, which happens beside this.
TEST_F(DatabaseTest, DropsWholeFilesOfARange) {
  Open();
  size_t written = 0;
  while (written < 200 && Keys(*database_, "", "", false, 1000).size() == written) {
    Batch batch;
    batch.Put(Family::kFacts, "a" + std::to_string(written++), "");
    ASSERT_TRUE(database_->Write(batch, Durability::kBuffer).ok());
    ASSERT_TRUE(database_->Flush().ok());
    ASSERT_TRUE(database_->DropFiles(Family::kFacts, "b", "").ok());
    ASSERT_TRUE(database_->DropFiles(Family::kFacts, "", "a").ok());
    ASSERT_EQ(Keys(*database_, "", "", false, 1000).size(), written) << "they are beside the range";
    ASSERT_TRUE(database_->DropFiles(Family::kFacts, "a", "b").ok());
  }
  EXPECT_LT(written, 200u) << "no file was dropped";
}

TEST_F(DatabaseTest, ASnapshotDoesNotSeeWhatComesLater) {
  Open();
  Batch batch;
  batch.Put(Family::kFacts, "a", "1");
  batch.Put(Family::kFacts, "c", "1");
  ASSERT_TRUE(database_->Write(batch, Durability::kBuffer).ok());
  const auto snapshot = database_->TakeSnapshot();
  Batch later;
  later.Put(Family::kFacts, "a", "2");
  later.Put(Family::kFacts, "b", "2");
  later.Delete(Family::kFacts, "c");
  ASSERT_TRUE(database_->Write(later, Durability::kBuffer).ok());
  std::string seen;
  const auto visit = [&seen](std::string_view key, std::string_view value) {
    seen.append(key).append(value);
    return true;
  };
  ASSERT_TRUE(database_->Scan(Family::kFacts, "", "", visit, {snapshot.get(), Cache::kLeave}).ok());
  EXPECT_EQ(seen, "a1c1");
  const auto cursor = database_->OpenCursor(Family::kFacts, snapshot.get(), Cache::kLeave);
  cursor->Seek("b");
  ASSERT_TRUE(cursor->valid());
  EXPECT_EQ(cursor->key(), "c");
  cursor->Next();
  EXPECT_FALSE(cursor->valid());
  EXPECT_TRUE(cursor->status().ok());
  EXPECT_THAT(Keys(*database_, "", "", false), ElementsAre("a", "b"));
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

TEST_F(DatabaseTest, RoomIsBoundedByTheLimitAndByWhatIsFree) {
  Open();
  Batch batch;
  batch.Put(Family::kFacts, "a", std::string(10'000, 'x'));
  ASSERT_TRUE(database_->Write(batch, Durability::kSync).ok());
  const auto check = [&](DiskRoom::Limits limits) { return DiskRoom(*database_, root_ + "/data", limits).Check(); };
  EXPECT_TRUE(check({.bytes_max = 0, .reserve_bytes = 1}).ok());
  EXPECT_TRUE(check({.bytes_max = 10 << 20, .reserve_bytes = 1}).ok());
  EXPECT_EQ(check({.bytes_max = 9'000, .reserve_bytes = 1}).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(check({.bytes_max = 0, .reserve_bytes = uint64_t{1} << 62}).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace nines::rocks
