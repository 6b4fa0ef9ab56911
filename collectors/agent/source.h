#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "collectors/agent/recorder.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

// One thing that is gathered on a schedule of its own: a URL that is scraped, an address that is probed, a set of
// files, a folder. Confined to the agent's io_context; nothing in it blocks for longer than a few milliseconds.
class Source {
 public:
  virtual ~Source() = default;

  // For logs and metrics: the config's source name, and what of it ("nodes", "http://127.0.0.1:9100/metrics").
  virtual const std::string& name() const = 0;
  virtual const std::string& item() const = 0;
  virtual absl::Duration interval() const = 0;
  // One run. Adds what it gathered to `recorder`. An error is logged and counted; the next run comes all the same.
  // A source bounds its own time by its timeout, and adds the failure as a result (down) where that is what it means.
  virtual boost::asio::awaitable<absl::Status> Run(Recorder& recorder) = 0;
  // Nothing is left to do as far as the last run saw; what is gathered for ever is always at its end.
  virtual bool AtEnd() const { return true; }
};

struct SourceContext {
  boost::asio::io_context& io;
  const Clock& clock;
  std::filesystem::path config_dir;  // relative paths in the config are relative to this
};

// All sources that one entry of the config stands for. Errors name the field and what to do.
absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeScrapeSources(const v1::SourceConfig&, const SourceContext&);
absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeProbeSources(const v1::SourceConfig&, const SourceContext&);
absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeReplaySources(const v1::SourceConfig&, const SourceContext&);
absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeDropSources(const v1::SourceConfig&, const SourceContext&);

}  // namespace nines::collector
