#pragma once

#include "absl/status/status.h"
#include "nines/v1/query.pb.h"
#include "storage/series/store.h"

namespace nines::rpc {

// QueryService without its transport. Thread-safe.
class QueryHandler {
 public:
  explicit QueryHandler(const series::Store& store) : store_(store) {}

  absl::Status QuerySeries(const v1::QuerySeriesRequest& request, v1::QuerySeriesResponse* response);
  absl::Status QueryRollups(const v1::QueryRollupsRequest& request, v1::QueryRollupsResponse* response);
  absl::Status ListSeries(const v1::ListSeriesRequest& request, v1::ListSeriesResponse* response);

 private:
  const series::Store& store_;
};

}  // namespace nines::rpc
