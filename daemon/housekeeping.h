#pragma once

#include <memory>

#include "storage/series/store.h"

namespace nines {

// The thread that tends the store: once a second it merges what is due and drops what is past its retention. Stop() ends
// it in the middle of its work, which the next start takes up; idempotent.
class Housekeeping {
 public:
  explicit Housekeeping(series::Store& store);
  ~Housekeeping();
  void Start();
  void Stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines
