#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/agent/scheduler.h"
#include "collectors/agent/source.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

// A collector's config, checked, with its defaults filled in and its paths made relative to the working directory.
// Errors are InvalidArgument, one mistake a line: "FILE:LINE:COLUMN: what is wrong and what to do".
absl::StatusOr<v1::CollectorConfig> LoadCollectorConfig(const std::string& path);

struct ConfiguredSource {
  std::unique_ptr<Source> source;
  FirstRun first_run;
};
// The sources of all entries.
absl::StatusOr<std::vector<ConfiguredSource>> MakeSources(const v1::CollectorConfig& config,
                                                          const SourceContext& context);

}  // namespace nines::collector
