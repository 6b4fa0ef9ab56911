#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

// A collector's config, checked, with its defaults filled in and its paths made relative to the working directory.
// Errors are InvalidArgument, one mistake a line: "FILE:LINE:COLUMN: what is wrong and what to do".
absl::StatusOr<v1::CollectorConfig> LoadCollectorConfig(const std::string& path);

}  // namespace nines::collector
