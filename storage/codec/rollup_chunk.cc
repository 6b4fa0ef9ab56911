#include "storage/codec/rollup_chunk.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/codec/time_column.h"

namespace nines::codec {
namespace {

constexpr uint8_t kVersion = 1;
constexpr uint8_t kCalculated = 2;  // in the place of the layout

bool Same(std::span<const int64_t> a, std::span<const int64_t> b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

// Lengths in one string, bytes in another.
void AppendColumn(std::span<const double> values, std::string* lengths, std::string* packed) {
  const size_t before = packed->size();
  EncodeValues(values, Effort::kSmall, packed);
  AppendVarint(packed->size() - before, lengths);
}

}  // namespace

std::string EncodeRollupChunk(std::string_view key, std::span<const RollupColumn> columns, RollupLayout layout) {
  NINES_CHECK(columns.size() <= kChunkSlots);
  if (columns.empty()) layout = RollupLayout::kApart;  // there is nothing to join
  uint64_t slots = 0;
  std::vector<std::span<const int64_t>> times;
  std::string heads;
  std::string packed;
  std::array<std::vector<double>, kAggregateCount> joined;
  for (const RollupColumn& column : columns) {
    slots |= uint64_t{1} << column.slot;
    size_t index = times.size();
    while (index > 0 && !Same(times[index - 1], column.starts_ms)) --index;
    if (index == 0) {
      times.push_back(column.starts_ms);
      index = times.size();
    }
    AppendVarint(index - 1, &heads);
    for (int i = 0; i < kAggregateCount; ++i) {
      if (layout == RollupLayout::kApart) {
        AppendColumn(column.aggregates[i], &heads, &packed);
      } else {
        joined[i].insert(joined[i].end(), column.aggregates[i].begin(), column.aggregates[i].end());
      }
    }
  }
  if (layout == RollupLayout::kJoined) {
    for (const std::vector<double>& values : joined) AppendColumn(values, &heads, &packed);
  }
  std::string value;
  AppendByte(kVersion, &value);
  AppendByte(static_cast<uint8_t>(layout), &value);
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

std::string EncodeCalculatedRollup(std::string_view key) {
  std::string value;
  AppendByte(kVersion, &value);
  AppendByte(kCalculated, &value);
  AppendChecksum(key, &value);
  return value;
}

absl::StatusOr<RollupChunkView> RollupChunkView::Parse(std::string_view key, std::string_view value) {
  const std::optional<std::string_view> body = StripChecksum(key, value);
  if (!body.has_value()) return absl::DataLossError("its checksum is wrong");
  ByteReader reader(*body);
  if (reader.Byte() != kVersion) return absl::DataLossError("its version is not known");
  const uint8_t layout = reader.Byte();
  RollupChunkView view;
  view.calculated_ = layout == kCalculated && reader.AtEnd();
  if (view.calculated_) return view;
  if (layout > static_cast<uint8_t>(RollupLayout::kApart)) reader.Fail();
  view.layout_ = static_cast<RollupLayout>(layout);
  view.slots_ = reader.Fixed64();
  const uint64_t time_columns = reader.Varint(kChunkSlots);
  std::array<uint64_t, kChunkSlots> time_bytes;
  view.times_.resize(time_columns);
  for (uint64_t i = 0; i < time_columns; ++i) {
    view.times_[i].count = static_cast<uint32_t>(reader.Varint(kSlotSamplesMax));
    time_bytes[i] = reader.Varint();
    if (view.times_[i].count == 0) reader.Fail();
  }
  const bool apart = view.layout_ == RollupLayout::kApart;
  std::array<std::array<uint64_t, kAggregateCount>, kChunkSlots> lengths;
  for (uint64_t rest = view.slots_; rest != 0 && reader.ok(); rest &= rest - 1) {
    const int slot = std::countr_zero(rest);
    Place& place = view.places_[slot];
    place.times = static_cast<uint32_t>(reader.Varint(kChunkSlots));
    if (place.times >= time_columns) reader.Fail();
    for (int i = 0; apart && i < kAggregateCount; ++i) lengths[slot][i] = reader.Varint();
    if (!reader.ok()) break;
    place.first = view.buckets_;
    view.buckets_ += view.times_[place.times].count;
  }
  std::array<uint64_t, kAggregateCount> joined_lengths{};
  for (int i = 0; !apart && i < kAggregateCount; ++i) joined_lengths[i] = reader.Varint();
  for (uint64_t i = 0; i < time_columns && reader.ok(); ++i) view.times_[i].packed = reader.Raw(time_bytes[i]);
  for (uint64_t rest = apart ? view.slots_ : 0; rest != 0 && reader.ok(); rest &= rest - 1) {
    const int slot = std::countr_zero(rest);
    for (int i = 0; i < kAggregateCount; ++i) view.places_[slot].packed[i] = reader.Raw(lengths[slot][i]);
  }
  for (int i = 0; !apart && i < kAggregateCount; ++i) view.joined_[i] = reader.Raw(joined_lengths[i]);
  if (!reader.AtEnd() || (view.slots_ == 0) != (time_columns == 0) || (!apart && view.buckets_ > kColumnValuesMax)) {
    return absl::DataLossError("its header cannot be read");
  }
  return view;
}

absl::Status RollupChunkView::Starts(uint32_t slot, std::vector<int64_t>* starts_ms) const {
  const TimeColumn& column = times_[places_[slot].times];
  const size_t first = starts_ms->size();
  starts_ms->resize(first + column.count);
  if (DecodeTimes(column.packed, column.count, starts_ms->data() + first)) return absl::OkStatus();
  starts_ms->resize(first);
  return absl::DataLossError("its times cannot be read");
}

absl::Status RollupChunkView::Values(uint32_t slot, Aggregate aggregate, std::vector<double>* values) {
  const int index = static_cast<int>(aggregate);
  const Place& place = places_[slot];
  const uint32_t count = times_[place.times].count;
  bool good = true;
  if (layout_ == RollupLayout::kApart) {
    const size_t first = values->size();
    values->resize(first + count);
    good = DecodeValues(place.packed[index], count, values->data() + first);
  } else {
    std::vector<double>& all = unpacked_[index];
    if (all.empty()) {
      all.resize(buckets_);
      good = DecodeValues(joined_[index], buckets_, all.data());
      if (!good) all.clear();
    }
    if (good) values->insert(values->end(), all.begin() + place.first, all.begin() + place.first + count);
  }
  return good ? absl::OkStatus() : absl::DataLossError("its values cannot be read");
}

}  // namespace nines::codec
