// What a store does with bytes that changed under it, and with a copy of itself.
#include <atomic>
#include <fstream>
#include <thread>

#include "storage/series/chunk_key.h"
#include "tests/unit/storage/series/store_fixture.h"

namespace nines::series {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class StoreDamageTest : public StoreFixture {
 protected:
  // Turns a bit in the middle of the only file of the log.
  void DamageLogAt(size_t at) {
    for (const auto& entry : std::filesystem::directory_iterator(root_ + "/data/log")) {
      std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
      file.seekg(static_cast<std::streamoff>(at));
      const char byte = static_cast<char>(file.get() ^ 1);
      file.seekp(static_cast<std::streamoff>(at));
      file.put(byte);
    }
  }
  std::vector<std::string> VerifiedDamage() {
    const auto found = store_->Verify();
    EXPECT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->damaged, found->damage.size());
    return found->damage;
  }
  static std::string KeyOfSeries(SeriesId id) {
    std::string key(4, '\0');
    for (int i = 0; i < 4; ++i) key[3 - i] = static_cast<char>(id.value() >> (8 * i));
    return key;
  }
};

TEST_F(StoreDamageTest, NamesADamagedFrameAndReadsTheRest) {
  SealAlways();
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 5, 1}});
  Maintain();
  Record({{id, 4 * kHour + 5, 1}});
  Maintain();
  EXPECT_THAT(VerifiedDamage(), IsEmpty());
  Damage(rocks::Family::kFrames, FrameKey{0, 0, 1}.Encode());
  std::vector<Sample> samples;
  const absl::Status status = store_->Read(id, {0, 10}, &samples);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("frame 1 of block 0 in window 0: its checksum is wrong"));
  EXPECT_FALSE(store_->LastBefore(id, 10).ok());
  EXPECT_FALSE(store_->FirstFrom(id, 0).ok());
  EXPECT_THAT(Read(id, {4 * kHour, 8 * kHour}), ElementsAre(Pair(4 * kHour + 5, 1)));
  EXPECT_THAT(VerifiedDamage(), ElementsAre("frames block 0 window 0 frame 1: its checksum is wrong"));
  TendAt(9 * kHour);
  EXPECT_EQ(store_->Stats().damaged, 1u) << "it is left as it is";
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), 1);
}

TEST_F(StoreDamageTest, VerifyNamesDamagedChunksAndRollups) {
  SealAlways();
  const SeriesId id = Series({{"a", "1"}});
  const SeriesId result = Result("web");
  Record({{id, 5, 1}, {id, 6, 2}, {id, 4 * kHour, 1}, {result, 5, 1}});
  Maintain();
  TendAt(9 * kHour);
  auto found = store_->Verify();
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->series, 2u);
  EXPECT_EQ(found->chunks, 3u);
  EXPECT_EQ(found->frames, 0u);
  EXPECT_EQ(found->rollups, 2u);
  EXPECT_EQ(found->samples, 4u);
  EXPECT_THAT(found->damage, IsEmpty());
  Damage(rocks::Family::kRaw, ChunkKey{0, 0, Level::kWindow, 1, 0}.Encode());
  Damage(rocks::Family::kHours, ChunkKey{0, 0, Level::kWindow, 0, 0}.Encode());
  Damage(rocks::Family::kResults);
  const uint32_t block = BlockOf(result);
  EXPECT_THAT(VerifiedDamage(),
              ElementsAre("raw block 0 partition 0 window 1: its checksum is wrong",
                          StrCat("results block ", block, " partition 0 window 0: its checksum is wrong"),
                          "hours block 0 partition 0 window 0: its checksum is wrong"));
  Damage(rocks::Family::kSeries, KeyOfSeries(id));
  EXPECT_THAT(VerifiedDamage(), testing::Contains("series record 1: its checksum is wrong"));
}

TEST_F(StoreDamageTest, ADamagedLogRecordCostsItsSamplesAlone) {
  const SeriesId id = Series({{"a", "1"}});
  size_t begin = 0;
  for (int i = 1; i <= 3; ++i) {
    if (i == 2) begin = store_->Stats().log_bytes;
    Record({{id, i, 1}});
  }
  // 24 bytes of header to each; the middle of the second record.
  const size_t record = (24 + begin + 7) / 8 * 8;
  store_.reset();
  DamageLogAt(record + 24 + begin - 3);
  OpenStore();
  ASSERT_THAT(store_->recovery_damage(), SizeIs(1));
  EXPECT_THAT(store_->recovery_damage()[0], HasSubstr("record 2: its checksum is wrong; what it held is lost"));
  EXPECT_THAT(Read(id, {0, 10}), ElementsAre(Pair(1, 1), Pair(3, 1)));
  EXPECT_EQ(store_->Stats().damaged, 1u);
}

TEST_F(StoreDamageTest, ADamagedSeriesIsNamedAndItsIdIsNotGivenAgain) {
  SealAlways();
  const SeriesId a = Series({{"a", "1"}});
  const SeriesId b = Series({{"a", "2"}});
  Record({{a, 5, 1}, {b, 5, 2}});
  Maintain();
  Damage(rocks::Family::kSeries, KeyOfSeries(b));
  OpenStore();
  EXPECT_THAT(store_->recovery_damage(), ElementsAre("series 2: its labels are damaged"));
  EXPECT_TRUE(store_->Contains(a));
  EXPECT_FALSE(store_->Contains(b));
  EXPECT_THAT(Read(a, {0, 10}), ElementsAre(Pair(5, 1)));
  const SeriesId other = Series({{"a", "3"}});
  EXPECT_NE(other, b);
  EXPECT_THAT(Read(other, {0, 10}), IsEmpty()) << "samples of another series";
}

TEST_F(StoreDamageTest, ADamagedSeriesDoesNotCostTheLoggedSamplesOfOthers) {
  const SeriesId a = Series({{"a", "1"}});
  const SeriesId b = Series({{"a", "2"}});
  const SeriesId c = Series({{"a", "3"}});
  Record({{a, 5, 1}, {b, 5, 2}, {c, 5, 3}});
  Damage(rocks::Family::kSeries, KeyOfSeries(b));
  OpenStore();
  EXPECT_FALSE(store_->recovery_damage().empty());
  EXPECT_THAT(Read(a, {0, 10}), ElementsAre(Pair(5, 1)));
  EXPECT_THAT(Read(c, {0, 10}), ElementsAre(Pair(5, 3)));
}

TEST_F(StoreDamageTest, RecordsOfTheStoreItselfMustBeSound) {
  store_.reset();
  Damage(rocks::Family::kMeta);
  const absl::Status status = Store::Open(*database_, clock_, options_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("series.format is damaged"));
}

TEST_F(StoreDamageTest, BackupIsOfOneMomentAndOpensWhileEverythingRuns) {
  options_.writer = {.log_bytes_max = 4'000, .step_bytes = 1, .head_pages = 1};
  options_.merger = {.grace_ms = 0, .settle_ms = 0, .frames_max = 3};
  // As a stream's position: in the log with what it stands for, in the database once the log is cut.
  constexpr char kPosition[] = "test.position";
  std::string position;
  store_.reset();
  store_ = *Store::Open(*database_, clock_, options_,
                        {.on_cut = [&](rocks::Batch& batch) { batch.Put(rocks::Family::kMeta, kPosition, position); }});
  const SeriesId a = Series({{"a", "1"}});
  std::vector<SeriesId> fill;
  for (int i = 0; i < 63; ++i) fill.push_back(Series({{"fill", std::to_string(i)}}));
  const SeriesId b = Series({{"a", "2"}});
  ASSERT_NE(BlockOf(a), BlockOf(b));
  std::atomic<bool> stop{false};
  std::atomic<int> appended{0};
  std::thread writer([&] {
    for (int i = 0; !stop; ++i) {
      const Rows rows = RowsOf({{a, i * 1000, 1}, {b, i * 1000, 2}});
      position = std::to_string(i);
      ASSERT_TRUE(store_->Log(rows, position).ok());
      store_->Append(rows);
      ++appended;
      Maintain();
    }
  });
  std::thread merger([&] {
    while (!stop) ASSERT_TRUE(store_->Tend([&] { return stop.load(); }).ok());
  });
  for (int round = 0; round < 5; ++round) {
    while (appended < 200 * (round + 1)) std::this_thread::yield();
    const size_t before = static_cast<size_t>(appended);
    const std::string path = StrCat(root_, "/backup", round);
    const absl::Status status = store_->Backup(path);
    ASSERT_TRUE(status.ok()) << status;
    auto database = rocks::Database::Open(path, {});
    ASSERT_TRUE(database.ok()) << database.status();
    const auto stored = *(*database)->Get(rocks::Family::kMeta, kPosition);
    size_t known = stored.has_value() ? std::stoul(*stored) : 0;
    const auto recovered = [&](std::string_view note) {
      known = std::max(known, static_cast<size_t>(std::stoul(std::string(note))));
      return absl::OkStatus();
    };
    auto copy = Store::Open(**database, clock_, options_, {.recovered = recovered});
    ASSERT_TRUE(copy.ok()) << copy.status();
    EXPECT_THAT((*copy)->recovery_damage(), IsEmpty());
    for (const SeriesId id : {a, b}) {
      const auto samples = Read(**copy, id, {0, kEndTimeMs});
      EXPECT_GE(samples.size(), before);
      EXPECT_GE(samples.size(), known + 1) << "what a stream is told to be durable must be there";
      for (size_t i = 0; i < samples.size(); ++i) ASSERT_EQ(samples[i].first, static_cast<int64_t>(i) * 1000);
    }
    const auto found = (*copy)->Verify();
    ASSERT_TRUE(found.ok());
    EXPECT_THAT(found->damage, IsEmpty());
  }
  stop = true;
  writer.join();
  merger.join();
}

TEST_F(StoreDamageTest, ABackupThatFailsLeavesNothing) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 5, 1}});
  const std::string path = root_ + "/copy";
  std::filesystem::create_directory(path);
  EXPECT_EQ(store_->Backup(path).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(std::filesystem::is_empty(path));
  EXPECT_FALSE(std::filesystem::exists(path + ".log"));
  std::filesystem::remove(path);
  const absl::Status status = store_->Backup(path);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_FALSE(std::filesystem::exists(path + ".log"));
}

}  // namespace
}  // namespace nines::series
