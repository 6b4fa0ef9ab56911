// Every decoder of bytes at rest of the series. The first byte chooses one; whatever decodes must encode to something
// that decodes to the same bits.
#include <bit>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/codec/chunk.h"
#include "storage/codec/rollup_chunk.h"
#include "storage/codec/sample.h"
#include "storage/series/chunk_key.h"
#include "storage/series/labels.h"
#include "storage/series/log_record.h"

namespace nines {
namespace {

constexpr char kKey[] = "key";
constexpr int64_t kStart = 1'000'000;

void CheckSame(const std::vector<double>& a, const std::vector<double>& b) {
  NINES_CHECK(a.size() == b.size());
  for (size_t i = 0; i < a.size(); ++i) NINES_CHECK(codec::SameBits(a[i], b[i]));
}

void CheckGrowing(const std::vector<int64_t>& times_ms) {
  for (size_t i = 1; i < times_ms.size(); ++i) NINES_CHECK(times_ms[i] > times_ms[i - 1]);
}

// The checksum is put right: it would keep every change from the decoders behind it.
std::string WithChecksum(std::string_view body) {
  std::string value(body);
  codec::AppendChecksum(kKey, &value);
  return value;
}

struct Slot {
  uint32_t slot = 0;
  std::vector<int64_t> times_ms;
  std::vector<std::vector<double>> values;  // one of a chunk, all aggregates of a roll-up
};

// What of a chunk can be read; nothing where it is not a chunk. `whole` tells whether all of it could.
std::vector<Slot> ReadChunk(std::string_view value, bool* whole) {
  std::vector<Slot> slots;
  auto view = codec::ChunkView::Parse(kKey, value);
  *whole = view.ok();
  if (!view.ok()) return slots;
  for (uint64_t rest = view->slots(); rest != 0; rest &= rest - 1) {
    Slot slot{.slot = static_cast<uint32_t>(std::countr_zero(rest)), .times_ms = {}, .values = {}};
    const auto times_ms = view->Times(slot.slot);
    std::vector<double> values(view->count(slot.slot));
    const bool good = view->Values(slot.slot, values.data()).ok();
    if (times_ms.ok()) {
      slot.times_ms.assign(times_ms->begin(), times_ms->end());
      CheckGrowing(slot.times_ms);
      NINES_CHECK(slot.times_ms.size() == values.size());
    }
    *whole &= times_ms.ok() && good;
    slot.values = {std::move(values)};
    slots.push_back(std::move(slot));
  }
  return slots;
}

void TryChunk(std::string_view body) {
  bool whole = false;
  const std::vector<Slot> slots = ReadChunk(WithChecksum(body), &whole);
  if (!whole) return;
  for (const codec::Effort effort : {codec::Effort::kFast, codec::Effort::kSmall}) {
    std::vector<codec::SlotColumn> columns;
    for (const Slot& slot : slots) columns.push_back({slot.slot, slot.times_ms, slot.values[0]});
    const std::vector<Slot> again = ReadChunk(codec::EncodeChunk(kKey, columns, effort), &whole);
    NINES_CHECK(whole && again.size() == slots.size());
    for (size_t i = 0; i < slots.size(); ++i) {
      NINES_CHECK(again[i].slot == slots[i].slot && again[i].times_ms == slots[i].times_ms);
      CheckSame(again[i].values[0], slots[i].values[0]);
    }
  }
}

std::vector<Slot> ReadRollupChunk(std::string_view value, bool* whole) {
  std::vector<Slot> slots;
  auto view = codec::RollupChunkView::Parse(kKey, value);
  *whole = view.ok();
  if (!view.ok()) return slots;
  for (uint64_t rest = view->slots(); rest != 0; rest &= rest - 1) {
    Slot slot{.slot = static_cast<uint32_t>(std::countr_zero(rest)), .times_ms = {}, .values = {}};
    bool good = view->Starts(slot.slot, &slot.times_ms).ok();
    CheckGrowing(slot.times_ms);
    for (int a = 0; a < codec::kAggregateCount; ++a) {
      std::vector<double> values;
      const bool read = view->Values(slot.slot, static_cast<codec::Aggregate>(a), &values).ok();
      if (good && read) NINES_CHECK(values.size() == slot.times_ms.size());
      // Asked again, it says the same.
      std::vector<double> same;
      NINES_CHECK(view->Values(slot.slot, static_cast<codec::Aggregate>(a), &same).ok() == read);
      good &= read;
      slot.values.push_back(std::move(values));
    }
    *whole &= good;
    slots.push_back(std::move(slot));
  }
  return slots;
}

void TryRollupChunk(std::string_view body) {
  bool whole = false;
  const std::vector<Slot> slots = ReadRollupChunk(WithChecksum(body), &whole);
  if (!whole) return;
  size_t buckets = 0;
  for (const Slot& slot : slots) buckets += slot.times_ms.size();
  for (const codec::RollupLayout layout : {codec::RollupLayout::kApart, codec::RollupLayout::kJoined}) {
    if (layout == codec::RollupLayout::kJoined && buckets > codec::kColumnValuesMax) continue;
    std::vector<codec::RollupColumn> columns;
    for (const Slot& slot : slots) {
      codec::RollupColumn& column = columns.emplace_back(codec::RollupColumn{slot.slot, slot.times_ms, {}});
      for (int a = 0; a < codec::kAggregateCount; ++a) column.aggregates[a] = slot.values[a];
    }
    const std::vector<Slot> again = ReadRollupChunk(codec::EncodeRollupChunk(kKey, columns, layout), &whole);
    NINES_CHECK(whole && again.size() == slots.size());
    for (size_t i = 0; i < slots.size(); ++i) {
      NINES_CHECK(again[i].slot == slots[i].slot && again[i].times_ms == slots[i].times_ms);
      for (int a = 0; a < codec::kAggregateCount; ++a) CheckSame(again[i].values[a], slots[i].values[a]);
    }
  }
}

void TryLogRecord(std::string_view payload) {
  series::Rows rows;
  std::string_view note;
  if (!series::DecodeLogRecord(payload, &note, &rows).ok()) return;
  size_t samples = 0;
  for (const series::Rows::Row& row : rows.rows) {
    samples += row.count;
    NINES_CHECK(row.time_ms >= series::kFirstTimeMs && row.time_ms < series::kEndTimeMs);
  }
  NINES_CHECK(samples == rows.series.size() && samples == rows.values.size());
  std::string bytes;
  series::EncodeLogRecord(note, rows, &bytes);
  series::Rows again;
  std::string_view same_note;
  NINES_CHECK(series::DecodeLogRecord(bytes, &same_note, &again).ok() && same_note == note);
  NINES_CHECK(again.series == rows.series && again.rows.size() == rows.rows.size());
  for (size_t i = 0; i < rows.rows.size(); ++i) {
    NINES_CHECK(again.rows[i].time_ms == rows.rows[i].time_ms && again.rows[i].count == rows.rows[i].count);
  }
  CheckSame(again.values, rows.values);
}

void TryOthers(std::string_view bytes) {
  auto labels = series::Labels::Decode(bytes);
  if (labels.ok()) NINES_CHECK(labels->Encode() == bytes);
  if (auto key = series::ChunkKey::Decode(bytes)) NINES_CHECK(key->Encode() == bytes);
  if (auto key = series::FrameKey::Decode(bytes)) NINES_CHECK(key->Encode() == bytes);
}

std::vector<Slot> SomeSlots(int kind) {
  std::vector<Slot> slots;
  for (const uint32_t slot : {0, 7, 63}) {
    Slot& added = slots.emplace_back(Slot{.slot = slot, .times_ms = {}, .values = {}});
    added.values.resize(codec::kAggregateCount);
    for (int i = 0; i < 40; ++i) {
      added.times_ms.push_back(kStart + 15'000 * i + (kind == 1 ? i % 7 + static_cast<int>(slot) : 0));
      for (auto& values : added.values) values.push_back(kind == 0 ? 1.0 : 0.1 * (i / 3) + slot);
    }
  }
  return slots;
}

}  // namespace
}  // namespace nines

std::vector<std::string> FuzzSeeds() {
  using namespace nines;
  std::vector<std::string> seeds;
  const auto add = [&seeds](char decoder, std::string value, size_t without) {
    value.resize(value.size() - without);
    seeds.push_back(decoder + value);
  };
  for (int kind = 0; kind < 3; ++kind) {
    const std::vector<Slot> slots = SomeSlots(kind);
    std::vector<codec::SlotColumn> columns;
    std::vector<codec::RollupColumn> rollups;
    series::Rows rows;
    for (const Slot& slot : slots) {
      columns.push_back({slot.slot, slot.times_ms, slot.values[0]});
      codec::RollupColumn& rollup = rollups.emplace_back(codec::RollupColumn{slot.slot, slot.times_ms, {}});
      for (int a = 0; a < codec::kAggregateCount; ++a) rollup.aggregates[a] = slot.values[a];
      for (size_t i = 0; i < 20; ++i) rows.Add(SeriesId(7 + i % 3), slot.times_ms[i], slot.values[0][i]);
    }
    rows.rows.push_back({kStart, 5});
    rows.series.insert(rows.series.end(), {4, 5, 6, 9, 2});
    rows.values.insert(rows.values.end(), {1, 2, 3, 4, 5});
    for (const codec::Effort effort : {codec::Effort::kFast, codec::Effort::kSmall}) {
      add('\0', codec::EncodeChunk(kKey, columns, effort), 4);
    }
    for (const codec::RollupLayout layout : {codec::RollupLayout::kApart, codec::RollupLayout::kJoined}) {
      add('\1', codec::EncodeRollupChunk(kKey, rollups, layout), 4);
    }
    std::string record;
    series::EncodeLogRecord("note", rows, &record);
    add('\2', record, 0);
  }
  add('\3', series::Labels::Create({{"__name__", "up"}, {"job", "näh"}})->Encode(), 0);
  add('\3', series::ChunkKey{9, 77, series::Level::kWindow, 220, 1}.Encode(), 0);
  add('\3', series::FrameKey{220, 77, 5}.Encode(), 0);
  return seeds;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nines;
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      TryChunk(bytes);
      break;
    case 1:
      TryRollupChunk(bytes);
      break;
    case 2:
      TryLogRecord(bytes);
      break;
    default:
      TryOthers(bytes);
  }
  return 0;
}
