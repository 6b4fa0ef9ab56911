#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/codec/xor_samples.h"

namespace nines::codec {

// More samples than this are not in one chunk, so that a damaged count cannot ask for much memory.
inline constexpr uint32_t kChunkSamplesMax = 1 << 14;

// What is known of a chunk without unpacking it. `numbers` counts the samples that are not NaN; smallest, largest and
// sum are over these, and NaN where there is none.
struct ChunkSummary {
  uint32_t count = 0;
  uint32_t numbers = 0;
  int64_t start_ms = 0;
  int64_t end_ms = 0;  // time of the last sample
  double smallest = 0;
  double largest = 0;
  double sum = 0;
  double first = 0;
  double last = 0;
};

// The value of a chunk that is stored under `key`: 1 to kChunkSamplesMax samples in growing order of time, in the
// smaller of the two encodings.
std::string EncodeChunk(std::string_view key, std::span<const Sample> samples);

// A chunk's summary, and its samples still packed. Borrows the value.
class ChunkView {
 public:
  // `start_ms` comes from the key. Errors: DataLoss.
  static absl::StatusOr<ChunkView> Parse(std::string_view key, int64_t start_ms, std::string_view value);

  const ChunkSummary& summary() const { return summary_; }
  // Appends the samples. Errors: DataLoss; `samples` then has some of them or none.
  absl::Status Decode(std::vector<Sample>* samples) const;

 private:
  ChunkView() = default;

  ChunkSummary summary_;
  uint8_t encoding_ = 0;
  std::string_view payload_;
};

}  // namespace nines::codec
