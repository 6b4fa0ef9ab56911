#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/agent/scheduler.h"
#include "collectors/agent/source.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

struct ConfiguredSource {
  std::unique_ptr<Source> source;
  FirstRun first_run;
};
// The sources of all entries.
absl::StatusOr<std::vector<ConfiguredSource>> MakeSources(const v1::CollectorConfig& config,
                                                          const SourceContext& context);

}  // namespace nines::collector
