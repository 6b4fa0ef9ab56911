#include "storage/series/series_reader.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "base/status_macros.h"
#include "base/text.h"
#include "storage/codec/chunk.h"
#include "storage/series/chunk_key.h"

namespace nines::series {

using codec::Sample;

struct SeriesReader::StoredChunk {
  ChunkKey key;
  codec::ChunkView view;
};

namespace {

constexpr int64_t kFirstMs = std::numeric_limits<int64_t>::min();

int64_t SaturatingSubtract(int64_t time_ms, int64_t by_ms) {
  return time_ms < kFirstMs + by_ms ? kFirstMs : time_ms - by_ms;
}

std::string StartKey(SeriesId series, SpanClass span, int64_t start_ms) {
  return ChunkKey{series, span, start_ms, 0}.Encode();
}

// Behind every chunk of the class.
std::string EndKey(SeriesId series, SpanClass span) {
  if (span == SpanClass::kShort) return StartKey(series, SpanClass::kLong, kFirstMs);
  return StartKey(SeriesId(series.value() + 1), SpanClass::kShort, kFirstMs);
}

std::string Where(const ChunkKey& key) {
  return StrCat("series ", key.series.value(), ", chunk from ", key.start_ms, " ms (sequence ", key.sequence, ")");
}

// The last sample of sorted `samples` before `time_ms`, or the first from it on.
std::optional<Sample> LastBeforeIn(const std::vector<Sample>& samples, int64_t time_ms) {
  auto at = std::lower_bound(samples.begin(), samples.end(), time_ms,
                             [](const Sample& sample, int64_t time) { return sample.time_ms < time; });
  if (at == samples.begin()) return std::nullopt;
  return *(at - 1);
}
std::optional<Sample> FirstFromIn(const std::vector<Sample>& samples, int64_t time_ms) {
  auto at = std::lower_bound(samples.begin(), samples.end(), time_ms,
                             [](const Sample& sample, int64_t time) { return sample.time_ms < time; });
  if (at == samples.end()) return std::nullopt;
  return *at;
}

void KeepLater(std::optional<Sample> sample, uint64_t sequence, std::optional<Candidate>* best) {
  if (!sample.has_value()) return;
  if (!best->has_value() || sample->time_ms > (*best)->sample.time_ms ||
      (sample->time_ms == (*best)->sample.time_ms && sequence > (*best)->sequence)) {
    *best = Candidate{*sample, sequence};
  }
}
void KeepEarlier(std::optional<Sample> sample, uint64_t sequence, std::optional<Candidate>* best) {
  if (!sample.has_value()) return;
  if (!best->has_value() || sample->time_ms < (*best)->sample.time_ms ||
      (sample->time_ms == (*best)->sample.time_ms && sequence > (*best)->sequence)) {
    *best = Candidate{*sample, sequence};
  }
}

std::optional<Sample> SampleOf(const std::optional<Candidate>& best) {
  if (!best.has_value()) return std::nullopt;
  return best->sample;
}

}  // namespace

bool SeriesReader::Counts(uint64_t sequence) const {
  return sequence < view_.sequence_limit &&
         std::find(view_.sequences.begin(), view_.sequences.end(), sequence) == view_.sequences.end();
}

absl::StatusOr<SeriesReader::StoredChunk> SeriesReader::ParseStored(std::string_view key,
                                                                    std::string_view value) const {
  const std::optional<ChunkKey> decoded = ChunkKey::Decode(key);
  if (!decoded.has_value()) {
    return absl::DataLossError(StrCat("series ", series_.value(), ": a chunk's key cannot be read"));
  }
  absl::StatusOr<codec::ChunkView> view = codec::ChunkView::Parse(key, decoded->start_ms, value);
  if (!view.ok()) return Annotate(view.status(), Where(*decoded));
  return StoredChunk{*decoded, *view};
}

absl::Status SeriesReader::Unpack(const StoredChunk& chunk, std::vector<Sample>* samples) const {
  samples->clear();
  return Annotate(chunk.view.Decode(samples), Where(chunk.key));
}

absl::Status SeriesReader::UnpackPart(const HeadView::Part& part, std::vector<Sample>* samples) const {
  samples->clear();
  if (part.ready != nullptr) {
    NINES_ASSIGN_OR_RETURN(StoredChunk chunk, ParseStored(part.ready->key, part.ready->value));
    return Unpack(chunk, samples);
  }
  if (part.packed.empty()) {
    *samples = part.samples;
    return absl::OkStatus();
  }
  if (codec::DecodeXor(part.start_ms, part.count, part.packed, samples)) return absl::OkStatus();
  return absl::InternalError(StrCat("series ", series_.value(), ": its open chunk cannot be read"));
}

void SeriesReader::Collect(uint64_t sequence, int64_t start_ms, int64_t end_ms) {
  for (const Sample& sample : scratch_) {
    if (sample.time_ms >= start_ms && sample.time_ms < end_ms) collected_.push_back({sample, sequence});
  }
}

absl::Status SeriesReader::CollectStored(SpanClass span, int64_t start_ms, int64_t end_ms) {
  absl::Status damage;
  auto visit = [&](std::string_view key, std::string_view value) {
    absl::StatusOr<StoredChunk> chunk = ParseStored(key, value);
    if (!chunk.ok()) {
      damage = chunk.status();
      return false;
    }
    if (chunk->view.summary().end_ms < start_ms || !Counts(chunk->key.sequence)) return true;
    damage = Unpack(*chunk, &scratch_);
    if (damage.ok()) Collect(chunk->key.sequence, start_ms, end_ms);
    return damage.ok();
  };
  const std::string from = StartKey(series_, span, SaturatingSubtract(start_ms, SpanMaxMs(span)));
  NINES_RETURN_IF_ERROR(database_.Scan(rocks::Family::kChunks, from, StartKey(series_, span, end_ms), visit));
  return damage;
}

absl::Status SeriesReader::Read(int64_t start_ms, int64_t end_ms, std::vector<Sample>* samples) {
  collected_.clear();
  for (SpanClass span : kSpanClasses) NINES_RETURN_IF_ERROR(CollectStored(span, start_ms, end_ms));
  for (const HeadView::Part& part : view_.parts) {
    NINES_RETURN_IF_ERROR(UnpackPart(part, &scratch_));
    Collect(part.sequence, start_ms, end_ms);
  }
  auto before = [](const Candidate& a, const Candidate& b) {
    return a.sample.time_ms != b.sample.time_ms ? a.sample.time_ms < b.sample.time_ms : a.sequence < b.sequence;
  };
  if (!std::is_sorted(collected_.begin(), collected_.end(), before)) {
    std::stable_sort(collected_.begin(), collected_.end(), before);
  }
  samples->reserve(samples->size() + collected_.size());
  for (size_t i = 0; i < collected_.size(); ++i) {
    const bool stands = i + 1 == collected_.size() || collected_[i + 1].sample.time_ms != collected_[i].sample.time_ms;
    if (stands) samples->push_back(collected_[i].sample);
  }
  return absl::OkStatus();
}

absl::Status SeriesReader::LastStored(SpanClass span, int64_t time_ms, std::optional<Candidate>* best) {
  absl::Status damage;
  auto visit = [&](std::string_view key, std::string_view value) {
    absl::StatusOr<StoredChunk> chunk = ParseStored(key, value);
    if (!chunk.ok()) {
      damage = chunk.status();
      return false;
    }
    // No chunk that starts still earlier reaches what is found already.
    if (best->has_value() && chunk->key.start_ms < SaturatingSubtract((*best)->sample.time_ms, SpanMaxMs(span))) {
      return false;
    }
    if (!Counts(chunk->key.sequence)) return true;
    const codec::ChunkSummary& summary = chunk->view.summary();
    if (summary.end_ms < time_ms) {
      KeepLater(Sample{summary.end_ms, summary.last}, chunk->key.sequence, best);
      return true;
    }
    damage = Unpack(*chunk, &scratch_);
    if (damage.ok()) KeepLater(LastBeforeIn(scratch_, time_ms), chunk->key.sequence, best);
    return damage.ok();
  };
  NINES_RETURN_IF_ERROR(database_.ScanBackwards(rocks::Family::kChunks, StartKey(series_, span, kFirstMs),
                                                StartKey(series_, span, time_ms), visit));
  return damage;
}

absl::StatusOr<std::optional<Sample>> SeriesReader::LastBefore(int64_t time_ms) {
  std::optional<Candidate> best;
  for (const HeadView::Part& part : view_.parts) {
    NINES_RETURN_IF_ERROR(UnpackPart(part, &scratch_));
    KeepLater(LastBeforeIn(scratch_, time_ms), part.sequence, &best);
  }
  for (SpanClass span : kSpanClasses) NINES_RETURN_IF_ERROR(LastStored(span, time_ms, &best));
  return SampleOf(best);
}

absl::Status SeriesReader::FirstStored(SpanClass span, int64_t time_ms, std::optional<Candidate>* best) {
  absl::Status damage;
  auto visit = [&](std::string_view key, std::string_view value) {
    absl::StatusOr<StoredChunk> chunk = ParseStored(key, value);
    if (!chunk.ok()) {
      damage = chunk.status();
      return false;
    }
    if (best->has_value() && chunk->key.start_ms > (*best)->sample.time_ms) return false;
    const codec::ChunkSummary& summary = chunk->view.summary();
    if (summary.end_ms < time_ms || !Counts(chunk->key.sequence)) return true;
    if (summary.start_ms >= time_ms) {
      KeepEarlier(Sample{summary.start_ms, summary.first}, chunk->key.sequence, best);
      return true;
    }
    damage = Unpack(*chunk, &scratch_);
    if (damage.ok()) KeepEarlier(FirstFromIn(scratch_, time_ms), chunk->key.sequence, best);
    return damage.ok();
  };
  const std::string from = StartKey(series_, span, SaturatingSubtract(time_ms, SpanMaxMs(span)));
  NINES_RETURN_IF_ERROR(database_.Scan(rocks::Family::kChunks, from, EndKey(series_, span), visit));
  return damage;
}

absl::StatusOr<std::optional<Sample>> SeriesReader::FirstFrom(int64_t time_ms) {
  std::optional<Candidate> best;
  for (const HeadView::Part& part : view_.parts) {
    NINES_RETURN_IF_ERROR(UnpackPart(part, &scratch_));
    KeepEarlier(FirstFromIn(scratch_, time_ms), part.sequence, &best);
  }
  for (SpanClass span : kSpanClasses) NINES_RETURN_IF_ERROR(FirstStored(span, time_ms, &best));
  return SampleOf(best);
}

}  // namespace nines::series
