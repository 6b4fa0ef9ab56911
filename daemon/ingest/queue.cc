#include "daemon/ingest/queue.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace nines::ingest {
namespace {

bool ChangesCatalogue(const Batch& batch) {
  return std::any_of(batch.facts.begin(), batch.facts.end(), [](const ledger::NewFact& fact) {
    return std::holds_alternative<ledger::CatalogueChange>(fact.body);
  });
}

}  // namespace

Queue::Pushed Queue::Push(Batch& batch, std::function<void(Outcome)>& done, std::function<void()>& room) {
  MutexLock lock(mutex_);
  if (closed_) return Pushed::kClosed;
  // A batch that is larger than the whole queue passes when it is alone: waiting would never end.
  const bool full = items_.size() >= batches_max_ || (!items_.empty() && bytes_ + batch.bytes > bytes_max_);
  if (full) {
    waiting_.push_back(std::move(room));
    return Pushed::kFull;
  }
  bytes_ += batch.bytes;
  items_.push_back({std::move(batch), false, std::move(done)});
  changed_.NotifyOne();
  return Pushed::kYes;
}

bool Queue::PushUnbounded(Item item) {
  MutexLock lock(mutex_);
  if (closed_) return false;
  bytes_ += item.batch.bytes;
  items_.push_back(std::move(item));
  changed_.NotifyOne();
  return true;
}

void Queue::Take(std::vector<Item>& group, std::vector<std::function<void()>>& room) {
  group.clear();
  room.clear();
  MutexLock lock(mutex_);
  while (items_.empty() && !closed_) changed_.Wait(mutex_);
  size_t bytes = 0;
  bool last = false;
  while (!items_.empty() && !last) {
    bytes += items_.front().batch.bytes;
    last = group.size() + 1 == kGroupBatches || bytes >= kGroupBytes || ChangesCatalogue(items_.front().batch);
    group.push_back(std::move(items_.front()));
    items_.pop_front();
  }
  bytes_ -= bytes;
  room.swap(waiting_);
}

void Queue::SetLimits(size_t batches_max, size_t bytes_max) {
  MutexLock lock(mutex_);
  batches_max_ = batches_max;
  bytes_max_ = bytes_max;
}

void Queue::Close() {
  MutexLock lock(mutex_);
  closed_ = true;
  changed_.NotifyAll();
}

size_t Queue::size() const {
  MutexLock lock(mutex_);
  return items_.size();
}

}  // namespace nines::ingest
