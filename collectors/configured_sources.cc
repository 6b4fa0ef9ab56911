#include "collectors/configured_sources.h"

#include <utility>

#include "base/status_macros.h"
#include "base/text.h"

namespace nines::collector {

absl::StatusOr<std::vector<ConfiguredSource>> MakeSources(const v1::CollectorConfig& config,
                                                          const SourceContext& context) {
  std::vector<ConfiguredSource> all;
  for (const v1::SourceConfig& entry : config.sources()) {
    absl::StatusOr<std::vector<std::unique_ptr<Source>>> sources;
    FirstRun first_run = FirstRun::kSpread;
    switch (entry.kind_case()) {
      case v1::SourceConfig::kScrape:
        sources = MakeScrapeSources(entry, context);
        break;
      case v1::SourceConfig::kProbe:
        sources = MakeProbeSources(entry, context);
        break;
      case v1::SourceConfig::kReplay:
        sources = MakeReplaySources(entry, context);
        first_run = FirstRun::kAtOnce;
        break;
      case v1::SourceConfig::kDrop:
        sources = MakeDropSources(entry, context);
        first_run = FirstRun::kAtOnce;
        break;
      case v1::SourceConfig::KIND_NOT_SET:
        sources = absl::InvalidArgumentError("say what it is: scrape, probe, replay or drop");
        break;
    }
    if (!sources.ok()) return Annotate(sources.status(), StrCat("sources: ", entry.name()));
    for (std::unique_ptr<Source>& source : *sources) all.push_back({std::move(source), first_run});
  }
  return all;
}

}  // namespace nines::collector
