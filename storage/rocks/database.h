#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rocksdb {
class WriteBatch;
}

namespace nines::rocks {

// The column families; storage/FORMAT.md says what each key and value is.
enum class Family : uint8_t { kMeta, kSeries, kChunks, kLog, kFacts, kStreams };
inline constexpr int kFamilyCount = 6;

// Several changes that become durable together or not at all. Confined to one thread.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  void Put(Family family, std::string_view key, std::string_view value);
  void Delete(Family family, std::string_view key);
  // [from, to)
  void DeleteRange(Family family, std::string_view from, std::string_view to);
  bool empty() const;
  size_t bytes() const;

 private:
  friend class Database;
  std::unique_ptr<rocksdb::WriteBatch> batch_;
};

enum class Durability {
  kSync,    // survives power loss when Write() returns
  kBuffer,  // survives `kill -9`; power loss may take it
};

// One RocksDB instance: the daemon's whole data directory. Thread-safe.
class Database {
 public:
  struct Options {
    size_t block_cache_bytes = 64 << 20;
  };
  // Creates `directory` if it is missing. Errors name it: locked by another process, not readable, corrupt.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& directory, const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  absl::Status Write(Batch& batch, Durability durability);
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const;
  // Calls `visit` for every key of [from, to) in order (an empty `to` means to the end), as of one moment, until it
  // returns false.
  absl::Status Scan(Family family, std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  // As Scan(), downwards: from the last key before `to` (empty = the end) to `from`.
  absl::Status ScanBackwards(Family family, std::string_view from, std::string_view to,
                             const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  // Drops whole files that lie in [from, to): cheap, but leaves what shares a file with other keys.
  absl::Status DropFiles(Family family, std::string_view from, std::string_view to);
  // A consistent copy into `directory`, which must not exist, while everything runs.
  absl::Status Checkpoint(const std::string& directory);
  // Bytes of all live files.
  uint64_t DiskBytes() const;

 private:
  class Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::rocks
