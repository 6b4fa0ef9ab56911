#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "nines/v1/query.grpc.pb.h"

namespace nines::bench {

struct QueryAnswer {
  int64_t series = 0;
  int64_t samples = 0;
  int64_t pages = 0;
};

// QueryService.QuerySeries of one daemon. Thread-compatible.
class SeriesQuery {
 public:
  static absl::StatusOr<SeriesQuery> Open(const std::string& grpc_address);

  // Everything of the series whose labels are equal to these, in [start_ms, end_ms), page after page.
  absl::StatusOr<QueryAnswer> Ask(const std::vector<std::pair<std::string, std::string>>& labels, int64_t start_ms,
                                  int64_t end_ms);

 private:
  explicit SeriesQuery(std::unique_ptr<v1::QueryService::Stub> stub) : stub_(std::move(stub)) {}

  std::unique_ptr<v1::QueryService::Stub> stub_;
  v1::QuerySeriesResponse response_;  // keeps its memory
};

}  // namespace nines::bench
