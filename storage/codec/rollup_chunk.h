#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/codec/chunk.h"

namespace nines::codec {

// What is kept of the samples of one bucket of time that are numbers (not NaN).
enum class Aggregate : uint8_t { kMin, kMax, kSum, kCount, kFirst, kLast, kIncrease };
inline constexpr int kAggregateCount = 7;

// The buckets of one slot, in growing order of their starts. Borrows.
struct RollupColumn {
  uint32_t slot = 0;
  std::span<const int64_t> starts_ms;
  std::array<std::span<const double>, kAggregateCount> aggregates;
};

// kJoined packs each aggregate of all slots into one column: small for few buckets. kApart has one for each slot, so
// that one series is read without the others.
enum class RollupLayout : uint8_t { kJoined = 0, kApart = 1 };

// The value of a roll-up chunk that is stored under `key`. `columns` are in growing order of slots; there may be
// none, which says that there is no number. All slots together have at most kColumnValuesMax buckets with kJoined.
std::string EncodeRollupChunk(std::string_view key, std::span<const RollupColumn> columns, RollupLayout layout);

// In place of a roll-up chunk: that it is not stored, since samples so sparse are hardly larger than their roll-up.
std::string EncodeCalculatedRollup(std::string_view key);

// A roll-up chunk, still packed. Borrows the value. Thread-compatible.
class RollupChunkView {
 public:
  // Errors: DataLoss.
  static absl::StatusOr<RollupChunkView> Parse(std::string_view key, std::string_view value);

  // Whether it was written by EncodeCalculatedRollup(). Then it has no slots.
  bool calculated() const { return calculated_; }
  uint64_t slots() const { return slots_; }
  bool Has(uint32_t slot) const { return ((slots_ >> slot) & 1) != 0; }
  // Appends starts, or one aggregate, of a slot that it has. Errors: DataLoss.
  absl::Status Starts(uint32_t slot, std::vector<int64_t>* starts_ms) const;
  absl::Status Values(uint32_t slot, Aggregate aggregate, std::vector<double>* values);

 private:
  struct TimeColumn {
    uint32_t count = 0;
    std::string_view packed;
  };
  struct Place {
    uint32_t times = 0;
    uint32_t first = 0;                                    // buckets of the slots before it
    std::array<std::string_view, kAggregateCount> packed;  // with kApart
  };

  RollupChunkView() = default;

  bool calculated_ = false;
  RollupLayout layout_ = RollupLayout::kJoined;
  uint64_t slots_ = 0;
  uint32_t buckets_ = 0;  // of all slots
  std::vector<TimeColumn> times_;
  std::array<Place, kChunkSlots> places_;
  std::array<std::string_view, kAggregateCount> joined_;
  std::array<std::vector<double>, kAggregateCount> unpacked_;  // with kJoined, once it was asked for
};

}  // namespace nines::codec
