#include "storage/series/log_record.h"

#include <bit>
#include <limits>

#include "gtest/gtest.h"
#include "storage/series/chunk_key.h"

namespace nines::series {
namespace {

std::vector<Point> SomePoints() {
  std::vector<Point> points;
  for (uint64_t i = 0; i < 20; ++i) points.push_back({SeriesId(100 + i), 1'700'000'000'000, static_cast<double>(i)});
  points.push_back({SeriesId(1), -5, -0.0});
  points.push_back({SeriesId(~uint64_t{0}), std::numeric_limits<int64_t>::max(),
                    std::bit_cast<double>(uint64_t{0x7ff0000000000002})});
  points.push_back({SeriesId(3), std::numeric_limits<int64_t>::min(), 1});
  return points;
}

TEST(LogRecordTest, KeepsOrderAndBits) {
  const std::vector<Point> points = SomePoints();
  std::string value;
  EncodeLogRecord("key", points, &value);
  std::vector<Point> decoded;
  ASSERT_TRUE(DecodeLogRecord("key", value, &decoded).ok());
  ASSERT_EQ(decoded.size(), points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    EXPECT_EQ(decoded[i].series, points[i].series);
    EXPECT_EQ(decoded[i].time_ms, points[i].time_ms);
    EXPECT_EQ(std::bit_cast<uint64_t>(decoded[i].value), std::bit_cast<uint64_t>(points[i].value));
  }
}

TEST(LogRecordTest, AScrapeTakesNineBytesAPoint) {
  std::vector<Point> points(1000);
  for (size_t i = 0; i < points.size(); ++i) points[i] = {SeriesId(500 + i), 1'700'000'000'000, 0.1};
  std::string value;
  EncodeLogRecord("key", points, &value);
  EXPECT_LE(value.size(), 1000u * 9 + 24);
}

TEST(LogRecordTest, DamageIsFoundOut) {
  std::string value;
  EncodeLogRecord("key", SomePoints(), &value);
  std::vector<Point> decoded;
  EXPECT_FALSE(DecodeLogRecord("kez", value, &decoded).ok());
  for (size_t i = 0; i < value.size(); ++i) {
    EXPECT_FALSE(DecodeLogRecord("key", value.substr(0, i), &decoded).ok());
    std::string damaged = value;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    EXPECT_EQ(DecodeLogRecord("key", damaged, &decoded).code(), absl::StatusCode::kDataLoss);
  }
}

TEST(ChunkKeyTest, SortsBySeriesSpanStartAndSequence) {
  const ChunkKey keys[] = {{SeriesId(1), SpanClass::kShort, -5, 9}, {SeriesId(1), SpanClass::kShort, 3, 1},
                           {SeriesId(1), SpanClass::kShort, 3, 2},  {SeriesId(1), SpanClass::kLong, -9, 1},
                           {SeriesId(2), SpanClass::kShort, -9, 1}, {SeriesId(256), SpanClass::kShort, -9, 1}};
  for (size_t i = 1; i < std::size(keys); ++i) EXPECT_LT(keys[i - 1].Encode(), keys[i].Encode()) << i;
  const auto decoded = ChunkKey::Decode(keys[0].Encode());
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->start_ms, -5);
  EXPECT_EQ(decoded->sequence, 9u);
  EXPECT_FALSE(ChunkKey::Decode(keys[0].Encode().substr(1)).has_value());
}

}  // namespace
}  // namespace nines::series
