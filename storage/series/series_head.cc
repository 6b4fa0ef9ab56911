#include "storage/series/series_head.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "storage/codec/chunk.h"

namespace nines::series {

using codec::Sample;

namespace {

// Sets the value at the sample's time, sorted. False where it was there already.
bool InsertSorted(Sample sample, std::vector<Sample>* samples) {
  auto at = std::lower_bound(samples->begin(), samples->end(), sample.time_ms,
                             [](const Sample& a, int64_t time_ms) { return a.time_ms < time_ms; });
  if (at == samples->end() || at->time_ms != sample.time_ms) {
    samples->insert(at, sample);
    return true;
  }
  const bool changes = !codec::SameBits(at->value, sample.value);
  at->value = sample.value;
  return changes;
}

}  // namespace

void SeriesHead::Append(SeriesId id, Sample sample, HeadWriter& writer) {
  if (open_.count() > 0) {
    if (sample.time_ms > open_.last_ms()) {
      if (open_.count() < kOpenCount && FitsOneChunk(open_.start_ms(), sample.time_ms)) {
        open_.Append(sample.time_ms, sample.value);
        open_changed_ = true;
        return;
      }
      Seal(id, writer);
    } else if (sample.time_ms >= open_.start_ms()) {
      if (sample.time_ms == open_.last_ms() && codec::SameBits(sample.value, open_.last_value())) return;
      if (open_.count() < 2 * kOpenCount) {
        InsertIntoOpen(sample, writer);
        return;
      }
      // Each insertion unpacks the chunk: from here on the late buffer does it cheaper.
      Seal(id, writer);
    }
  }
  if (open_.count() == 0 && sample.time_ms > sealed_until_ms_) {
    open_sequence_ = writer.next_sequence++;
    open_.Append(sample.time_ms, sample.value);
    open_changed_ = true;
    return;
  }
  AppendLate(id, sample, writer);
}

void SeriesHead::InsertIntoOpen(Sample sample, HeadWriter& writer) {
  std::vector<Sample>& samples = writer.scratch;
  UnpackOpen(&samples);
  if (!InsertSorted(sample, &samples)) return;
  open_ = codec::XorAppender();
  for (const Sample& each : samples) open_.Append(each.time_ms, each.value);
  open_changed_ = true;
}

void SeriesHead::AppendLate(SeriesId id, Sample sample, HeadWriter& writer) {
  if (late_ != nullptr) {
    const std::vector<Sample>& samples = late_->samples;
    const int64_t start_ms = std::min(samples.front().time_ms, sample.time_ms);
    const int64_t end_ms = std::max(samples.back().time_ms, sample.time_ms);
    if (samples.size() >= kLateCount || !FitsOneChunk(start_ms, end_ms)) SealLate(id, writer);
  }
  if (late_ == nullptr) {
    late_ = std::make_unique<LateBuffer>();
    late_->sequence = writer.next_sequence++;
  }
  if (InsertSorted(sample, &late_->samples)) late_->changed = true;
}

void SeriesHead::Seal(SeriesId id, HeadWriter& writer) {
  SealOpen(id, writer);
  if (late_ != nullptr) SealLate(id, writer);
}

void SeriesHead::SealOpen(SeriesId id, HeadWriter& writer) {
  UnpackOpen(&writer.scratch);
  AddReady(id, open_sequence_, open_place_, writer.scratch, writer);
  sealed_until_ms_ = std::max(sealed_until_ms_, open_.last_ms());
  open_ = codec::XorAppender();
  open_place_ = Place();
  open_changed_ = false;
}

void SeriesHead::SealLate(SeriesId id, HeadWriter& writer) {
  AddReady(id, late_->sequence, late_->place, late_->samples, writer);
  late_.reset();
}

void SeriesHead::UnpackOpen(std::vector<Sample>* samples) const {
  std::string packed;
  open_.AppendTo(&packed);
  samples->clear();
  NINES_CHECK(codec::DecodeXor(open_.start_ms(), open_.count(), packed, samples));
}

void SeriesHead::AddReady(SeriesId id, uint64_t sequence, const Place& place, const std::vector<Sample>& samples,
                          HeadWriter& writer) {
  auto chunk = std::make_shared<ReadyChunk>();
  chunk->series = id;
  chunk->sequence = sequence;
  chunk->start_ms = samples.front().time_ms;
  chunk->end_ms = samples.back().time_ms;
  chunk->count = static_cast<uint32_t>(samples.size());
  chunk->key = ChunkKey{id, SpanClassOf(chunk->start_ms, chunk->end_ms), chunk->start_ms, sequence}.Encode();
  chunk->value = codec::EncodeChunk(chunk->key, samples);
  if (place.stored) {
    chunk->stale_key = ChunkKey{id, place.span, place.start_ms, sequence}.Encode();
    if (chunk->stale_key == chunk->key) chunk->stale_key.clear();
  }
  writer.ready_bytes += chunk->value.size();
  writer.ready.push_back(chunk);
  ready_.push_back(std::move(chunk));
}

void SeriesHead::Store(SeriesId id, uint64_t sequence, const std::vector<Sample>& samples, Place* place,
                       rocks::Batch& batch) {
  const Place now{true, SpanClassOf(samples.front().time_ms, samples.back().time_ms), samples.front().time_ms};
  if (place->stored && (place->span != now.span || place->start_ms != now.start_ms)) {
    batch.Delete(rocks::Family::kChunks, ChunkKey{id, place->span, place->start_ms, sequence}.Encode());
  }
  const std::string key = ChunkKey{id, now.span, now.start_ms, sequence}.Encode();
  batch.Put(rocks::Family::kChunks, key, codec::EncodeChunk(key, samples));
  *place = now;
}

int SeriesHead::StoreChanged(SeriesId id, HeadWriter& writer, rocks::Batch& batch) {
  int stored = 0;
  if (open_changed_) {
    UnpackOpen(&writer.scratch);
    Store(id, open_sequence_, writer.scratch, &open_place_, batch);
    open_changed_ = false;
    ++stored;
  }
  if (late_ != nullptr && late_->changed) {
    Store(id, late_->sequence, late_->samples, &late_->place, batch);
    late_->changed = false;
    ++stored;
  }
  return stored;
}

void SeriesHead::DropOldestReady() {
  NINES_CHECK(!ready_.empty());
  ready_.erase(ready_.begin());
}

void SeriesHead::View(int64_t start_ms, int64_t end_ms, HeadView* view) const {
  for (const auto& chunk : ready_) {
    view->sequences.push_back(chunk->sequence);
    if (chunk->start_ms > end_ms || chunk->end_ms < start_ms) continue;
    HeadView::Part& part = view->parts.emplace_back();
    part.sequence = chunk->sequence;
    part.ready = chunk;
  }
  if (late_ != nullptr) {
    view->sequences.push_back(late_->sequence);
    if (late_->samples.front().time_ms <= end_ms && late_->samples.back().time_ms >= start_ms) {
      HeadView::Part& part = view->parts.emplace_back();
      part.sequence = late_->sequence;
      part.samples = late_->samples;
    }
  }
  if (open_.count() == 0) return;
  view->sequences.push_back(open_sequence_);
  if (open_.start_ms() > end_ms || open_.last_ms() < start_ms) return;
  HeadView::Part& part = view->parts.emplace_back();
  part.sequence = open_sequence_;
  part.start_ms = open_.start_ms();
  part.count = open_.count();
  open_.AppendTo(&part.packed);
}

uint64_t SeriesHead::sample_count() const {
  uint64_t count = open_.count() + (late_ == nullptr ? 0 : late_->samples.size());
  for (const auto& chunk : ready_) count += chunk->count;
  return count;
}

uint64_t SeriesHead::memory_bytes() const {
  uint64_t bytes = sizeof(*this) - sizeof(open_) + open_.memory_bytes();
  if (late_ != nullptr) bytes += sizeof(*late_) + late_->samples.capacity() * sizeof(Sample);
  for (const auto& chunk : ready_) bytes += sizeof(*chunk) + chunk->value.capacity();
  return bytes;
}

}  // namespace nines::series
