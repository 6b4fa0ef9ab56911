#include "daemon/ingest/ingest.h"

#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "daemon/ingest/queue.h"
#include "daemon/ingest/writer.h"

namespace nines::ingest {
namespace {

absl::Status Stopped() { return absl::UnavailableError("the daemon is stopping; send it again later"); }

}  // namespace

class Ingest::Impl {
 public:
  Impl(rocks::Database& database, series::Store& store, ledger::Ledger& ledger, catalogue::Cache& catalogue,
       const Clock& clock, const Options& options)
      : clock(clock),
        queue(options.queue_batches_max, options.queue_bytes_max),
        writer(database, store, ledger, catalogue, clock, options) {}

  // Until there is room, or it is to stop: then what is queued is written all the same.
  void WaitForRoom() {
    const absl::Duration now = clock.Monotonic();
    if (!has_room || (asked && now - *asked < absl::Seconds(1))) return;
    asked = now;
    absl::Status status = has_room();
    MutexLock lock(room_mutex);
    while (!status.ok() && !stopping) {
      if (no_room.ok()) spdlog::error("senders have to wait: {}", status.ToString());
      no_room = status;
      wake.WaitFor(room_mutex, std::chrono::milliseconds(200));
      status = has_room();
    }
    if (!no_room.ok()) spdlog::info("senders go on");
    no_room = absl::OkStatus();
  }
  absl::Status NoRoom() const {
    MutexLock lock(room_mutex);
    return no_room;
  }

  void Run() {
    std::vector<Item> group;
    std::vector<std::function<void()>> room;
    while (true) {
      WaitForRoom();
      queue.Take(group, room);
      for (const auto& call : room) call();
      if (group.empty()) return;
      writer.Commit(group);
    }
  }

  const Clock& clock;
  Queue queue;
  Writer writer;
  std::function<absl::Status()> has_room;
  std::optional<absl::Duration> asked;  // the writer thread's
  mutable Mutex room_mutex;
  CondVar wake;
  absl::Status no_room ABSL_GUARDED_BY(room_mutex);
  bool stopping ABSL_GUARDED_BY(room_mutex) = false;
  std::atomic<bool> started = false;
  Mutex stop_mutex;  // two Stop() at once: the second waits for the first
  std::thread thread ABSL_GUARDED_BY(stop_mutex);
};

Ingest::Ingest(rocks::Database& database, series::Store& store, ledger::Ledger& ledger, catalogue::Cache& catalogue,
               const Clock& clock, Options options)
    : impl_(std::make_unique<Impl>(database, store, ledger, catalogue, clock, options)) {}

Ingest::~Ingest() { Stop(); }

void Ingest::SetListener(Listener listener) { impl_->writer.SetListener(std::move(listener)); }

void Ingest::Start() {
  MutexLock lock(impl_->stop_mutex);
  NINES_CHECK(!impl_->started);
  impl_->started = true;
  impl_->thread = std::thread([this] { impl_->Run(); });
}

void Ingest::SetRoom(std::function<absl::Status()> has_room) { impl_->has_room = std::move(has_room); }

void Ingest::Stop() {
  impl_->queue.Close();
  {
    MutexLock lock(impl_->room_mutex);
    impl_->stopping = true;
    impl_->wake.NotifyAll();
  }
  MutexLock lock(impl_->stop_mutex);
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Ingest::SetOptions(const Options& options) {
  impl_->queue.SetLimits(options.queue_batches_max, options.queue_bytes_max);
  impl_->writer.SetOptions(options);
}

bool Ingest::Submit(Batch& batch, std::function<void(Outcome)> done, std::function<void()> room) {
  switch (impl_->queue.Push(batch, done, room)) {
    case Queue::Pushed::kYes:
      return true;
    case Queue::Pushed::kFull:
      return false;
    case Queue::Pushed::kClosed:
      break;
  }
  done({.status = Stopped(), .refusals = {}, .recorded = {}});
  return true;
}

absl::StatusOr<std::vector<ledger::Recorded>> Ingest::RecordFacts(std::vector<ledger::NewFact> facts) {
  NINES_CHECK(impl_->started);
  if (facts.empty()) return std::vector<ledger::Recorded>();
  // Somebody waits for the answer.
  NINES_RETURN_IF_ERROR(impl_->NoRoom());
  auto answer = std::make_shared<std::promise<Outcome>>();
  Item item{.batch = {}, .all_or_nothing = true, .done = [answer](Outcome outcome) {
              answer->set_value(std::move(outcome));
            }};
  item.batch.facts = std::move(facts);
  if (!impl_->queue.PushUnbounded(std::move(item))) return Stopped();
  Outcome outcome = answer->get_future().get();
  if (!outcome.status.ok()) return outcome.status;
  return std::move(outcome.recorded);
}

Stats Ingest::stats() const {
  Stats stats = impl_->writer.stats();
  stats.queue_batches = impl_->queue.size();
  stats.streams = impl_->writer.board().streams();
  stats.waits_for_room = !impl_->NoRoom().ok();
  return stats;
}

CollectorBoard& Ingest::board() { return impl_->writer.board(); }
std::vector<CollectorStatus> Ingest::collectors() const { return impl_->writer.board().All(); }
absl::Status Ingest::healthy() const {
  NINES_RETURN_IF_ERROR(impl_->NoRoom());
  return impl_->writer.healthy();
}

}  // namespace nines::ingest
