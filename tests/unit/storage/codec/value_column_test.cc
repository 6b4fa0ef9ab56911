#include "storage/codec/value_column.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace nines::codec {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kStale = std::bit_cast<double>(uint64_t{0x7ff0000000000002});

std::string Encode(const std::vector<double>& values, Effort effort = Effort::kSmall) {
  std::string bytes;
  EncodeValues(values, effort, &bytes);
  return bytes;
}

void ExpectDecodes(const std::vector<double>& values, std::string_view bytes) {
  std::vector<double> decoded(values.size());
  ASSERT_TRUE(DecodeValues(bytes, static_cast<uint32_t>(values.size()), decoded.data()));
  for (size_t i = 0; i < values.size(); ++i) {
    ASSERT_EQ(std::bit_cast<uint64_t>(values[i]), std::bit_cast<uint64_t>(decoded[i])) << i;
  }
}

void ExpectValuesRoundTrip(const std::vector<double>& values) {
  for (Effort effort : {Effort::kFast, Effort::kSmall}) {
    std::string bytes = "before";
    EncodeValues(values, effort, &bytes);
    ASSERT_EQ(bytes.substr(0, 6), "before");
    ExpectDecodes(values, std::string_view(bytes).substr(6));
  }
}

std::vector<double> Nasties() {
  std::vector<double> nasties = {kStale};
  for (uint64_t bits : {uint64_t{0xfff8000000000001}, uint64_t{0x7fffffffffffffff}, uint64_t{0x7ff8000000000000},
                        uint64_t{1}, uint64_t{0}, uint64_t{1} << 63, (uint64_t{1} << 63) + 1, ~uint64_t{0},
                        uint64_t{0x000fffffffffffff}, uint64_t{0x7fefffffffffffff}}) {
    nasties.push_back(std::bit_cast<double>(bits));
  }
  for (double value : {kInfinity,
                       -kInfinity,
                       0.1,
                       -0.1,
                       0.3,
                       1e15,
                       1e-15,
                       1e-16,
                       0.1 + 0.2,
                       1.0 / 3,
                       2251799813685247.0,
                       2251799813685248.5,
                       225179981368524.8,
                       9007199254740992.0,
                       9007199254740994.0,
                       -9007199254740994.0,
                       9223372036854774784.0,
                       9223372036854775808.0,
                       -9223372036854775808.0,
                       -9223372036854777856.0,
                       1e300,
                       1e22,
                       1e23,
                       123456.789,
                       49.1513671875}) {
    nasties.push_back(value);
  }
  return nasties;
}

// The families of columns that there is an encoding for; all from integers, so that any machine makes the same ones.
uint64_t Below(std::mt19937_64& random, uint64_t limit) { return random() % limit; }
// About normal, with a deviation of about `size`.
int64_t Noise(std::mt19937_64& random, int64_t size) {
  int64_t sum = 0;
  for (int i = 0; i < 12; ++i) sum += static_cast<int64_t>(Below(random, static_cast<uint64_t>(2 * size + 1))) - size;
  return sum / 2;
}

struct Family {
  const char* name;
  std::function<std::vector<double>(std::mt19937_64& random, size_t count)> make;
};

std::vector<double> Make(size_t count, const std::function<double()>& next) {
  std::vector<double> values(count);
  for (double& value : values) value = next();
  return values;
}

const std::vector<Family>& Families() {
  static const std::vector<Family> families = {
      {"noise",
       [](auto& random, size_t count) {
         return Make(count, [&] { return static_cast<double>(1'000'000 + Noise(random, 5'000)); });
       }},
      {"counter",
       [](auto& random, size_t count) {
         int64_t now = 12'345'678'901;
         return Make(count, [&] { return static_cast<double>(now += 500 + Noise(random, 40)); });
       }},
      {"bend",
       [](auto& random, size_t count) {
         int64_t now = 0;
         int64_t step = 1'000;
         return Make(count, [&] { return static_cast<double>(now += step += 40 + Noise(random, 9)); });
       }},
      {"level",
       [](auto& random, size_t count) {
         int64_t level = 400;
         return Make(count, [&] {
           level += Noise(random, 2);
           return static_cast<double>(level + Noise(random, 8)) / 10;
         });
       }},
      {"moods",
       [](auto& random, size_t count) {
         bool busy = false;
         return Make(count, [&] {
           if (Below(random, 20) == 0) busy = !busy;
           return static_cast<double>(busy ? 5'000 + Noise(random, 300) : Below(random, 8)) / 100;
         });
       }},
      {"pages",
       [](auto& random, size_t count) {
         int64_t pages = 900'000;
         return Make(count, [&] {
           if (Below(random, 2) == 0) pages += Noise(random, 50);
           return static_cast<double>(pages * 4096);
         });
       }},
      {"thirties",
       [](auto& random, size_t count) {
         return Make(count, [&] {
           return std::round(static_cast<double>(Below(random, 12) * Below(random, 12)) / 30 * 1e4) / 1e4;
         });
       }},
      {"fractions",
       [](auto& random, size_t count) {
         return Make(count, [&] { return static_cast<double>(1 + Below(random, 40)) / 7; });
       }},
      {"doubles",
       [](auto& random, size_t count) { return Make(count, [&] { return static_cast<double>(random()) / 3e18; }); }},
      {"any bits", [](auto& random,
                      size_t count) { return Make(count, [&] { return std::bit_cast<double>(uint64_t{random()}); }); }},
      {"states",
       [](auto& random, size_t count) {
         bool up = true;
         return Make(count, [&] { return (up ^= Below(random, 25) == 0) ? 1.0 : 0.0; });
       }},
      {"plateaus",
       [](auto& random, size_t count) {
         double now = 0;
         return Make(count, [&] { return Below(random, 30) == 0 ? now = static_cast<double>(random() >> 40) : now; });
       }},
      {"holds",
       [](auto& random, size_t count) {
         uint64_t i = 0;
         double now = 0;
         return Make(count, [&] { return i++ % 4 == 0 ? now = static_cast<double>(Below(random, 1'000)) / 10 : now; });
       }},
      {"nasties",
       [](auto& random, size_t count) {
         static const std::vector<double> nasties = Nasties();
         return Make(count, [&] { return nasties[Below(random, nasties.size())]; });
       }},
      {"stale now and then",
       [](auto& random, size_t count) {
         return Make(
             count, [&] { return Below(random, 60) == 0 ? kStale : static_cast<double>(300 + Noise(random, 4)) / 10; });
       }},
      {"large",
       [](auto& random, size_t count) {
         return Make(count, [&] { return 9007199254740992.0 + 2 * static_cast<double>(Below(random, 1'000)); });
       }},
  };
  return families;
}

TEST(ValueColumnTest, KeepsEveryBitOfEveryKindOfValue) {
  const std::vector<double> nasties = Nasties();
  ExpectValuesRoundTrip(nasties);
  for (double value : nasties) {
    ExpectValuesRoundTrip({value});
    ExpectValuesRoundTrip({value, value, value});
    ExpectValuesRoundTrip({1.5, value});
    ExpectValuesRoundTrip({value, 1.5});
    std::vector<double> among(300, 0.0);
    for (size_t i = 0; i < among.size(); ++i) among[i] = static_cast<double>(i * i % 37) / 10;
    among[100] = value;
    ExpectValuesRoundTrip(among);
    among[0] = value;
    among[1] = value;
    among[299] = value;
    ExpectValuesRoundTrip(among);
  }
}

TEST(ValueColumnTest, RoundTripsRandomColumns) {
  for (const Family& family : Families()) {
    for (uint64_t seed = 0; seed < 40; ++seed) {
      SCOPED_TRACE(std::string(family.name) + " " + std::to_string(seed));
      std::mt19937_64 random(seed);
      const size_t count = 1 + Below(random, seed % 4 == 0 ? 5'000 : 400);
      ExpectValuesRoundTrip(family.make(random, count));
    }
  }
}

TEST(ValueColumnTest, RoundTripsTheLongestColumn) {
  std::mt19937_64 random(1);
  for (const Family& family : Families()) {
    SCOPED_TRACE(family.name);
    ExpectValuesRoundTrip(family.make(random, kColumnValuesMax));
  }
}

// A piece of one column next to one of another, as after a change of unit or a restart.
TEST(ValueColumnTest, RoundTripsColumnsOfSeveralFamilies) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<double> values;
    for (uint64_t pieces = 2 + Below(random, 3); pieces > 0; --pieces) {
      const Family& family = Families()[Below(random, Families().size())];
      const std::vector<double> piece = family.make(random, 1 + Below(random, 500));
      values.insert(values.end(), piece.begin(), piece.end());
    }
    ExpectValuesRoundTrip(values);
  }
}

TEST(ValueColumnTest, RefusesEveryTruncationAndAddition) {
  for (const Family& family : Families()) {
    for (Effort effort : {Effort::kFast, Effort::kSmall}) {
      std::mt19937_64 random(3);
      const std::vector<double> values = family.make(random, 150);
      const std::string bytes = Encode(values, effort);
      std::vector<double> decoded(values.size());
      for (size_t size = 0; size < bytes.size(); ++size) {
        // A copy of exactly this size, so that a sanitizer sees a read past its end.
        const std::vector<char> cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(DecodeValues({cut.data(), size}, 150, decoded.data())) << family.name << " " << size;
      }
      EXPECT_FALSE(DecodeValues(bytes + '\0', 150, decoded.data())) << family.name;
      EXPECT_FALSE(DecodeValues(bytes, 0, decoded.data())) << family.name;
      std::vector<double> many(kColumnValuesMax + 1);
      EXPECT_FALSE(DecodeValues(bytes, kColumnValuesMax + 1, many.data())) << family.name;
    }
  }
}

TEST(ValueColumnTest, SurvivesDamage) {
  std::vector<double> decoded(2'000);
  size_t refused = 0;
  for (const Family& family : Families()) {
    for (uint64_t seed = 0; seed < 300; ++seed) {
      std::mt19937_64 random(seed);
      const uint32_t count = static_cast<uint32_t>(1 + Below(random, seed % 8 == 0 ? 1'500 : 200));
      std::string bytes = Encode(family.make(random, count), seed % 2 == 0 ? Effort::kSmall : Effort::kFast);
      for (uint64_t flips = 1 + Below(random, 3); flips > 0; --flips) {
        // Mostly near the start, where the headers are.
        const size_t at = Below(random, 1 + Below(random, bytes.size()));
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(random, 8)));
      }
      refused += DecodeValues(bytes, count, decoded.data()) ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 300u);
}

TEST(ValueColumnTest, RefusesWhatNoEncoderWrites) {
  double decoded[8];
  const auto decodes = [&](std::string bytes, uint32_t count) { return DecodeValues(bytes, count, decoded); };
  using namespace std::string_literals;
  EXPECT_TRUE(decodes("\x00\x02"s, 3));                                   // constant 1
  EXPECT_FALSE(decodes("\x08\x02"s, 3));                                  // no such form
  EXPECT_FALSE(decodes("\x14\x00\x00\x00"s, 1));                          // bits with an exponent
  EXPECT_TRUE(decodes("\x02\x00\x01\x02\x05"s, 3));                       // decimals 1 + {1, 0, 1}
  EXPECT_FALSE(decodes("\x02\x00\x01\x02\x0d"s, 3));                      // a bit after the last
  EXPECT_FALSE(decodes("\x02\x04\x01\x01\x02\x05"s, 3));                  // a factor of 1
  EXPECT_FALSE(decodes("\x02\x03\x01\x02\x02\x05"s, 3));                  // order 3
  EXPECT_FALSE(decodes("\x02\x10\x01\x02\x05"s, 3));                      // smoothed, of order 0
  EXPECT_FALSE(decodes("\x02\x80\x01\x02\x05"s, 3));                      // a flag that is none
  EXPECT_FALSE(decodes("\x02\x00\x41\x02"s + std::string(25, '\0'), 3));  // 65 bits wide
  // Runs of 2 values: 1 once, then 0 for the rest.
  EXPECT_TRUE(decodes("\x05\x02\x05\x02\x00\x01\x00\x01\x00\x00\x02"s, 3));
  EXPECT_FALSE(decodes("\x05\x02\x05\x02\x00\x01\x00\x01\x00\x00\x02"s, 1));  // the first run leaves none for the last
  EXPECT_FALSE(decodes("\x05\x02\x05\x02\x00\x01\x00\x01\x00\x00\x00"s, 3));  // a run of no values
  EXPECT_FALSE(decodes("\x05\x01\x02\x00\x02\x00\x00\x02"s, 3));              // a single run
  // Runs whose values are runs.
  EXPECT_FALSE(decodes("\x05\x02\x0b\x05\x02\x05\x02\x00\x01\x00\x01\x00\x00\x02\x00\x00\x02"s, 3));
  // A dictionary of 0 and 1, and places in it.
  EXPECT_TRUE(decodes("\x07\x02\x05\x02\x00\x01\x00\x02\x00\x01\x00\x05"s, 3));
  EXPECT_FALSE(decodes("\x07\x02\x05\x02\x00\x01\x00\x02\x00\x01\x02\x05"s, 3));  // a place behind the last
}

// One of each encoding. Columns written by an earlier build must be read for ever; NINES_WRITE_GOLDEN=1 writes the
// files of a new version.
TEST(ValueColumnTest, GoldenColumns) {
  const auto family = [](const char* name, size_t count) {
    const auto& families = Families();
    const auto found = std::find_if(families.begin(), families.end(),
                                    [&](const Family& each) { return each.name == std::string(name); });
    std::mt19937_64 random(1);
    return found->make(random, count);
  };
  struct Case {
    const char* name;
    std::vector<double> values;
    Effort effort = Effort::kSmall;
    std::string starts_with;  // the bytes that say which encoding it is, where one or two do
  };
  using namespace std::string_literals;
  const Case cases[] = {
      {"constant", {1.5, 1.5, 1.5}, Effort::kSmall, "\x10"s},
      {"constant_bits", {kStale, kStale}, Effort::kSmall, "\x01"s},
      {"decimals_packed", family("level", 32), Effort::kFast, "\x12\x00"s},
      {"steps_packed", family("counter", 32), Effort::kFast, "\x02\x01"s},
      {"turns_packed", family("bend", 32), Effort::kFast, "\x02\x02"s},
      {"odd_values", family("stale now and then", 300), Effort::kSmall, "\x13"s},
      {"binned", family("noise", 300), Effort::kSmall, "\x02\x08"s},
      {"steps_binned", family("counter", 300), Effort::kSmall, "\x02\x09"s},
      {"turns_binned", family("bend", 300), Effort::kSmall, "\x02\x0a"s},
      {"factor_binned", family("pages", 300), Effort::kSmall, "\x02\x0d"s},
      {"smoothed", family("level", 300), Effort::kSmall, "\x12"s},
      {"contexts", family("moods", 3'000), Effort::kSmall, ""},
      {"bits_packed", family("doubles", 32), Effort::kFast, "\x04"s},
      {"bits_binned", family("any bits", 300), Effort::kSmall, "\x04"s},
      {"runs", family("plateaus", 300), Effort::kSmall, "\x05"s},
      {"switches", family("states", 300), Effort::kSmall, "\x06"s},
      {"dictionary", family("fractions", 400), Effort::kSmall, "\x07"s},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.name);
    const std::string path = std::string(NINES_TEST_DATA "/golden/value_column_v1_") + each.name + ".bin";
    const std::string bytes = Encode(each.values, each.effort);
    EXPECT_TRUE(bytes.starts_with(each.starts_with)) << int{bytes[0]} << " " << int{bytes[1]};
    if (std::getenv("NINES_WRITE_GOLDEN") != nullptr) std::ofstream(path, std::ios::binary) << bytes;
    std::ifstream file(path, std::ios::binary);
    const std::string golden(std::istreambuf_iterator<char>(file), {});
    EXPECT_TRUE(golden == bytes) << "the format changed; it needs a new version";
    ExpectDecodes(each.values, golden);
  }
}

// The floor of each comes from its distribution: the logarithm of a normal one's deviation and 2.05 bits.
TEST(ValueColumnTest, SizesAreNearTheEntropy) {
  std::mt19937_64 random(1);
  std::vector<double> values;
  for (int i = 0; i < 4'000; ++i) values.push_back(static_cast<double>(Noise(random, 100)));
  double squares = 0;
  for (double value : values) squares += value * value;
  const double entropy_bits = std::log2(squares / 4'000) / 2 + 2.047;
  EXPECT_LT(static_cast<double>(Encode(values).size()) * 8 / 4'000, entropy_bits * 1.015);
  // Adding up and offsets change nothing, nor does a factor.
  std::vector<double> sums;
  double sum = 1e9;
  for (double value : values) sums.push_back(sum += 50'000 + value);
  EXPECT_LT(static_cast<double>(Encode(sums).size()) * 8 / 4'000, entropy_bits * 1.015);
  for (double& value : sums) value *= 512 * 3;
  EXPECT_LT(static_cast<double>(Encode(sums).size()) * 8 / 4'000, entropy_bits * 1.02);
}

}  // namespace
}  // namespace nines::codec
