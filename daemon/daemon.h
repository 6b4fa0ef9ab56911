#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "daemon/config/config.h"

namespace nines {

// ninesd: puts the parts together. Create() and Run() on one thread; Stop() from any.
class Daemon {
 public:
  struct Options {
    config::Overrides overrides;  // of the command line; they also stand when the config is read again
    // Gets "grpc=HOST:PORT\nhttp=HOST:PORT\n" in one go once the daemon is ready. Empty: none.
    std::string port_file;
  };

  // Opens everything, from the disk up; on return both servers answer. Errors say what to do: a data directory that is
  // in use, an address that is taken, a catalogue file with mistakes.
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(const config::DaemonConfig& config, const Clock& clock,
                                                        const Options& options);
  ~Daemon();

  // Until SIGTERM, SIGINT or Stop(); then ends streams and requests within a few seconds, and closes the storage.
  // SIGHUP reads config and catalogue files again; wrong ones change nothing.
  absl::Status Run();
  void Stop();

  const std::string& grpc_address() const;
  const std::string& http_address() const;

 private:
  class Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines
