#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nines/v1/ingest.pb.h"

namespace nines::collector {

// Labels of a series, sorted by name; made once by a source and handed over by pointer ever after, so that a known
// series costs no label work.
using LabelSet = std::vector<std::pair<std::string, std::string>>;
using LabelSetPtr = std::shared_ptr<const LabelSet>;

struct RowSample {
  LabelSetPtr series;
  double value = 0;
};

// Where sources put what they gathered. What was added goes into the spool within a fraction of a second, in the order
// it was added. Confined to the agent's io_context.
class Recorder {
 public:
  virtual ~Recorder() = default;

  // One row: one timestamp for many series.
  virtual void AddRow(int64_t time_ms, std::span<const RowSample> samples) = 0;
  virtual void AddResult(std::string_view check, int64_t time_ms, v1::ResultState state) = 0;
  virtual void AddDeclaration(v1::Declaration declaration) = 0;
  virtual void AddMaintenance(v1::Maintenance maintenance) = 0;
  // Where the source stands once everything added so far is spooled; written together with it.
  virtual void SetCursor(const std::string& source, std::string cursor) = 0;
  // The cursor of the last run of this spool; empty = none.
  virtual std::string GetCursor(const std::string& source) const = 0;
  // Done once all that was added is in the spool. Waits while the spool is full and configured to wait; with
  // drop_oldest never waits. A source calls it at least once per thousand results or samples it adds in one run.
  virtual boost::asio::awaitable<absl::Status> Flush() = 0;
  // Done once the daemon has acknowledged all that was added so far; the facts that it refused and that were not added
  // again since, of all sources. A refusal without a reason: nobody knows what became of the fact (the connection broke
  // before the answer came, or a full spool dropped it); it is to be added again. Takes as long as the daemon is out of
  // reach. Cancelled when the agent stops.
  virtual boost::asio::awaitable<absl::StatusOr<std::vector<v1::Refusal>>> Acknowledged() = 0;
};

}  // namespace nines::collector
