#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "nines/v1/ingest.pb.h"

namespace nines::collector {

// Turns the numbers of spool segments into the numbers of one stream, and registers there only what the stream has not
// seen. One for each stream. Thread-compatible.
class StreamNumbering {
 public:
  // What follows is numbered from the start again.
  void StartSegment();
  // Takes the registrations of a batch, which may be one that is not sent, out of it.
  void Learn(v1::Batch* batch);
  // Rewrites a batch whose registrations were learnt. DataLoss: it names a number that was never registered.
  absl::Status Renumber(v1::Batch* batch);

  size_t series_count() const { return next_series_; }

 private:
  static constexpr uint32_t kUnknown = std::numeric_limits<uint32_t>::max();
  // From what is registered, as encoded, to its number in the stream.
  using Numbers = absl::node_hash_map<std::string, uint32_t>;
  using Entry = Numbers::value_type;

  absl::Status RenumberRow(v1::Row* row, v1::Batch* batch);

  Numbers series_, checks_;
  std::vector<Entry*> segment_series_, segment_checks_;
  uint32_t next_series_ = 0, next_check_ = 0;
};

}  // namespace nines::collector
