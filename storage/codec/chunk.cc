#include "storage/codec/chunk.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/codec/time_column.h"

namespace nines::codec {
namespace {

constexpr uint8_t kVersion = 1;

bool SameTimes(std::span<const int64_t> a, std::span<const int64_t> b) {
  return a.size() == b.size() && a.front() == b.front() && a.back() == b.back() &&
         (a.data() == b.data() || std::equal(a.begin(), a.end(), b.begin()));
}

}  // namespace

std::string EncodeChunk(std::string_view key, std::span<const SlotColumn> columns, Effort effort) {
  NINES_CHECK(!columns.empty() && columns.size() <= kChunkSlots);
  uint64_t slots = 0;
  std::vector<std::span<const int64_t>> times;
  std::string heads;  // of the slots
  std::string packed;
  for (const SlotColumn& column : columns) {
    NINES_CHECK(!column.values.empty() && column.values.size() <= kSlotSamplesMax);
    slots |= uint64_t{1} << column.slot;
    // What comes in the same rows has the times of the one before.
    size_t index = times.size();
    while (index > 0 && !SameTimes(times[index - 1], column.times_ms)) --index;
    if (index == 0) {
      times.push_back(column.times_ms);
      index = times.size();
    }
    const size_t before = packed.size();
    EncodeValues(column.values, effort, &packed);
    AppendVarint(index - 1, &heads);
    AppendVarint(packed.size() - before, &heads);
  }
  std::string value;
  value.reserve(packed.size() + heads.size() + times.size() * 16 + 32);
  AppendByte(kVersion, &value);
  AppendFixed64(slots, &value);
  AppendVarint(times.size(), &value);
  std::string packed_times;
  for (const std::span<const int64_t> column : times) {
    const size_t before = packed_times.size();
    EncodeTimes(column, &packed_times);
    AppendVarint(column.size(), &value);
    AppendVarint(packed_times.size() - before, &value);
  }
  value += heads;
  value += packed_times;
  value += packed;
  AppendChecksum(key, &value);
  return value;
}

absl::StatusOr<ChunkView> ChunkView::Parse(std::string_view key, std::string_view value) {
  const std::optional<std::string_view> body = StripChecksum(key, value);
  if (!body.has_value()) return absl::DataLossError("its checksum is wrong");
  ByteReader reader(*body);
  if (reader.Byte() != kVersion) return absl::DataLossError("its version is not known");
  ChunkView view;
  view.slots_ = reader.Fixed64();
  const uint64_t time_columns = reader.Varint(kChunkSlots);
  std::array<uint64_t, kChunkSlots> time_bytes;
  view.times_.resize(time_columns);
  for (uint64_t i = 0; i < time_columns; ++i) {
    view.times_[i].count = static_cast<uint32_t>(reader.Varint(kSlotSamplesMax));
    time_bytes[i] = reader.Varint();
    if (view.times_[i].count == 0) reader.Fail();
  }
  std::array<uint64_t, kChunkSlots> value_bytes;
  for (uint64_t rest = view.slots_; rest != 0 && reader.ok(); rest &= rest - 1) {
    const int slot = std::countr_zero(rest);
    view.places_[slot].times = static_cast<uint32_t>(reader.Varint(kChunkSlots));
    value_bytes[slot] = reader.Varint();
    if (view.places_[slot].times >= time_columns) reader.Fail();
  }
  for (uint64_t i = 0; i < time_columns && reader.ok(); ++i) view.times_[i].packed = reader.Raw(time_bytes[i]);
  for (uint64_t rest = view.slots_; rest != 0 && reader.ok(); rest &= rest - 1) {
    const int slot = std::countr_zero(rest);
    view.places_[slot].values = reader.Raw(value_bytes[slot]);
  }
  if (!reader.AtEnd() || view.slots_ == 0) return absl::DataLossError("its header cannot be read");
  return view;
}

absl::StatusOr<std::span<const int64_t>> ChunkView::Times(uint32_t slot) {
  TimeColumn& column = times_[places_[slot].times];
  if (column.unpacked.empty()) {
    column.unpacked.resize(column.count);
    if (!DecodeTimes(column.packed, column.count, column.unpacked.data())) {
      column.unpacked.clear();
      return absl::DataLossError("its times cannot be read");
    }
  }
  return std::span<const int64_t>(column.unpacked);
}

absl::Status ChunkView::Values(uint32_t slot, double* values) const {
  if (DecodeValues(places_[slot].values, count(slot), values)) return absl::OkStatus();
  return absl::DataLossError("its values cannot be read");
}

}  // namespace nines::codec
