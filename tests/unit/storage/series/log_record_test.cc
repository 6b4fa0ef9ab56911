#include "storage/series/log_record.h"

#include <bit>
#include <limits>

#include "gtest/gtest.h"
#include "storage/series/chunk_key.h"
#include "storage/series/series_id.h"

namespace nines::series {
namespace {

constexpr int64_t kNow = 1'700'000'000'000;

// A scrape, single samples, a row of runs with gaps, both classes, the first and last time and id.
Rows SomeRows() {
  Rows rows;
  rows.rows.push_back({kNow, 20});
  for (uint32_t i = 0; i < 20; ++i) {
    rows.series.push_back(100 + i);
    rows.values.push_back(i);
  }
  rows.Add(SeriesId(1), kFirstTimeMs, -0.0);
  rows.Add(SeriesId(LastIdOf(SeriesClass::kResults)), kEndTimeMs - 1,
           std::bit_cast<double>(uint64_t{0x7ff0000000000002}));
  rows.Add(SeriesId(FirstIdOf(SeriesClass::kResults)), 3, 1);
  rows.rows.push_back({kNow, 5});
  for (const uint32_t id : {9, 10, 7, 7, 64}) {
    rows.series.push_back(id);
    rows.values.push_back(std::numeric_limits<double>::infinity());
  }
  rows.rows.push_back({kNow + 1, 0});
  return rows;
}

void ExpectSame(const Rows& expected, const Rows& actual) {
  ASSERT_EQ(expected.rows.size(), actual.rows.size());
  for (size_t i = 0; i < expected.rows.size(); ++i) {
    EXPECT_EQ(expected.rows[i].time_ms, actual.rows[i].time_ms) << i;
    EXPECT_EQ(expected.rows[i].count, actual.rows[i].count) << i;
  }
  EXPECT_EQ(expected.series, actual.series);
  ASSERT_EQ(expected.values.size(), actual.values.size());
  for (size_t i = 0; i < expected.values.size(); ++i) {
    EXPECT_EQ(std::bit_cast<uint64_t>(expected.values[i]), std::bit_cast<uint64_t>(actual.values[i])) << i;
  }
}

TEST(LogRecordTest, KeepsOrderAndBits) {
  const Rows rows = SomeRows();
  std::string payload;
  EncodeLogRecord("the note", rows, &payload);
  Rows decoded;
  std::string_view note;
  ASSERT_TRUE(DecodeLogRecord(payload, &note, &decoded).ok());
  EXPECT_EQ(note, "the note");
  ExpectSame(rows, decoded);
}

TEST(LogRecordTest, ANoteNeedsNoRowsAndRowsNoNote) {
  std::string payload;
  EncodeLogRecord("alone", {}, &payload);
  Rows rows;
  std::string_view note;
  ASSERT_TRUE(DecodeLogRecord(payload, &note, &rows).ok());
  EXPECT_EQ(note, "alone");
  EXPECT_TRUE(rows.empty());
  payload.clear();
  Rows one;
  one.Add(SeriesId(5), 7, 1.5);
  EncodeLogRecord("", one, &payload);
  ASSERT_TRUE(DecodeLogRecord(payload, &note, &rows).ok());
  EXPECT_EQ(note, "");
  ExpectSame(one, rows);
}

TEST(LogRecordTest, AScrapeTakesLittleMoreThanEightBytesASample) {
  Rows rows;
  rows.rows.push_back({kNow, 1000});
  for (uint32_t i = 0; i < 1000; ++i) {
    rows.series.push_back(500 + i);
    rows.values.push_back(0.1);
  }
  std::string payload;
  EncodeLogRecord("", rows, &payload);
  EXPECT_LE(payload.size(), 1000u * 8 + 24);
}

TEST(LogRecordTest, EveryTruncationIsFoundOut) {
  std::string payload;
  EncodeLogRecord("note", SomeRows(), &payload);
  Rows decoded;
  std::string_view note;
  for (size_t size = 0; size < payload.size(); ++size) {
    decoded.Clear();
    EXPECT_EQ(DecodeLogRecord(payload.substr(0, size), &note, &decoded).code(), absl::StatusCode::kDataLoss) << size;
  }
  decoded.Clear();
  EXPECT_EQ(DecodeLogRecord(payload + '\0', &note, &decoded).code(), absl::StatusCode::kDataLoss);
  payload[0] = 2;
  decoded.Clear();
  EXPECT_EQ(DecodeLogRecord(payload, &note, &decoded).code(), absl::StatusCode::kDataLoss);
}

TEST(LogRecordTest, TimesThatTheStoreDoesNotTakeAreDamage) {
  for (const int64_t time_ms : {int64_t{-1}, kEndTimeMs, std::numeric_limits<int64_t>::max()}) {
    Rows rows;
    rows.Add(SeriesId(5), time_ms, 1);
    std::string payload;
    EncodeLogRecord("", rows, &payload);
    Rows decoded;
    std::string_view note;
    EXPECT_EQ(DecodeLogRecord(payload, &note, &decoded).code(), absl::StatusCode::kDataLoss) << time_ms;
  }
}

TEST(ChunkKeyTest, SortsByPartitionLevelWindowBlockAndPart) {
  const ChunkKey keys[] = {{1, 256, Level::kPartition, 0, 0}, {1, 256, Level::kPartition, 0, 1},
                           {1, 257, Level::kPartition, 0, 0}, {1, 256, Level::kWindow, 24, 255},
                           {1, 256, Level::kWindow, 24, 256}, {1, 257, Level::kWindow, 24, 0},
                           {1, 256, Level::kWindow, 25, 0},   {2, 1, Level::kWindow, 48, 0},
                           {256, 0, Level::kWindow, 6144, 0}};
  for (size_t i = 1; i < std::size(keys); ++i) EXPECT_LT(keys[i - 1].Encode(), keys[i].Encode()) << i;
  for (const ChunkKey& key : keys) {
    const auto decoded = ChunkKey::Decode(key.Encode());
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->partition, key.partition);
    EXPECT_EQ(decoded->block, key.block);
    EXPECT_EQ(decoded->level, key.level);
    EXPECT_EQ(decoded->window, key.window);
    EXPECT_EQ(decoded->part, key.part);
    EXPECT_FALSE(ChunkKey::Decode(key.Encode().substr(1)).has_value());
    EXPECT_FALSE(ChunkKey::Decode(key.Encode() + "x").has_value());
  }
  std::string third_level = keys[0].Encode();
  third_level[8] = 2;
  EXPECT_FALSE(ChunkKey::Decode(third_level).has_value());
  EXPECT_FALSE(ChunkKey::Decode(ChunkKey{1, 2, Level::kPartition, 3, 0}.Encode()).has_value());
}

TEST(ChunkKeyTest, PrefixesAreTheFirstKeysOfWhatTheyName) {
  const ChunkKey key{7, 8, Level::kWindow, 170, 0};
  EXPECT_TRUE(key.Encode().starts_with(PartitionPrefix(7)));
  EXPECT_TRUE(key.Encode().starts_with(ChunkPrefix(7, Level::kWindow, 170, 8)));
  EXPECT_LT((ChunkKey{7, UINT32_MAX, Level::kPartition, 0, UINT16_MAX}.Encode()), ChunkPrefix(7, Level::kWindow, 0, 0));
  EXPECT_LT(key.Encode(), ChunkPrefix(7, Level::kWindow, 170, 9));
  EXPECT_LT(ChunkPrefix(7, Level::kWindow, 170, 9), ChunkPrefix(7, Level::kWindow, 171, 0));
}

TEST(FrameKeyTest, SortsByWindowBlockAndSequence) {
  const FrameKey keys[] = {{1, 2, 3}, {1, 2, 300}, {1, 300, 1}, {2, 1, 1}, {256, 1, 1}};
  for (size_t i = 1; i < std::size(keys); ++i) EXPECT_LT(keys[i - 1].Encode(), keys[i].Encode()) << i;
  const auto decoded = FrameKey::Decode(keys[1].Encode());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->window, 1u);
  EXPECT_EQ(decoded->block, 2u);
  EXPECT_EQ(decoded->sequence, 300u);
  EXPECT_TRUE(keys[1].Encode().starts_with(FramePrefix(1, 2)));
  EXPECT_FALSE(FrameKey::Decode(keys[1].Encode().substr(1)).has_value());
  EXPECT_FALSE(FrameKey::Decode(keys[1].Encode() + "x").has_value());
}

}  // namespace
}  // namespace nines::series
