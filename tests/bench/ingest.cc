#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/commands.h"
#include "tests/bench/load_measure.h"
#include "tests/bench/push_load.h"
#include "tests/bench/server.h"

namespace nines::bench {
namespace {

struct Flags {
  FleetFlags fleet;
  PushFlags push;
  ServerFlags server;
  std::string trace_file;
};

absl::Status Ingest(const Flags& flags, Figures& figures) {
  NINES_ASSIGN_OR_RETURN(const FleetLoadOptions options, flags.fleet.Options());
  MeasureOptions measure{.pid = 0,
                         .data_dir = {},
                         .trace_file = flags.trace_file,
                         .warmup_steps = flags.fleet.warmup_steps,
                         .steps = flags.fleet.samples_per_series};
  NINES_ASSIGN_OR_RETURN(measure.duration_s, flags.fleet.DurationSeconds());
  NINES_ASSIGN_OR_RETURN(const auto server, Server::Create(flags.server, flags.push.providers));
  measure.pid = server->pid();
  measure.data_dir = server->data_dir();

  std::atomic<int64_t> acknowledged = 0;
  {
    NINES_ASSIGN_OR_RETURN(PushLoad load, OpenPushLoad(server->grpc_address(), flags.push, options, acknowledged));
    figures.Add("series", options.series);
    figures.Add("streams", static_cast<int64_t>(load.streams.size()));
    figures.Add("start_ms", options.start_ms);
    NINES_RETURN_IF_ERROR(MeasureLoad(*load.load, acknowledged, measure, figures));
    AddLatencies(load, figures);
  }
  NINES_RETURN_IF_ERROR(server->Settle(figures));
  return server->StopAndMeasure(acknowledged, figures);
}

}  // namespace

void AddIngest(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("ingest", "A fleet of VMs over gRPC, as collectors send it");
  flags->fleet.AddTo(*command);
  flags->push.AddTo(*command);
  flags->server.AddTo(*command);
  command->add_option("--trace", flags->trace_file, "CSV of samples, CPU, memory and disk, a line a second");
  command->footer(
      "Example, ten minutes of load with its memory second by second:\n"
      "  nines-bench ingest --series 300000 --duration 10m --trace trace.csv");
  command->callback([flags, &context] { context.Run([&](Figures& figures) { return Ingest(*flags, figures); }); });
}

}  // namespace nines::bench
