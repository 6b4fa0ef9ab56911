#include "storage/codec/rollup_chunk.h"

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

constexpr char kRollupKey[] = "key";
constexpr int64_t kHour = 3'600'000;
constexpr RollupLayout kLayouts[] = {RollupLayout::kJoined, RollupLayout::kApart};

struct HourColumn {
  std::vector<int64_t> starts_ms;
  std::array<std::vector<double>, kAggregateCount> aggregates;
};
using RollupSlots = std::map<uint32_t, HourColumn>;

std::string Encode(const RollupSlots& slots, RollupLayout layout) {
  std::vector<RollupColumn> columns;
  for (const auto& [slot, column] : slots) {
    RollupColumn& added = columns.emplace_back(RollupColumn{slot, column.starts_ms, {}});
    for (int a = 0; a < kAggregateCount; ++a) added.aggregates[a] = column.aggregates[a];
  }
  return EncodeRollupChunk(kRollupKey, columns, layout);
}

void ExpectRollupsDecode(const RollupSlots& slots, const std::string& value) {
  auto view = RollupChunkView::Parse(kRollupKey, value);
  ASSERT_TRUE(view.ok()) << view.status();
  uint64_t present = 0;
  for (const auto& [slot, column] : slots) present |= uint64_t{1} << slot;
  EXPECT_EQ(view->slots(), present);
  for (const auto& [slot, column] : slots) {
    ASSERT_TRUE(view->Has(slot));
    std::vector<int64_t> starts_ms = {-1};
    ASSERT_TRUE(view->Starts(slot, &starts_ms).ok());
    EXPECT_EQ(starts_ms[0], -1) << "it appends";
    EXPECT_EQ(std::vector<int64_t>(starts_ms.begin() + 1, starts_ms.end()), column.starts_ms);
    // Backwards, so that no aggregate stands on one read before.
    for (int a = kAggregateCount - 1; a >= 0; --a) {
      std::vector<double> values = {-1};
      ASSERT_TRUE(view->Values(slot, static_cast<Aggregate>(a), &values).ok());
      ASSERT_EQ(values.size(), column.starts_ms.size() + 1);
      for (size_t i = 0; i + 1 < values.size(); ++i) {
        ASSERT_TRUE(SameBits(values[i + 1], column.aggregates[a][i])) << slot << " " << a << " " << i;
      }
    }
  }
}

// Two series of the same hours, one of others.
RollupSlots SomeRollups() {
  RollupSlots slots;
  for (const uint32_t slot : {2, 3, 63}) {
    HourColumn& column = slots[slot];
    for (int hour = 0; hour < 4; ++hour) {
      if (slot == 63 && hour == 1) continue;
      column.starts_ms.push_back((1000 + hour) * kHour);
      for (int a = 0; a < kAggregateCount; ++a) {
        column.aggregates[a].push_back(slot * 100 + a * 7 + hour * 0.25);
      }
    }
  }
  slots[3].aggregates[static_cast<int>(Aggregate::kMax)][2] = std::numeric_limits<double>::infinity();
  slots[3].aggregates[static_cast<int>(Aggregate::kFirst)][0] = -0.0;
  return slots;
}

TEST(RollupChunkTest, RoundTripsBothLayouts) {
  for (const RollupLayout layout : kLayouts) {
    ExpectRollupsDecode(SomeRollups(), Encode(SomeRollups(), layout));
    ExpectRollupsDecode({{0, SomeRollups()[63]}}, Encode({{0, SomeRollups()[63]}}, layout));
  }
}

TEST(RollupChunkTest, OfNoSeriesSaysThatThereIsNoNumber) {
  for (const RollupLayout layout : kLayouts) {
    const std::string value = Encode({}, layout);
    auto view = RollupChunkView::Parse(kRollupKey, value);
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(view->slots(), 0u);
  }
}

TEST(RollupChunkTest, OneThatIsCalculatedHasNothing) {
  const std::string value = EncodeCalculatedRollup(kRollupKey);
  auto view = RollupChunkView::Parse(kRollupKey, value);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_TRUE(view->calculated());
  EXPECT_EQ(view->slots(), 0u);
  EXPECT_EQ(value.substr(0, value.size() - 4), "\1\2");
  EXPECT_FALSE(RollupChunkView::Parse("other", value).ok());
  std::string longer = {1, 2, 0};
  AppendChecksum(kRollupKey, &longer);
  EXPECT_FALSE(RollupChunkView::Parse(kRollupKey, longer).ok());
}

TEST(RollupChunkTest, RoundTripsRandomBuckets) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    RollupSlots slots;
    for (uint64_t s = 0, series = 1 + random() % 64; s < series; ++s) {
      HourColumn& column = slots[static_cast<uint32_t>(random() % 64)];
      column = {};
      int64_t start_ms = static_cast<int64_t>(random() % 1000) * kHour;
      for (uint64_t i = 0, count = 1 + random() % 30; i < count; ++i) {
        column.starts_ms.push_back(start_ms);
        start_ms += static_cast<int64_t>(1 + random() % 3) * kHour;
        for (auto& values : column.aggregates) values.push_back(std::bit_cast<double>(random() >> random() % 64));
      }
    }
    for (const RollupLayout layout : kLayouts) ExpectRollupsDecode(slots, Encode(slots, layout));
  }
}

TEST(RollupChunkTest, AFewBucketsOfManySeriesAreSmallerJoined) {
  RollupSlots slots;
  for (uint32_t slot = 0; slot < 64; ++slot) {
    slots[slot] = SomeRollups()[2];
    for (auto& values : slots[slot].aggregates) values[0] += slot;
  }
  EXPECT_LT(Encode(slots, RollupLayout::kJoined).size(), Encode(slots, RollupLayout::kApart).size());
}

TEST(RollupChunkTest, EveryTruncationAndEveryChangedByteIsFoundOut) {
  for (const RollupLayout layout : kLayouts) {
    const std::string value = Encode(SomeRollups(), layout);
    const std::string body = value.substr(0, value.size() - 4);
    const auto decodes = [&](const std::string& bytes) {
      std::string checked = bytes;
      AppendChecksum(kRollupKey, &checked);
      auto view = RollupChunkView::Parse(kRollupKey, checked);
      if (!view.ok()) return false;
      for (uint32_t slot = 0; slot < kChunkSlots; ++slot) {
        if (!view->Has(slot)) continue;
        std::vector<int64_t> starts_ms;
        if (!view->Starts(slot, &starts_ms).ok()) return false;
        for (size_t i = 1; i < starts_ms.size(); ++i) EXPECT_LT(starts_ms[i - 1], starts_ms[i]);
        for (int a = 0; a < kAggregateCount; ++a) {
          std::vector<double> values;
          if (!view->Values(slot, static_cast<Aggregate>(a), &values).ok()) return false;
          EXPECT_EQ(values.size(), starts_ms.size());
        }
      }
      return true;
    };
    ASSERT_TRUE(decodes(body));
    for (size_t i = 0; i < value.size(); ++i) {
      EXPECT_EQ(RollupChunkView::Parse(kRollupKey, value.substr(0, i)).status().code(), absl::StatusCode::kDataLoss);
      std::string damaged = value;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
      EXPECT_EQ(RollupChunkView::Parse(kRollupKey, damaged).status().code(), absl::StatusCode::kDataLoss);
      if (i >= body.size()) continue;
      EXPECT_FALSE(decodes(body.substr(0, i))) << i;
      for (int bit = 0; bit < 8; ++bit) {
        damaged = body;
        damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
        decodes(damaged);
      }
    }
    EXPECT_FALSE(decodes(body + '\0'));
    EXPECT_FALSE(RollupChunkView::Parse("kez", value).ok());
  }
}

// The joined column is unpacked once for all: what it refused the first slot it must refuse the second.
TEST(RollupChunkTest, ValuesThatCannotBeReadAreRefusedEachTime) {
  std::string body = Encode(SomeRollups(), RollupLayout::kJoined);
  body.resize(body.size() - 4);
  bool refused = false;
  // The last byte is one of the last aggregate.
  for (int change = 1; change < 256 && !refused; ++change) {
    std::string damaged = body;
    damaged.back() = static_cast<char>(damaged.back() ^ change);
    AppendChecksum(kRollupKey, &damaged);
    auto view = RollupChunkView::Parse(kRollupKey, damaged);
    ASSERT_TRUE(view.ok()) << view.status();
    std::vector<double> values;
    refused = !view->Values(2, Aggregate::kIncrease, &values).ok();
    if (!refused) continue;
    EXPECT_EQ(view->Values(2, Aggregate::kIncrease, &values).code(), absl::StatusCode::kDataLoss);
    EXPECT_EQ(view->Values(3, Aggregate::kIncrease, &values).code(), absl::StatusCode::kDataLoss);
    EXPECT_TRUE(view->Values(3, Aggregate::kMin, &values).ok()) << "the others are sound";
  }
  EXPECT_TRUE(refused) << "no last byte was refused";
}

// NINES_WRITE_GOLDEN=1 writes the files of a new version.
TEST(RollupChunkTest, GoldenChunks) {
  const std::pair<const char*, RollupLayout> cases[] = {{"joined", RollupLayout::kJoined},
                                                        {"apart", RollupLayout::kApart}};
  for (const auto& [name, layout] : cases) {
    SCOPED_TRACE(name);
    const std::string path = std::string(NINES_TEST_DATA "/golden/rollup_chunk_v1_") + name + ".bin";
    const std::string value = Encode(SomeRollups(), layout);
    if (std::getenv("NINES_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << value;
    std::ifstream file(path, std::ios::binary);
    const std::string golden(std::istreambuf_iterator<char>(file), {});
    EXPECT_TRUE(golden == value) << "the format changed; it needs a new version";
    ExpectRollupsDecode(SomeRollups(), golden);
  }
}

}  // namespace
}  // namespace nines::codec
