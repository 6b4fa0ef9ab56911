#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/sla/target.h"
#include "storage/series/store.h"

namespace nines::live {

// The results of one check as runs, while they arrive. What it cannot take in memory (a late result, a wider window) is
// read from the store, which the owner does without its lock: BeginLoad(), then Load(), then Install() or Abandon().
// What arrives in between is kept and put on top. Thread-compatible.
class Track {
 public:
  explicit Track(catalogue::Check check) : check_(std::move(check)) {}

  enum class Taken : uint8_t {
    kInOrder,
    kLate,        // the check must be read again
    kAhead,       // waits for its time
    kLeftToLoad,  // the next Load() reads it
    kNoResult,    // a value that is no state; a result of the same time gives way to it
  };
  // A sample that the store has taken already. `now_ms` is the clock's.
  Taken Add(const series::Sample& sample, int64_t now_ms);

  // Brings in what waited for its time. A clock that was set back, or too much that waits, makes the check dirty.
  void MoveTo(int64_t now_ms);

  struct Loaded {
    std::vector<sla::Result> results;  // up to now
    std::vector<sla::Result> ahead;    // later than now
    int64_t from_ms = 0;
    int64_t now_ms = 0;
    std::optional<int64_t> first_ms;
    std::optional<int64_t> last_result_ms;
  };
  static absl::StatusOr<Loaded> Load(const series::Store& store, const catalogue::Check& check, int64_t from_ms,
                                     int64_t now_ms);
  void BeginLoad();
  void Install(const Loaded& loaded);
  // The load failed: nothing is known until the next one.
  void Abandon();
  // Forgets the runs; the next Load() may begin later and so take less memory.
  void Forget();

  const catalogue::Check& check() const { return check_; }
  bool loaded() const { return runs_.has_value(); }
  // A result changed the past since the last load.
  bool dirty() const { return dirty_; }
  // The runs are exact from here on.
  int64_t from_ms() const { return from_ms_; }
  bool Covers(int64_t from_ms) const { return loaded() && from_ms_ <= from_ms; }
  // Empty while nothing is loaded.
  sla::CheckInput input() const;
  // The first sample that is known; kTimeMaxMs without any.
  int64_t first_ms() const { return first_ms_; }
  std::optional<int64_t> last_result_ms() const { return last_result_ms_; }

 private:
  Taken Apply(const sla::Result& result);
  void KeepAhead(const sla::Result& result);
  // The store holds something else at this time now.
  void Displace(int64_t time_ms);

  catalogue::Check check_;
  std::optional<sla::RunBuilder> runs_;
  int64_t from_ms_ = 0;
  int64_t first_ms_ = kTimeMaxMs;
  std::optional<int64_t> last_result_ms_;
  bool dirty_ = false;
  bool loading_ = false;
  std::vector<sla::Result> arrived_;           // while it is loading
  std::map<int64_t, sla::ResultState> ahead_;  // bounded; what does not fit is read from the store
  std::optional<int64_t> reload_at_ms_;        // when its time has come
};

}  // namespace nines::live
