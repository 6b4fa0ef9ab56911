// The decoders of columns. The first byte chooses one, the next two the count; whatever decodes must encode to
// something that decodes to the same bits. Two more cases take the bytes as values and as times, and encode these.
#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/codec/time_column.h"
#include "storage/codec/value_column.h"

namespace nines {
namespace {

using codec::Effort;

void RoundTrip(const std::vector<double>& values) {
  for (Effort effort : {Effort::kFast, Effort::kSmall}) {
    std::string bytes;
    codec::EncodeValues(values, effort, &bytes);
    std::vector<double> again(values.size());
    NINES_CHECK(codec::DecodeValues(bytes, static_cast<uint32_t>(values.size()), again.data()));
    NINES_CHECK(std::memcmp(values.data(), again.data(), values.size() * sizeof(double)) == 0);
  }
}

void RoundTrip(const std::vector<int64_t>& times_ms) {
  std::string bytes;
  codec::EncodeTimes(times_ms, &bytes);
  std::vector<int64_t> again(times_ms.size());
  NINES_CHECK(codec::DecodeTimes(bytes, static_cast<uint32_t>(times_ms.size()), again.data()));
  NINES_CHECK(times_ms == again);
}

// Numbers of `width` bytes each.
template <typename Number>
std::vector<Number> Numbers(std::string_view bytes, size_t width) {
  std::vector<Number> numbers;
  for (size_t at = 0; at + width <= bytes.size() && numbers.size() < codec::kColumnValuesMax; at += width) {
    int64_t number = 0;
    std::memcpy(&number, bytes.data() + at, width);
    if constexpr (std::is_same_v<Number, double>) {
      // Whole doubles as they are, shorter ones as decimals.
      double value = static_cast<double>(number) / 100;
      if (width == sizeof(double)) std::memcpy(&value, &number, sizeof(double));
      numbers.push_back(value);
    } else {
      numbers.push_back(number);
    }
  }
  return numbers;
}

template <typename Number>
void TryColumn(bool (*decode)(std::string_view, uint32_t, Number*), std::string_view bytes) {
  if (bytes.size() < 2) return;
  const uint32_t count = static_cast<uint8_t>(bytes[0]) | static_cast<uint32_t>(bytes[1] & 0x0f) << 8;
  // Exactly as long as promised, so that a sanitizer sees a write past its end.
  std::vector<Number> numbers(count);
  if (decode(bytes.substr(2), count, numbers.data())) RoundTrip(numbers);
}

}  // namespace
}  // namespace nines

std::vector<std::string> FuzzSeeds() {
  using namespace nines;
  std::vector<std::string> seeds;
  for (int kind = 0; kind < 10; ++kind) {
    for (uint32_t count : {40u, 300u, 1'500u}) {
      std::vector<double> values;
      std::vector<int64_t> times_ms;
      uint32_t noise = 1;
      for (uint32_t i = 0; i < count; ++i) {
        noise = noise * 1'664'525 + 1'013'904'223;
        const uint32_t some = noise >> 24;
        const double kinds[] = {1.5,
                                static_cast<double>(i / 19 % 2),
                                static_cast<double>(some / 8) / 10,
                                static_cast<double>(i * 1'000 + some),
                                static_cast<double>(i * i * 40 + some % 8),
                                some < 4 ? -0.0 : static_cast<double>(some % 16),
                                static_cast<double>(some % 8) / 7,
                                static_cast<double>(noise) / 3e9,
                                static_cast<double>(i / 4 * i % 37) * 4096,
                                static_cast<double>(i / 50 % 2 == 0 ? some / 64 : some * 10)};
        values.push_back(kinds[kind]);
        times_ms.push_back(1'700'000'000'000 + i * 15'000 + (kind == 0 ? 0 : some % 9) +
                           (kind < 3 ? 0 : i / 100 * 45'000 + i * i * static_cast<uint32_t>(kind % 3)));
      }
      const std::string counted = {static_cast<char>(count & 0xff), static_cast<char>(count >> 8)};
      seeds.push_back(std::string(1, '\0') + counted);
      codec::EncodeValues(values, Effort::kSmall, &seeds.back());
      seeds.push_back(std::string(1, '\0') + counted);
      codec::EncodeValues(values, Effort::kFast, &seeds.back());
      seeds.push_back('\1' + counted);
      codec::EncodeTimes(times_ms, &seeds.back());
      seeds.push_back('\2' + std::string(reinterpret_cast<const char*>(values.data()), count * sizeof(double)));
    }
  }
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nines;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t width = 1 + (data[0] >> 2) % 8;
  switch (data[0] % 4) {
    case 0:
      TryColumn(codec::DecodeValues, bytes);
      break;
    case 1:
      TryColumn(codec::DecodeTimes, bytes);
      break;
    case 2: {
      const std::vector<double> values = Numbers<double>(bytes, data[0] == 2 ? 8 : width);
      if (!values.empty()) RoundTrip(values);
      break;
    }
    default: {
      std::vector<int64_t> times_ms = Numbers<int64_t>(bytes, width);
      std::sort(times_ms.begin(), times_ms.end());
      times_ms.erase(std::unique(times_ms.begin(), times_ms.end()), times_ms.end());
      if (!times_ms.empty()) RoundTrip(times_ms);
    }
  }
  return 0;
}
