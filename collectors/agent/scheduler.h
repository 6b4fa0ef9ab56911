#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "collectors/agent/recorder.h"
#include "collectors/agent/signal.h"
#include "collectors/agent/source.h"

namespace nines::collector {

// kSpread: the first run comes somewhere within the first interval, always at the same place for the same name, so that
// a thousand sources do not all run in the same instant. kAtOnce: the first run comes at once.
enum class FirstRun { kSpread, kAtOnce };

// Runs each source on its own schedule, and never twice at a time: a run that takes too long makes the next ones fall
// out. Confined to the agent's io_context.
class Scheduler {
 public:
  // `on_error` is called for each run that failed.
  Scheduler(boost::asio::io_context& io, Recorder& recorder, const Clock& clock, std::function<void()> on_error);

  void Add(std::unique_ptr<Source> source, FirstRun first);

  // Starts what is due by the clock; how long until the next is.
  absl::Duration StartDue();
  // Calls StartDue() whenever it is time, until Stop() was called and all runs have ended. To be spawned once.
  boost::asio::awaitable<void> Run();
  // Starts nothing any more. The runs that are under way end by themselves: the recorder tells them, or their timeouts.
  void Stop();

  // Something ended.
  Signal& changed() { return changed_; }
  size_t running() const { return running_; }
  // Every source that was to run at once has been run to its end, or failed in its last run.
  bool AtEnd() const;
  // One of those failed in its last run.
  bool HasFailed() const;

 private:
  struct Job {
    std::unique_ptr<Source> source;
    absl::Duration due;
    uint64_t runs = 0;
    bool is_running = false;
    bool may_end = false;
    absl::Status last;
  };

  boost::asio::awaitable<void> RunOnce(Job& job);
  void LogOutcome(Job& job, const absl::Status& status);

  boost::asio::io_context& io_;
  Recorder& recorder_;
  const Clock& clock_;
  const std::function<void()> on_error_;
  Signal changed_;
  bool stopping_ = false;
  size_t running_ = 0;
  std::vector<std::unique_ptr<Job>> jobs_;
  using Due = std::pair<absl::Duration, size_t>;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> queue_;  // every job that is not running
};

}  // namespace nines::collector
