#include "storage/series/log_record.h"

#include <bit>
#include <cstring>

#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

constexpr uint8_t kRecordVersion = 1;

static_assert(std::endian::native == std::endian::little, "values are stored as they lie in memory");

// The series of one row as runs of neighbours: each begins some way after the end of the run before.
void AppendRuns(const uint32_t* series, uint32_t count, uint32_t* after, std::string* value) {
  for (uint32_t i = 0; i < count;) {
    uint32_t end = i + 1;
    while (end < count && series[end] == series[end - 1] + 1) ++end;
    codec::AppendSignedVarint(static_cast<int64_t>(series[i]) - static_cast<int64_t>(*after), value);
    codec::AppendVarint(end - i, value);
    *after = series[end - 1] + 1;
    i = end;
  }
}

bool ReadRuns(codec::ByteReader& reader, uint64_t count, uint32_t* after, std::vector<uint32_t>* series) {
  for (uint64_t have = 0; have < count;) {
    const int64_t first = static_cast<int64_t>(*after) + reader.SignedVarint();
    const uint64_t run = reader.Varint(count - have);
    if (!reader.ok() || run == 0 || first < 0 || first + static_cast<int64_t>(run) > int64_t{UINT32_MAX}) return false;
    for (uint64_t i = 0; i < run; ++i) series->push_back(static_cast<uint32_t>(first) + static_cast<uint32_t>(i));
    *after = series->back() + 1;
    have += run;
  }
  return true;
}

}  // namespace

void EncodeLogRecord(std::string_view note, const Rows& rows, std::string* value) {
  value->reserve(value->size() + rows.values.size() * 8 + rows.rows.size() * 12 + 32);
  codec::AppendByte(kRecordVersion, value);
  codec::AppendText(note, value);
  codec::AppendVarint(rows.rows.size(), value);
  int64_t time_ms = 0;
  uint32_t after = 0;
  size_t at = 0;
  for (const Rows::Row& row : rows.rows) {
    codec::AppendSignedVarint(row.time_ms - time_ms, value);
    time_ms = row.time_ms;
    codec::AppendVarint(row.count, value);
    AppendRuns(rows.series.data() + at, row.count, &after, value);
    at += row.count;
  }
  value->append(reinterpret_cast<const char*>(rows.values.data()), rows.values.size() * sizeof(double));
}

absl::Status DecodeLogRecord(std::string_view payload, std::string_view* note, Rows* rows) {
  codec::ByteReader reader(payload);
  if (reader.Byte() != kRecordVersion) return absl::DataLossError("its version is not known");
  *note = reader.Text();
  // A sample takes eight bytes or more, a row two, so that a damaged count cannot ask for much memory.
  const uint64_t samples_max = payload.size() / sizeof(double);
  const uint64_t row_count = reader.Varint(payload.size() / 2);
  int64_t time_ms = 0;
  uint32_t after = 0;
  uint64_t samples = 0;
  for (uint64_t i = 0; i < row_count && reader.ok(); ++i) {
    if (__builtin_add_overflow(time_ms, reader.SignedVarint(), &time_ms) || time_ms < kFirstTimeMs ||
        time_ms >= kEndTimeMs) {
      return absl::DataLossError("its times cannot be read");
    }
    const uint64_t count = reader.Varint(samples_max - samples);
    if (!reader.ok() || !ReadRuns(reader, count, &after, &rows->series)) {
      return absl::DataLossError("its series cannot be read");
    }
    rows->rows.push_back({time_ms, static_cast<uint32_t>(count)});
    samples += count;
  }
  const std::string_view values = reader.Raw(samples * sizeof(double));
  if (!reader.AtEnd()) return absl::DataLossError("its samples cannot be read");
  const size_t first = rows->values.size();
  rows->values.resize(first + samples);
  if (samples > 0) std::memcpy(rows->values.data() + first, values.data(), values.size());
  return absl::OkStatus();
}

}  // namespace nines::series
