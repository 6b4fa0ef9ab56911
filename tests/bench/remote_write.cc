#include <memory>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/commands.h"
#include "tests/bench/load_measure.h"
#include "tests/bench/ninesd_process.h"
#include "tests/bench/remote_write_sink.h"

namespace nines::bench {
namespace {

struct Flags {
  FleetFlags fleet;
  std::string url;
  PeerFlags peer;
  int connections = 4;
  int64_t samples_per_request = 10'000;
  std::string trace_file;
};

absl::Status RemoteWrite(const Flags& flags, Figures& figures) {
  NINES_ASSIGN_OR_RETURN(const FleetLoadOptions options, flags.fleet.Options());
  MeasureOptions measure{.pid = flags.peer.pid,
                         .data_dir = flags.peer.data_dir,
                         .trace_file = flags.trace_file,
                         .warmup_steps = flags.fleet.warmup_steps,
                         .steps = flags.fleet.samples_per_series};
  NINES_ASSIGN_OR_RETURN(measure.duration_s, flags.fleet.DurationSeconds());
  NINES_ASSIGN_OR_RETURN(const Url url, ParseUrl(flags.url));
  std::atomic<int64_t> acknowledged = 0;
  std::vector<std::unique_ptr<SampleSink>> sinks;
  for (int i = 0; i < flags.connections; ++i) {
    sinks.push_back(std::make_unique<RemoteWriteSink>(url, ProviderName(0), flags.samples_per_request, acknowledged));
  }
  FleetLoad load(options, std::move(sinks));
  figures.Add("series", options.series);
  figures.Add("connections", static_cast<int64_t>(flags.connections));
  figures.Add("start_ms", options.start_ms);
  NINES_RETURN_IF_ERROR(MeasureLoad(load, acknowledged, measure, figures));
  return flags.peer.Settle(acknowledged, figures);
}

}  // namespace

void AddRemoteWrite(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("remote-write", "The same fleet over Prometheus' remote_write 1.0");
  command->add_option("--url", flags->url, "http://HOST:PORT/PATH of the server")->required();
  flags->peer.AddTo(*command);
  flags->fleet.AddTo(*command);
  command->add_option("--connections", flags->connections, "Each sends an equal part of the VMs, a request at a time")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--samples-per-request", flags->samples_per_request, "At most")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--trace", flags->trace_file, "CSV of samples, CPU, memory and disk, a line a second");
  command->footer(
      "Example:\n"
      "  nines-bench remote-write --url http://127.0.0.1:9090/api/v1/write --pid $(pidof prometheus) --series 20000");
  command->callback([flags, &context] { context.Run([&](Figures& figures) { return RemoteWrite(*flags, figures); }); });
}

}  // namespace nines::bench
