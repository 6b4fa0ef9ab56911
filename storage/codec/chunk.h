#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/codec/value_column.h"

namespace nines::codec {

// A chunk holds samples of up to 64 series, one a slot.
inline constexpr uint32_t kChunkSlots = 64;
// More samples of one slot are not in one chunk.
inline constexpr uint32_t kSlotSamplesMax = 1 << 14;

// The samples of one slot: 1 to kSlotSamplesMax, in strictly growing order of time. Borrows.
struct SlotColumn {
  uint32_t slot = 0;
  std::span<const int64_t> times_ms;
  std::span<const double> values;
};

// The value of a chunk that is stored under `key`. `columns` has at least one, in growing order of slots. Series with
// the same times share them.
std::string EncodeChunk(std::string_view key, std::span<const SlotColumn> columns, Effort effort);

// A chunk whose samples are still packed, apart from the times that were asked for. Borrows the value. Thread-compatible.
class ChunkView {
 public:
  // Errors: DataLoss.
  static absl::StatusOr<ChunkView> Parse(std::string_view key, std::string_view value);

  uint64_t slots() const { return slots_; }  // one bit each
  bool Has(uint32_t slot) const { return ((slots_ >> slot) & 1) != 0; }
  // Of a slot that it has.
  uint32_t count(uint32_t slot) const { return times_[places_[slot].times].count; }

  // Times of a slot that it has, valid until the view is gone. Errors: DataLoss.
  absl::StatusOr<std::span<const int64_t>> Times(uint32_t slot);
  // Its values, as many. Room for count(slot). Errors: DataLoss.
  absl::Status Values(uint32_t slot, double* values) const;

 private:
  struct TimeColumn {
    uint32_t count = 0;
    std::string_view packed;
    std::vector<int64_t> unpacked;  // once it was asked for
  };
  struct Place {
    uint32_t times = 0;  // index
    std::string_view values;
  };

  ChunkView() = default;

  uint64_t slots_ = 0;
  std::vector<TimeColumn> times_;
  std::array<Place, kChunkSlots> places_;
};

}  // namespace nines::codec
