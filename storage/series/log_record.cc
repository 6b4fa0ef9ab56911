#include "storage/series/log_record.h"

#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

constexpr uint8_t kVersion = 1;

int64_t Difference(uint64_t a, uint64_t b) { return static_cast<int64_t>(a - b); }

}  // namespace

void EncodeLogRecord(std::string_view key, std::span<const Point> points, std::string* value) {
  value->reserve(value->size() + points.size() * 10 + 32);
  codec::AppendByte(kVersion, value);
  codec::AppendVarint(points.size(), value);
  uint64_t time_ms = 0;
  for (size_t i = 0; i < points.size();) {
    size_t end = i + 1;
    while (end < points.size() && points[end].time_ms == points[i].time_ms) ++end;
    codec::AppendVarint(end - i, value);
    codec::AppendSignedVarint(Difference(static_cast<uint64_t>(points[i].time_ms), time_ms), value);
    time_ms = static_cast<uint64_t>(points[i].time_ms);
    i = end;
  }
  uint64_t series = 0;
  for (const Point& point : points) {
    codec::AppendSignedVarint(Difference(point.series.value(), series), value);
    series = point.series.value();
  }
  for (const Point& point : points) codec::AppendDouble(point.value, value);
  codec::AppendChecksum(key, value);
}

absl::Status DecodeLogRecord(std::string_view key, std::string_view value, std::vector<Point>* points) {
  const std::optional<std::string_view> body = codec::StripChecksum(key, value);
  if (!body.has_value()) return absl::DataLossError("its checksum is wrong");
  codec::ByteReader reader(*body);
  if (reader.Byte() != kVersion) return absl::DataLossError("its version is not known");
  // A point takes nine bytes or more, so that a damaged count cannot ask for much memory.
  const uint64_t count = reader.Varint(body->size() / 9);
  const size_t first = points->size();
  uint64_t time_ms = 0;
  for (uint64_t have = 0; have < count && reader.ok();) {
    const uint64_t run = reader.Varint(count - have);
    if (run == 0) reader.Fail();
    time_ms += static_cast<uint64_t>(reader.SignedVarint());
    points->resize(first + have + run, Point{SeriesId(), static_cast<int64_t>(time_ms), 0});
    have += run;
  }
  if (!reader.ok()) return absl::DataLossError("its times cannot be read");
  uint64_t series = 0;
  for (size_t i = first; i < points->size(); ++i) {
    series += static_cast<uint64_t>(reader.SignedVarint());
    (*points)[i].series = SeriesId(series);
  }
  for (size_t i = first; i < points->size(); ++i) (*points)[i].value = reader.Double();
  if (!reader.AtEnd()) return absl::DataLossError("its samples cannot be read");
  return absl::OkStatus();
}

}  // namespace nines::series
