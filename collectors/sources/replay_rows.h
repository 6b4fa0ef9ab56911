#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/agent/recorder.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

// The names of a CSV file's header line.
using CsvHeader = std::vector<std::string>;
using CsvFields = std::vector<std::string_view>;

// What the rows of a replayed file mean. Thread-compatible.
class ReplayRows {
 public:
  virtual ~ReplayRows() = default;
  // Begins a file. An error names the column that is missing.
  virtual absl::Status Begin(const CsvHeader& header) = 0;
  // Looks at a row that was recorded by an earlier run.
  virtual void Pass(const CsvFields& fields) = 0;
  // One row, with as many fields as the header. An error says what is wrong with it; then nothing of it is recorded.
  virtual absl::Status Take(int64_t time_ms, const CsvFields& fields, Recorder& recorder) = 0;
  // Records what Take() has kept back to join it with the next row.
  virtual void Finish(Recorder& recorder) = 0;
};

// Errors name the field of the config.
absl::StatusOr<std::unique_ptr<ReplayRows>> MakeReplayRows(const v1::ReplaySource& config);

// Where a column is; NotFound names it, the nearest one there is, and the ones there are.
absl::StatusOr<size_t> FindColumn(const CsvHeader& header, std::string_view name);

}  // namespace nines::collector
