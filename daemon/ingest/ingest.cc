#include "daemon/ingest/ingest.h"

#include <atomic>
#include <future>
#include <thread>
#include <utility>

#include "base/check.h"
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
      : queue(options.queue_batches_max, options.queue_bytes_max),
        writer(database, store, ledger, catalogue, clock, options) {}

  void Run() {
    std::vector<Item> group;
    std::vector<std::function<void()>> room;
    while (true) {
      queue.Take(group, room);
      for (const auto& call : room) call();
      if (group.empty()) return;
      writer.Commit(group);
    }
  }

  Queue queue;
  Writer writer;
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

void Ingest::Stop() {
  impl_->queue.Close();
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
  return stats;
}

CollectorBoard& Ingest::board() { return impl_->writer.board(); }
std::vector<CollectorStatus> Ingest::collectors() const { return impl_->writer.board().All(); }
absl::Status Ingest::healthy() const { return impl_->writer.healthy(); }

}  // namespace nines::ingest
