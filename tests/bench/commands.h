#pragma once

#include <sys/types.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/figures.h"
#include "tests/bench/fleet_load.h"

namespace nines::bench {

// What all commands share: how figures are printed, and whether it went well.
struct Context {
  bool json = false;
  int exit_code = 0;

  // Prints the figures, or on standard error what went wrong; what was measured until then is printed all the same.
  void Run(const std::function<absl::Status(Figures&)>& work);
};

// Flags of a fleet and its simulated time.
struct FleetFlags {
  int64_t series = 300'000;
  uint64_t seed = 1;
  std::string interval = "15s";
  int64_t samples_per_series = 240;
  std::string duration;  // wall time, instead of samples_per_series
  std::string start;     // milliseconds since 1970 or a span before now; default: so that the last sample is about now
  int64_t warmup_steps = 2;
  double samples_per_s = 0;

  void AddTo(CLI::App& command);
  // Checked, with the start worked out.
  absl::StatusOr<FleetLoadOptions> Options() const;
  // 0 without `duration`.
  absl::StatusOr<double> DurationSeconds() const;
};

// Of a server that runs and is not ours.
struct PeerFlags {
  pid_t pid = 0;
  std::string data_dir;
  std::string flush_url;  // asked with POST after the load, so that what it holds in memory goes to disk
  std::string settle = "0s";

  void AddTo(CLI::App& command);
  // Asks it to flush, gives it time, and adds what is on disk then, where any of it was wanted.
  absl::Status Settle(int64_t samples, Figures& figures) const;
};

// Milliseconds since 1970, or "30m" before now.
absl::StatusOr<int64_t> ParseTimeMs(const std::string& text);

// Each adds one command to `app`; its callback runs it.
void AddIngest(CLI::App& app, Context& context);
void AddRemoteWrite(CLI::App& app, Context& context);
void AddBitbrains(CLI::App& app, Context& context);
void AddRestart(CLI::App& app, Context& context);
void AddQuery(CLI::App& app, Context& context);

// The path of a program that was built beside this one.
std::string BesideThis(const char* program);

}  // namespace nines::bench
