#include "storage/codec/time_column.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "storage/codec/value_column.h"

namespace nines::codec {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kColumnStart = 1'700'000'000'000;

std::string Encode(const std::vector<int64_t>& times_ms) {
  std::string bytes;
  EncodeTimes(times_ms, &bytes);
  return bytes;
}

void ExpectDecodes(const std::vector<int64_t>& times_ms, std::string_view bytes) {
  std::vector<int64_t> decoded(times_ms.size());
  ASSERT_TRUE(DecodeTimes(bytes, static_cast<uint32_t>(times_ms.size()), decoded.data()));
  ASSERT_EQ(times_ms, decoded);
}

size_t ExpectTimesRoundTrip(const std::vector<int64_t>& times_ms) {
  std::string bytes = "before";
  EncodeTimes(times_ms, &bytes);
  EXPECT_EQ(bytes.substr(0, 6), "before");
  ExpectDecodes(times_ms, std::string_view(bytes).substr(6));
  return bytes.size() - 6;
}

std::vector<int64_t> RegularTimes(size_t count, int64_t step_ms) {
  std::vector<int64_t> times_ms;
  for (size_t i = 0; i < count; ++i) times_ms.push_back(kColumnStart + step_ms * static_cast<int64_t>(i));
  return times_ms;
}

std::vector<int64_t> Jittered(uint64_t seed, size_t count, uint64_t jitter_ms) {
  std::mt19937_64 random(seed);
  std::vector<int64_t> times_ms = RegularTimes(count, 15'000);
  for (int64_t& time_ms : times_ms) time_ms += static_cast<int64_t>(random() % (jitter_ms + 1));
  return times_ms;
}

std::vector<int64_t> Sparse(uint64_t seed, size_t count) {
  std::mt19937_64 random(seed);
  std::vector<int64_t> times_ms;
  int64_t now_ms = kColumnStart;
  for (size_t i = 0; i < count; ++i) {
    times_ms.push_back(now_ms);
    const uint64_t limit_ms = uint64_t{1} << (random() % 28);
    now_ms += static_cast<int64_t>(1 + random() % limit_ms);
  }
  return times_ms;
}

TEST(TimeColumnTest, KeepsTimesFromEndToEnd) {
  ExpectTimesRoundTrip({0});
  ExpectTimesRoundTrip({kMin});
  ExpectTimesRoundTrip({kMin, kMax});
  ExpectTimesRoundTrip({kMin, -1, 0, 1, kMax});
  ExpectTimesRoundTrip({kMin, kMin + 1, kMin + 2, kMin + 3, kMin + 4, kMin + 5, -1, 0, 1, 2, kMax - 1, kMax});
  std::vector<int64_t> wide;
  for (int64_t i = -8; i < 8; ++i) wide.push_back(i * (int64_t{1} << 60));
  ExpectTimesRoundTrip(wide);
}

TEST(TimeColumnTest, ARegularScrapeCostsAHandfulOfBytes) {
  EXPECT_LE(ExpectTimesRoundTrip(RegularTimes(960, 15'000)), 16);
  EXPECT_LE(ExpectTimesRoundTrip(RegularTimes(kColumnValuesMax, 15'000)), 16);
}

TEST(TimeColumnTest, AHoleCostsAFewBytes) {
  std::vector<int64_t> times_ms = RegularTimes(960, 15'000);
  times_ms.erase(times_ms.begin() + 900);
  times_ms.erase(times_ms.begin() + 500, times_ms.begin() + 520);
  times_ms.erase(times_ms.begin() + 40);
  EXPECT_LE(ExpectTimesRoundTrip(times_ms), 16 + 3 * 3);
}

TEST(TimeColumnTest, JitterCostsItsEntropy) {
  // Even over 8 ms: 3 bits a time.
  EXPECT_LE(ExpectTimesRoundTrip(Jittered(1, 960, 7)), 960 * 3 / 8 + 20);
  std::vector<int64_t> with_holes = Jittered(2, 960, 7);
  with_holes.erase(with_holes.begin() + 500, with_holes.begin() + 530);
  EXPECT_LE(ExpectTimesRoundTrip(with_holes), 930 * 3 / 8 + 24);
}

TEST(TimeColumnTest, RoundTripsRandomTimes) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    ExpectTimesRoundTrip(Jittered(seed, 1 + seed * 7, seed * 50));
    ExpectTimesRoundTrip(Sparse(seed, 1 + seed * 3));
    std::mt19937_64 random(seed);
    std::vector<int64_t> times_ms = Jittered(seed, 500, 20);
    for (int i = 0; i < 60; ++i) {
      times_ms.erase(times_ms.begin() + static_cast<std::ptrdiff_t>(random() % times_ms.size()));
    }
    ExpectTimesRoundTrip(times_ms);
  }
}

TEST(TimeColumnTest, RefusesTimesThatDoNotGrow) {
  int64_t decoded[16];
  for (const std::vector<int64_t>& times_ms : {std::vector<int64_t>{1, 2, 2, 3}, std::vector<int64_t>{1, 2, 1, 3},
                                               std::vector<int64_t>{kMin, kMax, kMin, 1}}) {
    EXPECT_FALSE(DecodeTimes(Encode(times_ms), 4, decoded));
  }
  // A grid whose steps come round: 0, 2^63, 2^64 = 0 …
  using namespace std::string_literals;
  EXPECT_TRUE(DecodeTimes("\x01\x00\x05\x00\x00\x00\x00"s, 8, decoded));
  EXPECT_EQ(decoded[7], 35);
  EXPECT_FALSE(DecodeTimes("\x01\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x00\x00\x00\x00"s, 8, decoded));
  EXPECT_FALSE(DecodeTimes("\x01\x00\x00\x00\x00\x00\x00"s, 8, decoded));          // a step of 0
  EXPECT_FALSE(DecodeTimes("\x01\x00\x05\x01\x00\x00\x00\x00\x00"s, 8, decoded));  // a hole of no steps
  EXPECT_FALSE(DecodeTimes("\x01\x00\x05\x01\x07\x01\x00\x00\x00"s, 8, decoded));  // a hole behind the end
  EXPECT_FALSE(DecodeTimes("\x02\x00\x05\x00\x00\x00\x00"s, 8, decoded));          // no such form
}

TEST(TimeColumnTest, RefusesTruncationsAndSurvivesDamage) {
  for (const std::vector<int64_t>& times_ms : {RegularTimes(100, 15'000), Jittered(5, 300, 9), Sparse(5, 300)}) {
    const uint32_t count = static_cast<uint32_t>(times_ms.size());
    const std::string bytes = Encode(times_ms);
    std::vector<int64_t> decoded(count);
    for (size_t size = 0; size < bytes.size(); ++size) {
      const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(DecodeTimes({cut.data(), size}, count, decoded.data())) << size;
    }
    EXPECT_FALSE(DecodeTimes(bytes + '\0', count, decoded.data()));
    EXPECT_FALSE(DecodeTimes(bytes, 0, decoded.data()));
    for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      std::string damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      if (!DecodeTimes(damaged, count, decoded.data())) continue;
      for (uint32_t i = 1; i < count; ++i) ASSERT_LT(decoded[i - 1], decoded[i]);
    }
  }
}

// NINES_WRITE_GOLDEN=1 writes the files of a new version.
TEST(TimeColumnTest, GoldenColumns) {
  std::vector<int64_t> holes = Jittered(1, 200, 5);
  holes.erase(holes.begin() + 100, holes.begin() + 103);
  const std::pair<const char*, std::vector<int64_t>> cases[] = {
      {"integers", Sparse(1, 200)}, {"regular", RegularTimes(200, 15'000)}, {"grid", holes}};
  for (const auto& [name, times_ms] : cases) {
    SCOPED_TRACE(name);
    const std::string path = std::string(NINES_TEST_DATA "/golden/time_column_v1_") + name + ".bin";
    const std::string bytes = Encode(times_ms);
    EXPECT_EQ(bytes[0], name == std::string("grid") ? 1 : 0);
    if (std::getenv("NINES_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << bytes;
    std::ifstream file(path, std::ios::binary);
    const std::string golden(std::istreambuf_iterator<char>(file), {});
    EXPECT_TRUE(golden == bytes) << "the format changed; it needs a new version";
    ExpectDecodes(times_ms, golden);
  }
}

}  // namespace
}  // namespace nines::codec
