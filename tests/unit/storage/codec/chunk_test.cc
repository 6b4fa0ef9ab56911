#include "storage/codec/chunk.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "gtest/gtest.h"
#include "storage/codec/bytes.h"
#include "storage/codec/run_samples.h"

namespace nines::codec {
namespace {

constexpr char kKey[] = "key";
constexpr double kInfinity = std::numeric_limits<double>::infinity();

void ExpectSame(const std::vector<Sample>& expected, const std::vector<Sample>& actual) {
  ASSERT_EQ(expected.size(), actual.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(expected[i].time_ms, actual[i].time_ms) << i;
    ASSERT_EQ(std::bit_cast<uint64_t>(expected[i].value), std::bit_cast<uint64_t>(actual[i].value)) << i;
  }
}

void ExpectRoundTrip(const std::vector<Sample>& samples) {
  const std::string value = EncodeChunk(kKey, samples);
  auto view = ChunkView::Parse(kKey, samples.front().time_ms, value);
  ASSERT_TRUE(view.ok()) << view.status();
  std::vector<Sample> decoded;
  ASSERT_TRUE(view->Decode(&decoded).ok());
  ExpectSame(samples, decoded);

  XorAppender appender;
  for (const Sample& sample : samples) appender.Append(sample.time_ms, sample.value);
  std::string packed;
  appender.AppendTo(&packed);
  EXPECT_EQ(packed.size(), appender.size_bytes());
  decoded.clear();
  ASSERT_TRUE(DecodeXor(samples.front().time_ms, appender.count(), packed, &decoded));
  ExpectSame(samples, decoded);

  std::string runs;
  ASSERT_TRUE(EncodeRuns(samples, std::numeric_limits<size_t>::max(), &runs));
  decoded.clear();
  ASSERT_TRUE(DecodeRuns(samples.front().time_ms, appender.count(), runs, &decoded));
  ExpectSame(samples, decoded);
}

std::vector<Sample> Regular(int count, double value) {
  std::vector<Sample> samples;
  for (int i = 0; i < count; ++i) samples.push_back({1'700'000'000'000 + 15'000 * i, value});
  return samples;
}

TEST(ChunkTest, KeepsEveryBitOfEveryKindOfValue) {
  std::vector<Sample> samples;
  int64_t time_ms = -3;
  for (uint64_t bits :
       {uint64_t{0x7ff0000000000002}, uint64_t{0xfff8000000000001}, uint64_t{0x7fffffffffffffff}, uint64_t{1},
        uint64_t{0}, uint64_t{1} << 63, std::bit_cast<uint64_t>(kInfinity), std::bit_cast<uint64_t>(-kInfinity),
        std::bit_cast<uint64_t>(0.1), std::bit_cast<uint64_t>(0.1)}) {
    samples.push_back({time_ms++, std::bit_cast<double>(bits)});
  }
  ExpectRoundTrip(samples);
  ExpectRoundTrip({{std::numeric_limits<int64_t>::min(), 1}, {0, 2}, {std::numeric_limits<int64_t>::max(), 3}});
  ExpectRoundTrip({{5, -0.0}});
}

TEST(ChunkTest, RoundTripsRandomSamples) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<Sample> samples;
    int64_t time_ms = static_cast<int64_t>(random() % 1'000'000) - 500'000;
    const int step_bits = static_cast<int>(random() % 40);
    const int value_bits = static_cast<int>(random() % 65);
    uint64_t bits = random();
    for (uint64_t i = 0, count = 1 + random() % 300; i < count; ++i) {
      samples.push_back({time_ms, std::bit_cast<double>(bits)});
      time_ms += 1 + static_cast<int64_t>(random() >> (63 - step_bits));
      if (random() % 2 == 0 && value_bits > 0) bits ^= random() >> (64 - value_bits);
    }
    ExpectRoundTrip(samples);
  }
}

TEST(ChunkTest, SummaryCountsNumbersAlone) {
  const double nan = std::bit_cast<double>(uint64_t{0x7ff0000000000002});
  const std::vector<Sample> samples = {{10, nan}, {20, 4}, {30, -1}, {45, 2}};
  const std::string value = EncodeChunk(kKey, samples);
  auto view = ChunkView::Parse(kKey, 10, value);
  ASSERT_TRUE(view.ok());
  const ChunkSummary& summary = view->summary();
  EXPECT_EQ(summary.count, 4u);
  EXPECT_EQ(summary.numbers, 3u);
  EXPECT_EQ(summary.start_ms, 10);
  EXPECT_EQ(summary.end_ms, 45);
  EXPECT_EQ(summary.smallest, -1);
  EXPECT_EQ(summary.largest, 4);
  EXPECT_EQ(summary.sum, 5);
  EXPECT_TRUE(SameBits(summary.first, nan));
  EXPECT_EQ(summary.last, 2);
}

TEST(ChunkTest, SummaryOfOneValue) {
  const std::string value = EncodeChunk(kKey, Regular(3, 0.5));
  auto view = ChunkView::Parse(kKey, 1'700'000'000'000, value);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->summary().numbers, 3u);
  EXPECT_EQ(view->summary().sum, 1.5);
  EXPECT_EQ(view->summary().last, 0.5);

  const std::string stale = EncodeChunk(kKey, Regular(3, std::bit_cast<double>(uint64_t{0x7ff0000000000002})));
  view = ChunkView::Parse(kKey, 1'700'000'000'000, stale);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view->summary().numbers, 0u);
  EXPECT_TRUE(std::isnan(view->summary().sum));
}

TEST(ChunkTest, SameResultsTakeAFewBytesAndCountersLittle) {
  EXPECT_LE(EncodeChunk(kKey, Regular(240, 1)).size(), 40u);
  std::vector<Sample> counter = Regular(240, 0);
  for (size_t i = 0; i < counter.size(); ++i) counter[i].value = static_cast<double>(1000 + 15 * i);
  EXPECT_LE(EncodeChunk(kKey, counter).size(), 240u * 4);
}

TEST(ChunkTest, EveryTruncationAndEveryChangedByteIsFoundOut) {
  for (double other : {1.0, 2.5}) {
    std::vector<Sample> samples = Regular(50, 1);
    for (size_t i = 20; i < 30; ++i) samples[i] = {samples[i].time_ms + static_cast<int64_t>(i % 3), other * 1.1};
    const std::string value = EncodeChunk(kKey, samples);
    const int64_t start_ms = samples.front().time_ms;
    std::vector<Sample> decoded;
    for (size_t i = 0; i < value.size(); ++i) {
      EXPECT_EQ(ChunkView::Parse(kKey, start_ms, value.substr(0, i)).status().code(), absl::StatusCode::kDataLoss);
      std::string damaged = value;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      EXPECT_FALSE(ChunkView::Parse(kKey, start_ms, damaged).ok());
      // The same behind a checksum that holds: never more than an error, and never a truncation that passes.
      const std::string body = value.substr(0, value.size() - 4);
      if (i < body.size()) {
        std::string cut = body.substr(0, i);
        AppendChecksum(kKey, &cut);
        auto view = ChunkView::Parse(kKey, start_ms, cut);
        EXPECT_FALSE(view.ok() && view->Decode(&decoded).ok()) << i;
      }
    }
    EXPECT_FALSE(ChunkView::Parse("kez", start_ms, value).ok());
  }
}

TEST(ChunkTest, PackedFormsTakeNoMoreAndNoLessThanTheyNeed) {
  const std::vector<Sample> samples = Regular(20, 3.25);
  XorAppender appender;
  for (const Sample& sample : samples) appender.Append(sample.time_ms, sample.value);
  std::string packed;
  appender.AppendTo(&packed);
  std::string runs;
  EncodeRuns(samples, 1000, &runs);
  std::vector<Sample> decoded;
  const int64_t start_ms = samples.front().time_ms;
  for (size_t i = 0; i < packed.size(); ++i) EXPECT_FALSE(DecodeXor(start_ms, 20, packed.substr(0, i), &decoded));
  for (size_t i = 0; i < runs.size(); ++i) EXPECT_FALSE(DecodeRuns(start_ms, 20, runs.substr(0, i), &decoded));
  EXPECT_FALSE(DecodeXor(start_ms, 20, packed + '\0', &decoded));
  EXPECT_FALSE(DecodeRuns(start_ms, 20, runs + '\0', &decoded));
  EXPECT_FALSE(DecodeRuns(start_ms, 19, runs, &decoded));
  EXPECT_FALSE(DecodeRuns(start_ms, 21, runs, &decoded));
  EXPECT_FALSE(DecodeXor(start_ms, kChunkSamplesMax, packed, &decoded));
}

// Chunks written by an earlier build must be read for ever. NINES_WRITE_GOLDEN=1 writes the files of a new version.
TEST(ChunkTest, GoldenChunks) {
  std::vector<Sample> gauge = Regular(30, 0);
  for (size_t i = 0; i < gauge.size(); ++i) {
    gauge[i].time_ms += static_cast<int64_t>(i * i % 5);
    gauge[i].value = static_cast<double>(i * 37 % 11) / 8 - 0.5;
  }
  gauge[7].value = std::bit_cast<double>(uint64_t{0x7ff0000000000002});
  const std::pair<const char*, std::vector<Sample>> cases[] = {{"chunk_v1_xor.bin", gauge},
                                                               {"chunk_v1_runs.bin", Regular(30, 1)}};
  for (const auto& [name, samples] : cases) {
    const std::string path = std::string(NINES_TEST_DATA "/golden/") + name;
    const std::string value = EncodeChunk(kKey, samples);
    if (std::getenv("NINES_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << value;
    std::ifstream file(path, std::ios::binary);
    const std::string golden(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(golden, value) << name << ": the format changed; it needs a new version";
    auto view = ChunkView::Parse(kKey, samples.front().time_ms, golden);
    ASSERT_TRUE(view.ok()) << name << view.status();
    std::vector<Sample> decoded;
    ASSERT_TRUE(view->Decode(&decoded).ok()) << name;
    ExpectSame(samples, decoded);
  }
}

}  // namespace
}  // namespace nines::codec
