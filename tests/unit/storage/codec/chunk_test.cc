#include "storage/codec/chunk.h"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <map>
#include <random>

#include "gtest/gtest.h"
#include "storage/codec/bytes.h"
#include "storage/codec/sample.h"

namespace nines::codec {
namespace {

constexpr char kKey[] = "key";
constexpr int64_t kStart = 1'700'000'000'000;
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Column {
  std::vector<int64_t> times_ms;
  std::vector<double> values;
};
using Slots = std::map<uint32_t, Column>;

std::string Encode(const Slots& slots, Effort effort, std::string_view key = kKey) {
  std::vector<SlotColumn> columns;
  for (const auto& [slot, column] : slots) columns.push_back({slot, column.times_ms, column.values});
  return EncodeChunk(key, columns, effort);
}

void ExpectDecodes(const Slots& slots, const std::string& value) {
  auto view = ChunkView::Parse(kKey, value);
  ASSERT_TRUE(view.ok()) << view.status();
  uint64_t present = 0;
  for (const auto& [slot, column] : slots) present |= uint64_t{1} << slot;
  EXPECT_EQ(view->slots(), present);
  for (const auto& [slot, column] : slots) {
    ASSERT_TRUE(view->Has(slot));
    ASSERT_EQ(view->count(slot), column.values.size());
    const auto times_ms = view->Times(slot);
    ASSERT_TRUE(times_ms.ok()) << times_ms.status();
    EXPECT_TRUE(std::equal(times_ms->begin(), times_ms->end(), column.times_ms.begin(), column.times_ms.end())) << slot;
    std::vector<double> values(column.values.size());
    ASSERT_TRUE(view->Values(slot, values.data()).ok());
    for (size_t i = 0; i < values.size(); ++i) ASSERT_TRUE(SameBits(values[i], column.values[i])) << slot << " " << i;
  }
}

void ExpectRoundTrip(const Slots& slots) {
  for (const Effort effort : {Effort::kFast, Effort::kSmall}) ExpectDecodes(slots, Encode(slots, effort));
}

Column Regular(int count, double value, int64_t start_ms = kStart) {
  Column column;
  for (int i = 0; i < count; ++i) {
    column.times_ms.push_back(start_ms + 15'000 * i);
    column.values.push_back(value);
  }
  return column;
}

// Three series of one scrape, one that came and went, one with times of its own, one sample.
Slots SomeSlots() {
  Slots slots = {
      {0, Regular(30, 1)}, {5, Regular(30, 0)}, {6, Regular(30, 0)}, {40, Regular(12, 2.5, kStart + 45'000)}};
  for (size_t i = 0; i < 30; ++i) {
    slots[5].values[i] = static_cast<double>(i * 37 % 11) / 8 - 0.5;
    slots[6].values[i] = static_cast<double>(1000 + 15 * i);
  }
  slots[5].values[7] = std::bit_cast<double>(uint64_t{0x7ff0000000000002});
  for (size_t i = 0; i < 12; ++i) slots[40].times_ms[i] += static_cast<int64_t>(i * i % 5);
  slots[63] = {{kStart + 7}, {-0.0}};
  return slots;
}

TEST(ChunkTest, KeepsEveryBitOfEveryKindOfValue) {
  Column column;
  int64_t time_ms = 3;
  for (uint64_t bits : {uint64_t{0x7ff0000000000002}, uint64_t{0xfff8000000000001}, uint64_t{0x7fffffffffffffff},
                        uint64_t{1}, uint64_t{0}, uint64_t{1} << 63, std::bit_cast<uint64_t>(kInf),
                        std::bit_cast<uint64_t>(-kInf), std::bit_cast<uint64_t>(0.1), std::bit_cast<uint64_t>(0.1)}) {
    column.times_ms.push_back(time_ms++);
    column.values.push_back(std::bit_cast<double>(bits));
  }
  ExpectRoundTrip({{0, column}});
  ExpectRoundTrip({{63, {{0, 253'402'300'799'999}, {2, 3}}}});
  ExpectRoundTrip({{17, {{5}, {-0.0}}}});
  ExpectRoundTrip(SomeSlots());
}

TEST(ChunkTest, RoundTripsRandomSlots) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    Slots slots;
    for (uint64_t s = 0, series = 1 + random() % 64; s < series; ++s) {
      Column& column = slots[static_cast<uint32_t>(random() % 64)];
      column = {};
      int64_t time_ms = static_cast<int64_t>(random() % 1'000'000);
      const int step_bits = static_cast<int>(random() % 30);
      const int value_bits = static_cast<int>(random() % 65);
      uint64_t bits = random();
      for (uint64_t i = 0, count = 1 + random() % 100; i < count; ++i) {
        column.times_ms.push_back(time_ms);
        column.values.push_back(std::bit_cast<double>(bits));
        time_ms += 1 + static_cast<int64_t>(random() >> (63 - step_bits));
        if (random() % 2 == 0 && value_bits > 0) bits ^= random() >> (64 - value_bits);
      }
      // Some share their times.
      if (random() % 3 == 0) slots[static_cast<uint32_t>(random() % 64)] = column;
    }
    ExpectRoundTrip(slots);
  }
}

TEST(ChunkTest, HoldsAllSlotsAndTheMostSamples) {
  Slots slots;
  for (uint32_t slot = 0; slot < kChunkSlots; ++slot) slots[slot] = Regular(3, slot);
  ExpectRoundTrip(slots);
  ExpectRoundTrip({{9, Regular(kSlotSamplesMax, 1)}});
}

TEST(ChunkTest, SeriesWithTheSameTimesShareThem) {
  Slots apart, same;
  std::mt19937_64 random(1);
  for (uint32_t slot = 0; slot < 64; ++slot) {
    apart[slot] = Regular(100, 1);
    for (int64_t& time_ms : apart[slot].times_ms) time_ms += static_cast<int64_t>(random() % 1000);
    same[slot] = apart[slot];
    same[slot].times_ms = apart[0].times_ms;
  }
  const size_t shared = Encode(same, Effort::kSmall).size();
  const size_t times = Encode({{0, apart[0]}}, Effort::kSmall).size();
  EXPECT_LE(shared, times + 64u * 6);
  EXPECT_GE(Encode(apart, Effort::kSmall).size(), times * 40);
}

TEST(ChunkTest, SameResultsTakeAFewBytesAndCountersLittle) {
  EXPECT_LE(Encode({{0, Regular(240, 1)}}, Effort::kSmall).size(), 48u);
  Column counter = Regular(240, 0);
  for (size_t i = 0; i < counter.values.size(); ++i) counter.values[i] = static_cast<double>(1000 + 15 * i);
  EXPECT_LE(Encode({{0, counter}}, Effort::kSmall).size(), 64u);
}

TEST(ChunkTest, EveryTruncationAndEveryChangedByteIsFoundOut) {
  const Slots slots = SomeSlots();
  for (const Effort effort : {Effort::kFast, Effort::kSmall}) {
    const std::string value = Encode(slots, effort);
    const std::string body = value.substr(0, value.size() - 4);
    const auto decodes = [&](const std::string& bytes) {
      std::string checked = bytes;
      AppendChecksum(kKey, &checked);
      auto view = ChunkView::Parse(kKey, checked);
      if (!view.ok()) return false;
      for (uint32_t slot = 0; slot < kChunkSlots; ++slot) {
        if (!view->Has(slot)) continue;
        const auto times_ms = view->Times(slot);
        std::vector<double> values(view->count(slot));
        if (!times_ms.ok() || !view->Values(slot, values.data()).ok()) return false;
        EXPECT_EQ(times_ms->size(), values.size());
        for (size_t i = 1; i < times_ms->size(); ++i) EXPECT_LT((*times_ms)[i - 1], (*times_ms)[i]);
      }
      return true;
    };
    ASSERT_TRUE(decodes(body));
    for (size_t i = 0; i < value.size(); ++i) {
      EXPECT_EQ(ChunkView::Parse(kKey, value.substr(0, i)).status().code(), absl::StatusCode::kDataLoss);
      std::string damaged = value;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      EXPECT_EQ(ChunkView::Parse(kKey, damaged).status().code(), absl::StatusCode::kDataLoss);
      // The same behind a checksum that holds: never more than an error, and never a truncation that passes.
      if (i >= body.size()) continue;
      EXPECT_FALSE(decodes(body.substr(0, i))) << i;
      for (int bit = 0; bit < 8; ++bit) {
        damaged = body;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        decodes(damaged);
      }
    }
    EXPECT_FALSE(decodes(body + '\0'));
    EXPECT_FALSE(ChunkView::Parse("kez", value).ok());
  }
}

// Two slots share times that do not grow: the second must not get what the first was refused.
TEST(ChunkTest, TimesThatCannotBeReadAreRefusedEachTime) {
  Slots slots = {{0, Regular(8, 1)}, {1, Regular(8, 2)}};
  std::string body = Encode(slots, Effort::kSmall);
  body.resize(body.size() - 4);
  // Version, slots, count of time columns, count of times, length; then two bytes a slot.
  const size_t times = 1 + 8 + 1 + 1 + 1 + 4;
  body[times] = '\x7f';  // a form that there is not
  AppendChecksum(kKey, &body);
  auto view = ChunkView::Parse(kKey, body);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(view->Times(0).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(view->Times(0).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(view->Times(1).status().code(), absl::StatusCode::kDataLoss);
}

// Chunks written by an earlier build must be read for ever. NINES_WRITE_GOLDEN=1 writes the files of a new version.
TEST(ChunkTest, GoldenChunks) {
  const std::pair<const char*, Effort> cases[] = {{"fast", Effort::kFast}, {"small", Effort::kSmall}};
  for (const auto& [name, effort] : cases) {
    SCOPED_TRACE(name);
    const std::string path = std::string(NINES_TEST_DATA "/golden/chunk_v1_") + name + ".bin";
    const std::string value = Encode(SomeSlots(), effort);
    if (std::getenv("NINES_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << value;
    std::ifstream file(path, std::ios::binary);
    const std::string golden(std::istreambuf_iterator<char>(file), {});
    EXPECT_TRUE(golden == value) << "the format changed; it needs a new version";
    ExpectDecodes(SomeSlots(), golden);
  }
}

}  // namespace
}  // namespace nines::codec
