#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/interval.h"
#include "storage/rocks/database.h"
#include "storage/series/block_reader.h"
#include "storage/series/rollup.h"

namespace nines::series {

// A set of aggregates, one bit each.
using AggregateSet = uint8_t;
constexpr AggregateSet SetOf(codec::Aggregate aggregate) {
  return static_cast<AggregateSet>(1 << static_cast<int>(aggregate));
}
inline constexpr AggregateSet kAllAggregates = (1 << codec::kAggregateCount) - 1;

inline rocks::Family RollupFamily(Resolution resolution) {
  return resolution == Resolution::kHour ? rocks::Family::kHours : rocks::Family::kFiveMinutes;
}

// Roll-ups of one block. What is stored is read; windows that are not merged yet are calculated from their samples, and
// so are hours of sparse series, and five-minute buckets, as long as the samples are there: those are stored only when
// the samples are dropped. Thread-compatible.
class RollupReader {
 public:
  using Columns = std::array<Rollup, kBlockSeries>;

  // `raw_from_ms`: samples before it are dropped, or about to be.
  RollupReader(const rocks::Database& database, const Grid& grid, const Blocks& blocks, int64_t raw_from_ms)
      : database_(database),
        grid_(grid),
        blocks_(blocks),
        raw_from_ms_(raw_from_ms),
        samples_(database, grid, blocks) {}

  void SetRawFrom(int64_t raw_from_ms) { raw_from_ms_ = raw_from_ms; }

  // Fills `columns` for `slots` with the buckets that start in `span`, and of those the aggregates of `set`.
  absl::Status Read(uint32_t block, uint64_t slots, Interval span, Resolution resolution, AggregateSet set,
                    Columns* columns);
  // Only what is stored. Appends, unsorted; to `calculated` the parts that are said not to be.
  absl::Status ReadStored(uint32_t block, uint64_t slots, Interval span, Resolution resolution, AggregateSet set,
                          Columns* columns, std::vector<Interval>* calculated);

 private:
  // Appends what a chunk has in these spans, or the spans to `calculated`.
  absl::Status AddChunk(std::string_view key, std::string_view value, uint32_t block, uint64_t slots,
                        std::span<const Interval> spans, AggregateSet set, Columns* columns,
                        std::vector<Interval>* calculated);
  absl::Status Calculate(uint32_t block, uint64_t slots, Interval span, Resolution resolution, AggregateSet set,
                         Columns* columns);
  // The partitions in which these series have samples.
  Interval Known(uint32_t block, uint64_t slots) const;
  // Parts of `span` whose buckets must be calculated, in order.
  std::vector<Interval> NotStored(uint32_t block, Interval span, Resolution resolution) const;

  const rocks::Database& database_;
  const Grid grid_;
  const Blocks& blocks_;
  int64_t raw_from_ms_;
  BlockReader samples_;
  BlockSamples scratch_;
  std::vector<int64_t> starts_;
  std::vector<double> values_;
};

}  // namespace nines::series
