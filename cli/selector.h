#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "nines/v1/query.pb.h"

namespace nines::cli {

// A PromQL vector selector: up, up{job="node",instance!~"10\\..*"} or {__name__=~"node_.*"}. Errors name the column.
absl::StatusOr<std::vector<v1::Matcher>> ParseSelector(std::string_view text);

}  // namespace nines::cli
