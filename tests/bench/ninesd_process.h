#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::bench {

struct NinesdOptions {
  std::string binary;
  std::filesystem::path data_dir;  // made if it is not there
  int providers = 1;               // "provider-1", …
  std::string grpc_listen = "127.0.0.1:0";
  std::string http_listen = "127.0.0.1:0";
  // Any times are taken: the load has simulated ones.
  std::string ingest = "{late_window: unlimited, ahead_window: unlimited, series_per_provider_max: 20000000}";
};

// A ninesd of our own on loopback, which ends with this process at the latest. Its config, catalogue and log stand
// beside the data directory, in files of its name with an ending. Confined to the main thread.
class NinesdProcess {
 public:
  // Returns once the process runs, which is before it is ready.
  static absl::StatusOr<std::unique_ptr<NinesdProcess>> Launch(const NinesdOptions& options);
  // Launches and waits until it is ready. Errors show the end of its log.
  static absl::StatusOr<std::unique_ptr<NinesdProcess>> Start(const NinesdOptions& options);
  ~NinesdProcess();  // kills it if it still runs

  pid_t pid() const { return pid_; }
  // Known once it is ready.
  const std::string& grpc_address() const { return grpc_address_; }
  const std::string& http_address() const { return http_address_; }

  absl::Status WaitUntilReady();
  // An error with the end of its log if it has ended by itself.
  absl::Status CheckRuns();
  // SIGTERM; an error unless it ends well.
  absl::Status Stop();
  // SIGKILL, and waits until it is gone.
  void Kill();
  // Of its whole life; known after Stop() or Kill().
  double cpu_s() const { return cpu_s_; }

 private:
  explicit NinesdProcess(std::filesystem::path data_dir) : data_dir_(std::move(data_dir)) {}
  absl::Status Spawn(const NinesdOptions& options);
  std::filesystem::path Beside(const char* ending) const { return data_dir_.string() + ending; }
  std::string LogEnd() const;
  // Waits for its end; its wait status.
  int Reap();

  const std::filesystem::path data_dir_;
  pid_t pid_ = 0;  // 0: not running
  std::string grpc_address_, http_address_;
  double cpu_s_ = 0;
};

// "provider-1" for 0.
std::string ProviderName(int provider);

}  // namespace nines::bench
