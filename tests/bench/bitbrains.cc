#include <memory>
#include <utility>

#include "base/clock.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/bitbrains_trace.h"
#include "tests/bench/commands.h"
#include "tests/bench/load_measure.h"
#include "tests/bench/ninesd_process.h"
#include "tests/bench/process_usage.h"
#include "tests/bench/push_sink.h"
#include "tests/bench/remote_write_sink.h"
#include "tests/bench/server.h"
#include "wire/channel.h"

namespace nines::bench {
namespace {

struct Flags {
  std::string file;
  bool shift_to_now = false;
  std::string url;  // of remote_write; empty: push to ninesd
  PeerFlags peer;
  ServerFlags server;
};

constexpr int kRowsPerBatch = 500;

absl::Status Send(const BitbrainsTrace& trace, int64_t shift_ms, SampleSink& sink) {
  constexpr auto kColumns = static_cast<int64_t>(kBitbrainsColumns.size());
  NINES_RETURN_IF_ERROR(sink.Register(static_cast<int64_t>(trace.vms.size()) * kColumns,
                                      [&](int64_t series) { return trace.LabelsOf(series); }));
  for (const BitbrainsTrace::Row& row : trace.rows) {
    NINES_RETURN_IF_ERROR(sink.Add(row.time_ms + shift_ms, row.vm * kColumns, row.values));
  }
  NINES_RETURN_IF_ERROR(sink.Flush());
  return sink.Drain();
}

// Sends all, and adds what it took; `pid` and `data_dir` of the server, where they are known.
absl::Status SendAndMeasure(const BitbrainsTrace& trace, int64_t shift_ms, SampleSink& sink, pid_t pid,
                            const std::filesystem::path& data_dir, const std::atomic<int64_t>& acknowledged,
                            Figures& figures) {
  const double start_s = WallSeconds();
  NINES_RETURN_IF_ERROR(Send(trace, shift_ms, sink));
  figures.Add("vms", static_cast<int64_t>(trace.vms.size()));
  figures.Add("rows", static_cast<int64_t>(trace.rows.size()));
  figures.Add("duplicate_rows", trace.duplicates);
  figures.Add("samples_acknowledged", acknowledged.load());
  figures.Add("wall_s", WallSeconds() - start_s);
  if (pid != 0) {
    NINES_ASSIGN_OR_RETURN(const ProcessUsage usage, ReadProcessUsage(pid));
    figures.Add("server_cpu_whole_s", usage.cpu_s);
    figures.Add("rss_peak_bytes", usage.resident_peak_bytes);
  }
  if (!data_dir.empty()) AddDiskFigures("running", data_dir, acknowledged, figures);
  return absl::OkStatus();
}

absl::Status Bitbrains(const Flags& flags, Figures& figures) {
  NINES_ASSIGN_OR_RETURN(const BitbrainsTrace trace, ReadBitbrains(flags.file));
  if (trace.rows.empty()) return absl::InvalidArgumentError(StrCat(flags.file, ": there are no rows"));
  const int64_t shift_ms = flags.shift_to_now ? SystemClock().NowMs() - trace.rows.back().time_ms : 0;
  std::atomic<int64_t> acknowledged = 0;
  if (!flags.url.empty()) {
    NINES_ASSIGN_OR_RETURN(const Url url, ParseUrl(flags.url));
    RemoteWriteSink sink(url, ProviderName(0), kRowsPerBatch * 20, acknowledged);
    NINES_RETURN_IF_ERROR(
        SendAndMeasure(trace, shift_ms, sink, flags.peer.pid, flags.peer.data_dir, acknowledged, figures));
    return flags.peer.Settle(acknowledged, figures);
  }
  NINES_ASSIGN_OR_RETURN(const auto server, Server::Create(flags.server, 1));
  {
    NINES_ASSIGN_OR_RETURN(const auto channel, wire::Connect(server->grpc_address(), {}));
    NINES_ASSIGN_OR_RETURN(
        auto stream,
        PushStream::Open(channel, {.collector_id = "bitbrains", .provider_id = ProviderName(0)}, acknowledged));
    PushSink sink(std::move(stream), kRowsPerBatch);
    NINES_RETURN_IF_ERROR(
        SendAndMeasure(trace, shift_ms, sink, server->pid(), server->data_dir(), acknowledged, figures));
  }
  NINES_RETURN_IF_ERROR(server->Settle(figures));
  return server->StopAndMeasure(acknowledged, figures);
}

}  // namespace

void AddBitbrains(CLI::App& app, Context& context) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("bitbrains", "A trace of real VMs, in the order of time, to ninesd or a peer");
  command->add_option("--file", flags->file, "CSV of the trace, plain, .gz or .xz")->required();
  command->add_flag("--shift-to-now", flags->shift_to_now, "Move all times so that the last sample is about now");
  CLI::Option* url = command->add_option("--url", flags->url, "Send by remote_write to this URL instead");
  flags->server.AddTo(*command);
  command
      ->add_option("--flush-url", flags->peer.flush_url,
                   "POST there once everything is sent, before the bytes are counted again")
      ->needs(url);
  command->add_option("--settle", flags->peer.settle, "With --url: wait so long before the bytes are counted again")
      ->capture_default_str();
  command->footer(
      "Example:\n"
      "  nines-bench bitbrains --file bitbrains_rnd.csv.xz");
  command->callback([flags, &context] {
    flags->peer.pid = flags->server.pid;
    flags->peer.data_dir = flags->server.data_dir;
    context.Run([&](Figures& figures) { return Bitbrains(*flags, figures); });
  });
}

}  // namespace nines::bench
