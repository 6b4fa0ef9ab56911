#include "tests/bench/push_load.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/ninesd_process.h"

namespace nines::bench {

void PushFlags::AddTo(CLI::App& command) {
  const auto positive = CLI::Range(1, 10'000);
  command.add_option("--collectors", collectors, "Streams, each with an equal part of the VMs")
      ->capture_default_str()
      ->check(positive);
  command.add_option("--providers", providers, "Providers the collectors belong to in turn")
      ->capture_default_str()
      ->check(positive);
  command.add_option("--in-flight", in_flight_max, "Batches of a stream that may wait for their acknowledgement")
      ->capture_default_str()
      ->check(positive);
  command.add_option("--rows", rows_per_batch, "Rows a batch; a row is a VM's 20 series at one time")
      ->capture_default_str()
      ->check(positive);
}

absl::StatusOr<PushLoad> OpenPushLoad(const std::string& grpc_address, const PushFlags& flags,
                                      const FleetLoadOptions& options, std::atomic<int64_t>& acknowledged) {
  PushLoad load;
  std::vector<std::unique_ptr<SampleSink>> sinks;
  for (int i = 0; i < std::max(flags.collectors, flags.providers); ++i) {
    // A connection each, as different machines have: channels of one process would share one.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(grpc_address, grpc::InsecureChannelCredentials(), arguments);
    const PushOptions push{.collector_id = StrCat("bench-", i + 1),
                           .provider_id = ProviderName(i % flags.providers),
                           .in_flight_max = flags.in_flight_max,
                           .rows_per_batch = flags.rows_per_batch};
    NINES_ASSIGN_OR_RETURN(auto stream, PushStream::Open(channel, push, acknowledged));
    load.streams.push_back(stream.get());
    sinks.push_back(std::make_unique<PushSink>(std::move(stream), push.rows_per_batch));
  }
  load.load = std::make_unique<FleetLoad>(options, std::move(sinks));
  return load;
}

void AddLatencies(PushLoad& load, Figures& figures) {
  std::vector<float> all;
  for (PushStream* stream : load.streams) {
    const std::vector<float> some = stream->TakeLatencies();
    all.insert(all.end(), some.begin(), some.end());
  }
  if (all.empty()) return;
  std::sort(all.begin(), all.end());
  const auto at = [&](double share) {
    return 1e3 * all[static_cast<size_t>(share * static_cast<double>(all.size() - 1))];
  };
  figures.Add("ack_median_ms", at(0.5));
  figures.Add("ack_p99_ms", at(0.99));
  figures.Add("ack_max_ms", at(1));
}

}  // namespace nines::bench
