#include "collectors/agent/spool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "tests/unit/collectors/agent/temporary_directory.h"

namespace nines::collector {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class SpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<Spool> Open() {
    options_.directory = directory_.path() / "spool";
    auto spool = Spool::Open(options_, clock_);
    EXPECT_TRUE(spool.ok()) << spool.status();
    return spool.ok() ? *std::move(spool) : nullptr;
  }
  // False: the spool wants to wait.
  static bool Append(Spool& spool, const std::string& text, const std::string& cursor = "") {
    const auto segment = spool.Reserve(100);
    EXPECT_TRUE(segment.ok()) << segment.status();
    if (!segment->has_value()) return false;
    v1::SpoolRecord record;
    record.mutable_batch()->add_register_checks(text);
    if (!cursor.empty()) (*record.mutable_cursors())["source"] = cursor;
    EXPECT_TRUE(spool.Append(&record).ok());
    return true;
  }
  static std::vector<std::string> ReadAll(Spool& spool) {
    std::vector<std::string> texts;
    Spool::Position position;
    v1::SpoolRecord record;
    while (true) {
      const auto found = spool.Read(&position, &record);
      EXPECT_TRUE(found.ok()) << found.status();
      if (!found.ok() || !*found) return texts;
      texts.push_back(std::to_string(record.batch().sequence()) + record.batch().register_checks(0));
    }
  }
  std::vector<fs::path> Segments() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(options_.directory)) {
      if (entry.path().extension() == ".seg") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  TemporaryDirectory directory_;
  ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  SpoolOptions options_;
};

TEST_F(SpoolTest, KeepsRecordsCursorsEpochAndCountersOverAReopen) {
  auto spool = Open();
  const uint64_t epoch = spool->epoch();
  EXPECT_NE(epoch, 0u);
  Append(*spool, "a", "at a");
  Append(*spool, "b", "at b");
  spool->CountSourceError();
  spool = nullptr;
  spool = Open();
  EXPECT_EQ(spool->epoch(), epoch);
  EXPECT_EQ(spool->last_sequence(), 2u);
  EXPECT_EQ(spool->cursor("source"), "at b");
  EXPECT_EQ(spool->cursor("other"), "");
  EXPECT_EQ(spool->source_errors(), 1u);
  Append(*spool, "c");
  EXPECT_THAT(ReadAll(*spool), ElementsAre("1a", "2b", "3c"));
}

TEST_F(SpoolTest, IsOpenOnce) {
  auto spool = Open();
  const auto second = Spool::Open(options_, clock_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
}

// As kill -9 leaves it: `meta` of the start, and the segment cut anywhere.
TEST_F(SpoolTest, CutsATornTailWhereverTheWriteStopped) {
  auto spool = Open();
  const fs::path meta = options_.directory / "meta";
  const fs::path saved = directory_.path() / "meta";
  fs::copy_file(meta, saved);
  Append(*spool, "a", "at a");
  Append(*spool, "b", "at b");
  const fs::path segment = Segments().at(0);
  const auto before = fs::file_size(segment);
  Append(*spool, "c", "at c");
  spool = nullptr;
  const auto whole = fs::file_size(segment);
  const fs::path copy = directory_.path() / "whole";
  fs::copy_file(segment, copy);
  for (auto size = before; size < whole; ++size) {
    for (const auto& path : Segments()) fs::remove(path);
    fs::copy_file(copy, segment);
    fs::resize_file(segment, size);
    fs::copy_file(saved, meta, fs::copy_options::overwrite_existing);
    spool = Open();
    ASSERT_THAT(ReadAll(*spool), ElementsAre("1a", "2b")) << size;
    EXPECT_EQ(spool->cursor("source"), "at b");
    EXPECT_EQ(spool->damaged_segments(), 0u);
    EXPECT_EQ(fs::file_size(segment), before);
    const uint64_t last = spool->last_sequence();
    EXPECT_GE(last, 2u);
    Append(*spool, "d");
    EXPECT_THAT(ReadAll(*spool), ElementsAre("1a", "2b", std::to_string(last + 1) + "d"));
    spool = nullptr;
  }
}

TEST_F(SpoolTest, BlocksThatWereNeverFilledAreATornTail) {
  auto spool = Open();
  Append(*spool, "a");
  spool = nullptr;
  fs::resize_file(Segments().at(0), 4096);
  spool = Open();
  EXPECT_THAT(ReadAll(*spool), ElementsAre("1a"));
  EXPECT_EQ(spool->damaged_segments(), 0u);
}

TEST_F(SpoolTest, DamageInTheMiddleIsCountedAndTheNextSegmentIsRead) {
  auto spool = Open();
  for (const char* text : {"a", "b", "c"}) Append(*spool, text);
  spool = nullptr;
  spool = Open();  // begins a new segment
  Append(*spool, "d");
  spool = nullptr;
  const fs::path first = Segments().at(0);
  const auto size = fs::file_size(first);
  std::fstream file(first, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 2));  // within the second of three equal records
  file.put('\x55');
  file.close();
  spool = Open();
  EXPECT_EQ(spool->damaged_segments(), 1u);
  EXPECT_THAT(ReadAll(*spool), ElementsAre("1a", "4d"));
  EXPECT_EQ(fs::file_size(first), size) << "left as it is for whoever wants to look";
}

TEST_F(SpoolTest, NumbersBehindADamagedRecordAreNotUsedAgain) {
  auto spool = Open();
  const fs::path saved = directory_.path() / "meta";
  fs::copy_file(options_.directory / "meta", saved);
  for (const char* text : {"a", "b", "c", "d"}) Append(*spool, text);
  spool = nullptr;
  fs::copy_file(saved, options_.directory / "meta", fs::copy_options::overwrite_existing);
  std::fstream file(Segments().at(0), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(kSegmentHeaderBytes + 4);  // the first record's CRC
  file.put('\x55');
  file.close();
  spool = Open();
  EXPECT_GE(spool->last_sequence(), 4u);
}

TEST_F(SpoolTest, AcknowledgedSegmentsGoAndTheirCursorsStay) {
  options_.segment_bytes = 1;  // one record a segment
  auto spool = Open();
  Append(*spool, "a", "at a");
  Append(*spool, "b");
  Append(*spool, "c");
  EXPECT_EQ(Segments().size(), 3u);
  spool->Acknowledge(2);
  EXPECT_EQ(Segments().size(), 1u);
  EXPECT_THAT(ReadAll(*spool), ElementsAre("3c"));
  spool->Acknowledge(1);  // late, changes nothing
  EXPECT_EQ(spool->acked_sequence(), 2u);
  spool = nullptr;
  spool = Open();
  EXPECT_EQ(spool->cursor("source"), "at a");
  EXPECT_EQ(spool->acked_sequence(), 2u);
  spool->Acknowledge(3);
  EXPECT_THAT(Segments(), ElementsAre());
  spool = nullptr;
  spool = Open();
  EXPECT_EQ(spool->last_sequence(), 3u) << "numbers go on although no record is left";
}

TEST_F(SpoolTest, WaitsWhenFullAndGoesOnAfterAnAcknowledgement) {
  options_.bytes_max = 1000;
  auto spool = Open();
  uint64_t count = 0;
  while (Append(*spool, std::string(50, 'x'))) ASSERT_LT(++count, 100u);
  EXPECT_GE(count, 8u);
  EXPECT_LE(spool->bytes(), 1000);
  EXPECT_EQ(spool->dropped_records(), 0u);
  spool->Acknowledge(count);
  EXPECT_TRUE(Append(*spool, "y"));
  EXPECT_EQ(spool->dropped_records(), 0u);
}

TEST_F(SpoolTest, DropsTheOldestAndCounts) {
  options_.bytes_max = 1000;
  options_.when_full = WhenFull::kDropOldest;
  auto spool = Open();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Append(*spool, std::string(50, 'x')));
  const std::vector<std::string> left = ReadAll(*spool);
  EXPECT_EQ(spool->dropped_records(), 100 - left.size());
  EXPECT_EQ(spool->dropped_through(), 100 - left.size());
  EXPECT_EQ(left.back(), "100" + std::string(50, 'x'));
  EXPECT_LE(spool->bytes(), 1000);
  spool = nullptr;
  EXPECT_EQ(Open()->dropped_records(), 100 - left.size());
}

TEST_F(SpoolTest, DropsWhatIsTooOld) {
  options_.age_max_ms = 1000;
  auto spool = Open();
  Append(*spool, "old");
  clock_.Advance(absl::Milliseconds(1001));
  Append(*spool, "new");
  EXPECT_THAT(ReadAll(*spool), ElementsAre("2new"));
  EXPECT_EQ(spool->dropped_records(), 1u);
}

TEST_F(SpoolTest, AReaderWhoseSegmentIsDroppedGoesOnWithTheNext) {
  options_.segment_bytes = 1;
  auto spool = Open();
  for (const char* text : {"a", "b", "c"}) Append(*spool, text);
  Spool::Position position;
  v1::SpoolRecord record;
  ASSERT_TRUE(*spool->Read(&position, &record));
  EXPECT_EQ(record.batch().sequence(), 1u);
  spool->Acknowledge(2);
  ASSERT_TRUE(*spool->Read(&position, &record));
  EXPECT_EQ(record.batch().sequence(), 3u);
  EXPECT_FALSE(*spool->Read(&position, &record));
  Append(*spool, "d");
  ASSERT_TRUE(*spool->Read(&position, &record));
  EXPECT_EQ(record.batch().sequence(), 4u);
}

TEST_F(SpoolTest, ADamagedMetaIsNamed) {
  Open() = nullptr;
  std::ofstream(options_.directory / "meta") << "rubbish";
  const auto spool = Spool::Open(options_, clock_);
  EXPECT_EQ(spool.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(spool.status().message()), ::testing::HasSubstr("meta is damaged"));
}

TEST_F(SpoolTest, ANewEpochMakesEverythingUnacknowledgedAgain) {
  auto spool = Open();
  Append(*spool, "a");
  spool->Acknowledge(1);
  const uint64_t epoch = spool->epoch();
  ASSERT_TRUE(spool->RenewEpoch().ok());
  EXPECT_NE(spool->epoch(), epoch);
  EXPECT_EQ(spool->acked_sequence(), 0u);
}

}  // namespace
}  // namespace nines::collector
