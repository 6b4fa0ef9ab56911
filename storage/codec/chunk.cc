#include "storage/codec/chunk.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "storage/codec/bytes.h"
#include "storage/codec/run_samples.h"

namespace nines::codec {
namespace {

constexpr uint8_t kVersion = 1;
// The second byte: how the samples are packed, and whether the summary is left out because all values are the same.
constexpr uint8_t kRuns = 1;
constexpr uint8_t kXor = 2;
constexpr uint8_t kEncodingMask = 0x0f;
constexpr uint8_t kOneValue = 0x80;

ChunkSummary Summarize(std::span<const Sample> samples) {
  ChunkSummary summary;
  summary.count = static_cast<uint32_t>(samples.size());
  summary.start_ms = samples.front().time_ms;
  summary.end_ms = samples.back().time_ms;
  summary.first = samples.front().value;
  summary.last = samples.back().value;
  for (const Sample& sample : samples) {
    if (std::isnan(sample.value)) continue;
    if (summary.numbers == 0) summary.smallest = summary.largest = sample.value;
    summary.smallest = std::min(summary.smallest, sample.value);
    summary.largest = std::max(summary.largest, sample.value);
    summary.sum += sample.value;
    ++summary.numbers;
  }
  if (summary.numbers == 0) {
    summary.smallest = summary.largest = summary.sum = std::numeric_limits<double>::quiet_NaN();
  }
  return summary;
}

bool HasOneValue(std::span<const Sample> samples) {
  return std::all_of(samples.begin(), samples.end(),
                     [&](const Sample& sample) { return SameBits(sample.value, samples.front().value); });
}

// The same additions as Summarize() makes, so that both give the same bits.
void FillFromOneValue(ChunkSummary* summary) {
  const double value = summary->first;
  summary->last = value;
  if (std::isnan(value)) {
    summary->smallest = summary->largest = summary->sum = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  summary->numbers = summary->count;
  summary->smallest = summary->largest = value;
  for (uint32_t i = 0; i < summary->count; ++i) summary->sum += value;
}

}  // namespace

std::string EncodeChunk(std::string_view key, std::span<const Sample> samples) {
  NINES_CHECK(!samples.empty() && samples.size() <= kChunkSamplesMax);
  XorAppender appender;
  for (const Sample& sample : samples) appender.Append(sample.time_ms, sample.value);
  std::string payload;
  const bool runs = EncodeRuns(samples, appender.size_bytes(), &payload);
  if (!runs) {
    payload.clear();
    appender.AppendTo(&payload);
  }

  const ChunkSummary summary = Summarize(samples);
  const bool one_value = HasOneValue(samples);
  std::string value;
  value.reserve(payload.size() + 64);
  AppendByte(kVersion, &value);
  AppendByte((runs ? kRuns : kXor) | (one_value ? kOneValue : 0), &value);
  AppendVarint(summary.count, &value);
  AppendVarint(static_cast<uint64_t>(summary.end_ms) - static_cast<uint64_t>(summary.start_ms), &value);
  AppendDouble(summary.first, &value);
  if (!one_value) {
    AppendDouble(summary.last, &value);
    AppendVarint(summary.numbers, &value);
    AppendDouble(summary.smallest, &value);
    AppendDouble(summary.largest, &value);
    AppendDouble(summary.sum, &value);
  }
  value.append(payload);
  AppendChecksum(key, &value);
  return value;
}

absl::StatusOr<ChunkView> ChunkView::Parse(std::string_view key, int64_t start_ms, std::string_view value) {
  const std::optional<std::string_view> body = StripChecksum(key, value);
  if (!body.has_value()) return absl::DataLossError("its checksum is wrong");
  ByteReader reader(*body);
  if (reader.Byte() != kVersion) return absl::DataLossError("its version is not known");
  const uint8_t form = reader.Byte();
  ChunkView view;
  view.encoding_ = form & kEncodingMask;
  ChunkSummary& summary = view.summary_;
  summary.count = static_cast<uint32_t>(reader.Varint(kChunkSamplesMax));
  summary.start_ms = start_ms;
  summary.end_ms = static_cast<int64_t>(static_cast<uint64_t>(start_ms) + reader.Varint());
  summary.first = reader.Double();
  if ((form & kOneValue) != 0) {
    FillFromOneValue(&summary);
  } else {
    summary.last = reader.Double();
    summary.numbers = static_cast<uint32_t>(reader.Varint(summary.count));
    summary.smallest = reader.Double();
    summary.largest = reader.Double();
    summary.sum = reader.Double();
  }
  if (!reader.ok() || summary.count == 0 || summary.end_ms < start_ms) {
    return absl::DataLossError("its header cannot be read");
  }
  if ((view.encoding_ != kRuns && view.encoding_ != kXor) || (form & ~(kEncodingMask | kOneValue)) != 0) {
    return absl::DataLossError("its encoding is not known");
  }
  view.payload_ = reader.rest();
  return view;
}

absl::Status ChunkView::Decode(std::vector<Sample>* samples) const {
  const size_t before = samples->size();
  const bool good = encoding_ == kRuns ? DecodeRuns(summary_.start_ms, summary_.count, payload_, samples)
                                       : DecodeXor(summary_.start_ms, summary_.count, payload_, samples);
  if (!good) return absl::DataLossError("its samples cannot be read");
  if (samples->back().time_ms != summary_.end_ms || !SameBits((*samples)[before].value, summary_.first) ||
      !SameBits(samples->back().value, summary_.last)) {
    return absl::DataLossError("its samples do not agree with its header");
  }
  return absl::OkStatus();
}

}  // namespace nines::codec
