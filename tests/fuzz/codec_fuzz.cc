// Every decoder of bytes at rest of the series. The first byte chooses one; whatever decodes must encode to something
// that decodes to the same bits.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/codec/chunk.h"
#include "storage/codec/run_samples.h"
#include "storage/codec/xor_samples.h"
#include "storage/series/chunk_key.h"
#include "storage/series/labels.h"
#include "storage/series/log_record.h"

namespace nines {
namespace {

using codec::Sample;

constexpr char kKey[] = "key";
constexpr int64_t kStart = 1'000'000;
constexpr uint32_t kCountMax = 500;

void CheckSame(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  NINES_CHECK(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    NINES_CHECK(a[i].time_ms == b[i].time_ms && codec::SameBits(a[i].value, b[i].value));
    NINES_CHECK(i == 0 || a[i].time_ms > a[i - 1].time_ms);
  }
}

void RoundTrip(const std::vector<Sample>& samples) {
  const std::string value = codec::EncodeChunk(kKey, samples);
  auto view = codec::ChunkView::Parse(kKey, samples.front().time_ms, value);
  NINES_CHECK(view.ok());
  std::vector<Sample> again;
  NINES_CHECK(view->Decode(&again).ok());
  CheckSame(samples, again);
}

using DecodeFunction = bool (*)(int64_t, uint32_t, std::string_view, std::vector<Sample>*);
void TrySamples(DecodeFunction decode, std::string_view bytes) {
  codec::ByteReader reader(bytes);
  const uint32_t count = static_cast<uint32_t>(reader.Varint(kCountMax));
  std::vector<Sample> samples;
  if (!reader.ok() || !decode(kStart, count, reader.rest(), &samples) || samples.empty()) return;
  NINES_CHECK(samples.size() == count);
  RoundTrip(samples);
}

// The checksum is put right: it would keep every change from the decoders behind it.
std::string WithChecksum(std::string_view body) {
  std::string value(body);
  codec::AppendChecksum(kKey, &value);
  return value;
}

void TryChunk(std::string_view body) {
  const std::string value = WithChecksum(body);
  auto view = codec::ChunkView::Parse(kKey, kStart, value);
  std::vector<Sample> samples;
  if (view.ok() && view->Decode(&samples).ok()) RoundTrip(samples);
}

void TryLogRecord(std::string_view body) {
  std::vector<series::Point> points;
  if (!series::DecodeLogRecord(kKey, WithChecksum(body), &points).ok()) return;
  std::string value;
  series::EncodeLogRecord(kKey, points, &value);
  std::vector<series::Point> again;
  NINES_CHECK(series::DecodeLogRecord(kKey, value, &again).ok() && again.size() == points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    NINES_CHECK(points[i].series == again[i].series && points[i].time_ms == again[i].time_ms);
    NINES_CHECK(codec::SameBits(points[i].value, again[i].value));
  }
}

void TryOthers(std::string_view bytes) {
  auto labels = series::Labels::Decode(bytes);
  if (labels.ok()) NINES_CHECK(labels->Encode() == bytes);
  if (auto key = series::ChunkKey::Decode(bytes)) NINES_CHECK(key->Encode() == bytes);
}

std::vector<Sample> SomeSamples(int kind) {
  std::vector<Sample> samples;
  for (int i = 0; i < 40; ++i) {
    samples.push_back({kStart + 15'000 * i + (kind == 1 ? i % 7 : 0), kind == 0 ? 1.0 : 0.1 * (i / 3)});
  }
  return samples;
}

}  // namespace
}  // namespace nines

std::vector<std::string> FuzzSeeds() {
  using namespace nines;
  std::vector<std::string> seeds;
  for (int kind = 0; kind < 3; ++kind) {
    const std::vector<Sample> samples = SomeSamples(kind);
    std::string chunk = codec::EncodeChunk(kKey, samples);
    chunk.resize(chunk.size() - 4);
    seeds.push_back("\x02" + chunk);
    codec::XorAppender appender;
    for (const Sample& sample : samples) appender.Append(sample.time_ms, sample.value);
    std::string payload("\x00\x28", 2);
    appender.AppendTo(&payload);
    seeds.push_back(payload);
    payload.assign("\x01\x28");
    codec::EncodeRuns(samples, 100'000, &payload);
    seeds.push_back(payload);
    std::string record;
    std::vector<series::Point> points;
    for (const Sample& sample : samples)
      points.push_back({SeriesId(7 + points.size() % 3), sample.time_ms, sample.value});
    series::EncodeLogRecord(kKey, points, &record);
    record.resize(record.size() - 4);
    seeds.push_back("\x03" + record);
  }
  seeds.push_back("\x04" + series::Labels::Create({{"__name__", "up"}, {"job", "näh"}})->Encode());
  seeds.push_back("\x04" + series::ChunkKey{SeriesId(9), series::SpanClass::kLong, -5, 77}.Encode());
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nines;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      TrySamples(codec::DecodeXor, bytes);
      break;
    case 1:
      TrySamples(codec::DecodeRuns, bytes);
      break;
    case 2:
      TryChunk(bytes);
      break;
    case 3:
      TryLogRecord(bytes);
      break;
    default:
      TryOthers(bytes);
  }
  return 0;
}
