#include "storage/codec/run_samples.h"

#include "storage/codec/bytes.h"

namespace nines::codec {
namespace {

uint64_t StepBefore(std::span<const Sample> samples, size_t i) {
  return static_cast<uint64_t>(samples[i].time_ms) - static_cast<uint64_t>(samples[i - 1].time_ms);
}

}  // namespace

bool EncodeRuns(std::span<const Sample> samples, size_t limit_bytes, std::string* payload) {
  for (size_t i = 1; i < samples.size();) {
    const uint64_t step_ms = StepBefore(samples, i);
    size_t end = i + 1;
    while (end < samples.size() && StepBefore(samples, end) == step_ms) ++end;
    AppendVarint(end - i, payload);
    AppendVarint(step_ms, payload);
    if (payload->size() >= limit_bytes) return false;
    i = end;
  }
  for (size_t i = 0; i < samples.size();) {
    size_t end = i + 1;
    while (end < samples.size() && SameBits(samples[end].value, samples[i].value)) ++end;
    AppendVarint(end - i, payload);
    AppendDouble(samples[i].value, payload);
    if (payload->size() >= limit_bytes) return false;
    i = end;
  }
  return true;
}

bool DecodeRuns(int64_t start_ms, uint32_t count, std::string_view payload, std::vector<Sample>* samples) {
  if (count == 0) return payload.empty();
  ByteReader reader(payload);
  const size_t first = samples->size();
  samples->reserve(first + count);
  samples->push_back({start_ms, 0});
  int64_t time_ms = start_ms;
  for (uint32_t have = 1; have < count;) {
    const uint64_t run = reader.Varint(count - have);
    const uint64_t step_ms = reader.Varint();
    if (run == 0 || !reader.ok()) return false;
    for (uint64_t i = 0; i < run; ++i) {
      const int64_t next_ms = static_cast<int64_t>(static_cast<uint64_t>(time_ms) + step_ms);
      if (next_ms <= time_ms) return false;
      time_ms = next_ms;
      samples->push_back({time_ms, 0});
    }
    have += static_cast<uint32_t>(run);
  }
  for (uint32_t have = 0; have < count;) {
    const uint64_t run = reader.Varint(count - have);
    const double value = reader.Double();
    if (run == 0 || !reader.ok()) return false;
    for (uint64_t i = 0; i < run; ++i) (*samples)[first + have + i].value = value;
    have += static_cast<uint32_t>(run);
  }
  return reader.AtEnd();
}

}  // namespace nines::codec
