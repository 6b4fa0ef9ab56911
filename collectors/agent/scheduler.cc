#include "collectors/agent/scheduler.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>

#include "base/crc32c.h"
#include "base/text.h"

namespace nines::collector {

Scheduler::Scheduler(boost::asio::io_context& io, Recorder& recorder, const Clock& clock,
                     std::function<void()> on_error)
    : io_(io), recorder_(recorder), clock_(clock), on_error_(std::move(on_error)), changed_(io) {}

void Scheduler::Add(std::unique_ptr<Source> source, FirstRun first) {
  auto job = std::make_unique<Job>();
  job->due = clock_.Monotonic();
  if (first == FirstRun::kSpread) {
    const uint32_t hash = Crc32c(StrCat(source->name(), "\n", source->item()));
    job->due += source->interval() * (static_cast<double>(hash) / 4294967296.0);
  }
  job->may_end = first == FirstRun::kAtOnce;
  job->source = std::move(source);
  queue_.push({job->due, jobs_.size()});
  jobs_.push_back(std::move(job));
  changed_.Notify();
}

absl::Duration Scheduler::StartDue() {
  const absl::Duration now = clock_.Monotonic();
  while (!stopping_ && !queue_.empty() && queue_.top().first <= now) {
    const size_t index = queue_.top().second;
    queue_.pop();
    Job& job = *jobs_[index];
    job.is_running = true;
    ++running_;
    boost::asio::co_spawn(io_, RunOnce(job), [this, index](std::exception_ptr) {
      Job& ended = *jobs_[index];
      ended.is_running = false;
      --running_;
      queue_.push({ended.due, index});
      changed_.Notify();
    });
  }
  return queue_.empty() ? absl::InfiniteDuration() : queue_.top().first - now;
}

boost::asio::awaitable<void> Scheduler::RunOnce(Job& job) {
  absl::Status status;
  try {
    status = co_await job.source->Run(recorder_);
  } catch (const std::exception& error) {
    status = absl::InternalError(error.what());
  }
  // A source that adds a little only would never notice a full spool by itself.
  if (!stopping_ && !absl::IsCancelled(status)) {
    const absl::Status flushed = co_await recorder_.Flush();
    if (status.ok()) status = flushed;
  }
  ++job.runs;
  LogOutcome(job, status);
  const absl::Duration interval = std::max(job.source->interval(), absl::Milliseconds(1));
  absl::Duration rest;
  const int64_t missed = absl::IDivDuration(clock_.Monotonic() - job.due, interval, &rest);
  job.due += interval * (missed + 1);
}

void Scheduler::LogOutcome(Job& job, const absl::Status& status) {
  if (absl::IsCancelled(status)) return;
  const Source& source = *job.source;
  if (!status.ok()) on_error_();
  if (!status.ok() && status != job.last) {
    spdlog::warn("source {}: {}: {}", source.name(), source.item(), status.ToString());
  } else if (status.ok() && !job.last.ok()) {
    spdlog::info("source {}: {}: works again", source.name(), source.item());
  }
  job.last = status;
}

boost::asio::awaitable<void> Scheduler::Run() {
  while (!stopping_ || running_ > 0) {
    const absl::Duration wait = StartDue();
    if (wait == absl::InfiniteDuration() || stopping_) {
      co_await changed_.Wait();
    } else {
      co_await changed_.WaitFor(std::max(absl::ToChronoMilliseconds(wait), std::chrono::milliseconds(1)));
    }
  }
}

void Scheduler::Stop() {
  stopping_ = true;
  changed_.Notify();
}

bool Scheduler::AtEnd() const {
  return std::all_of(jobs_.begin(), jobs_.end(), [](const auto& job) {
    return !job->may_end || (job->runs > 0 && !job->is_running && (!job->last.ok() || job->source->AtEnd()));
  });
}

bool Scheduler::HasFailed() const {
  return std::any_of(jobs_.begin(), jobs_.end(), [](const auto& job) { return job->may_end && !job->last.ok(); });
}

}  // namespace nines::collector
