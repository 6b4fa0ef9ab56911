#pragma once

#include <sys/types.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/bench/figures.h"
#include "tests/bench/ninesd_process.h"
#include "tests/bench/temporary_folder.h"

namespace nines::bench {

// Of the daemon that takes the load: one of our own, or one that runs.
struct ServerFlags {
  std::string binary;
  std::string data_dir;
  std::string daemon;  // gRPC address; empty: start one
  pid_t pid = 0;

  void AddTo(CLI::App& command);
};

class Server {
 public:
  // With `providers` in the catalogue of one of our own.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const ServerFlags& flags, int providers);

  const std::string& grpc_address() const { return own_ ? own_->grpc_address() : flags_.daemon; }
  pid_t pid() const { return own_ ? own_->pid() : flags_.pid; }
  const std::filesystem::path& data_dir() const { return data_dir_; }
  // Waits until one of our own has merged what is due and reclaimed the disk that this freed.
  absl::Status Settle(Figures& figures);
  // Stops one of our own. Leaves any other alone.
  absl::Status Stop() { return own_ ? own_->Stop() : absl::OkStatus(); }
  // As above, and adds its CPU time and what is on disk then.
  absl::Status StopAndMeasure(int64_t samples, Figures& figures);

 private:
  explicit Server(const ServerFlags& flags) : flags_(flags), data_dir_(flags.data_dir) {}

  const ServerFlags flags_;
  std::unique_ptr<TemporaryFolder> folder_;
  std::filesystem::path data_dir_;
  std::unique_ptr<NinesdProcess> own_;
};

}  // namespace nines::bench
