#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "base/mutex.h"
#include "daemon/ingest/batch.h"

namespace nines::ingest {

// What waits for the writer thread.
struct Item {
  Batch batch;
  bool all_or_nothing = false;  // one bad fact refuses them all
  std::function<void(Outcome)> done;
};

// Bounded by batches and bytes. Full means wait: who finds it full leaves a callback and is called when there is room.
// Thread-safe; Take() is for one thread.
class Queue {
 public:
  Queue(size_t batches_max, size_t bytes_max) : batches_max_(batches_max), bytes_max_(bytes_max) {}

  enum class Pushed { kYes, kFull, kClosed };
  // Moves from `batch` and `done` only with kYes, from `room` only with kFull.
  Pushed Push(Batch& batch, std::function<void(Outcome)>& done, std::function<void()>& room);
  // Past the bounds: for callers who wait for the answer and so bound themselves. False: closed.
  bool PushUnbounded(Item item);

  // Waits for items and moves the next group into `group` (empty: closed and drained), and into `room` who is to be
  // told that there is space. A group ends after `kGroupBatches`, `kGroupBytes`, or facts that change the catalogue,
  // because the facts behind those are checked against it.
  void Take(std::vector<Item>& group, std::vector<std::function<void()>>& room);

  void SetLimits(size_t batches_max, size_t bytes_max);
  void Close();  // nothing comes in any more; who waits for room is told with the next Take()
  size_t size() const;

  static constexpr size_t kGroupBatches = 64;
  static constexpr size_t kGroupBytes = 8 << 20;

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Item> items_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t batches_max_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_max_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace nines::ingest
