#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "storage/rocks/database.h"

namespace nines::series {

// Gives the disk back what merging left behind. RocksDB forgets a deleted or replaced value when it next compacts the
// files around it, which for chunks written once may be never. Confined to the merger's thread, but for bytes().
class Reclaimer {
 public:
  struct Options {
    uint64_t range_bytes = 64 << 20;  // so much in one range is reclaimed at once
    int64_t idle_ms = 5'000;          // less, when nothing was freed for so long
    uint64_t live_ratio = 8;          // for each byte that it frees, compaction may rewrite so many
  };
  Reclaimer(rocks::Database& database, const Options& options) : database_(database), options_(options) {}

  // A value of so many bytes was deleted or replaced.
  void Freed(rocks::Family family, std::string_view key, size_t value_bytes);
  // Compacts what is worth it at `monotonic_ms`, range by range, until `stop` says so.
  absl::Status Run(int64_t monotonic_ms, const std::function<bool()>& stop);

  // Freed and not yet reclaimed. Thread-safe.
  uint64_t bytes() const { return bytes_; }

 private:
  struct Range {
    std::string first;
    std::string last;
    uint64_t bytes = 0;
  };

  rocks::Database& database_;
  const Options options_;
  // By family, and by the partition or the window that the keys begin with.
  std::map<std::pair<rocks::Family, std::string>, Range> ranges_;
  uint64_t seen_bytes_ = 0;
  int64_t changed_ms_ = 0;
  std::atomic<uint64_t> bytes_ = 0;
};

}  // namespace nines::series
