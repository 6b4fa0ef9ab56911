#pragma once

namespace nines {

// SIGTERM, SIGINT and SIGHUP as something to wait for. Create it before any other thread, so that all threads inherit
// the mask. After the first kStop, SIGTERM and SIGINT are the system's again: a second one ends the process at once.
// Thread-safe.
class Signals {
 public:
  enum class Event { kStop, kReload };

  Signals();
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  Event Wait();
  // As a SIGTERM would.
  void RequestStop();

 private:
  int signal_fd_;
  int stop_fd_;
};

}  // namespace nines
