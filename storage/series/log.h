#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace nines::series {

// Records that survive power loss once Append() has returned, in files of their own: RocksDB's log would copy and sum
// every byte twice more. Numbered 1, 2, 3 and so on; storage/FORMAT.md has the bytes. One thread appends and cuts;
// CopyTo() and the counters are thread-safe.
class Log {
 public:
  struct Options {
    uint64_t segment_bytes = 16 << 20;  // a new file is begun when one has grown to this
  };
  // Creates the directory. Errors name it.
  static absl::StatusOr<std::unique_ptr<Log>> Open(const std::string& directory, const Options& options);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // Once, before the first Append(): calls `visit` for each record with a number of `from` or larger, in order, until
  // it returns false. What is damaged is left out, and `damaged` told where and what. What a torn write left at the end
  // was never durable, and is no damage.
  using Visit = std::function<bool(uint64_t number, std::string_view payload)>;
  absl::Status Replay(uint64_t from, const Visit& visit, const std::function<void(std::string)>& damaged);

  // The number that the next record gets.
  uint64_t next_number() const { return next_number_; }
  // Durable on return. On an error nothing of it counts: it may be tried again. ResourceExhausted: the disk is full.
  // After an error of fdatasync() the file is not to be trusted, and another one is begun.
  absl::Status Append(std::string_view payload);
  // Deletes files in which all records are before `number`.
  absl::Status Cut(uint64_t number);
  // The same, also for the file that takes records; the next Append() begins another one.
  absl::Status End(uint64_t number);
  // Copies the records into a new directory, up to the last one that is durable now. Any thread; records may be
  // appended meanwhile, but nothing cut.
  absl::Status CopyTo(const std::string& directory);

  uint64_t file_bytes() const;

 private:
  struct Segment {
    uint64_t first = 0;  // its first record's number
    uint64_t bytes = 0;  // used
  };

  Log(std::string directory, Options options) : directory_(std::move(directory)), options_(options) {}
  std::string PathOf(uint64_t first) const;
  absl::Status ListSegments();
  absl::Status ReplaySegment(Segment& segment, uint64_t from, const Visit& visit,
                             const std::function<void(std::string)>& damaged, bool* more)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status BeginSegment(uint64_t room);
  void EndSegment();
  absl::Status Error(std::string_view verb, const std::string& path) const;

  const std::string directory_;
  const Options options_;
  uint64_t next_number_ = 1;
  int file_ = -1;  // of the last segment, while it takes records
  uint64_t allocated_ = 0;
  std::string buffer_;
  mutable Mutex mutex_;
  std::vector<Segment> segments_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::series
