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
class DB;
class Iterator;
class Snapshot;
class WriteBatch;
}  // namespace rocksdb

namespace nines::rocks {

// The column families; storage/FORMAT.md says what each key and value is.
enum class Family : uint8_t {
  kMeta,
  kSeries,
  kFrames,
  kRaw,
  kResults,
  kHours,
  kFiveMinutes,
  kFacts,
  kStreams,
  kDocuments
};
inline constexpr int kFamilyCount = 10;
std::string_view NameOf(Family family);

// Several changes that become durable together or not at all. Confined to one thread.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;

  void Put(Family family, std::string_view key, std::string_view value);
  void Delete(Family family, std::string_view key);
  void Clear();
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

// Whether what is read stays in the cache. Reads that pass over everything once should not push out the rest.
enum class Cache { kFill, kLeave };

// The database as it was at one moment. The database must outlive it.
class Snapshot {
 public:
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  friend class Database;
  Snapshot(rocksdb::DB& db, const rocksdb::Snapshot* snapshot) : db_(db), snapshot_(snapshot) {}

  rocksdb::DB& db_;
  const rocksdb::Snapshot* snapshot_;
};

// Goes through a family's keys. Confined to one thread; the database, and the snapshot if there is one, must outlive
// it.
class Cursor {
 public:
  ~Cursor();

  // To the first key that is not smaller.
  void Seek(std::string_view key);
  void Next();  // only while valid
  bool valid() const;
  // Until the next move; only while valid.
  std::string_view key() const;
  std::string_view value() const;
  // OK, or why it is not valid.
  absl::Status status() const;

 private:
  friend class Database;
  Cursor(std::unique_ptr<rocksdb::Iterator> iterator, std::string where);

  std::unique_ptr<rocksdb::Iterator> iterator_;
  std::string where_;
};

// One RocksDB instance: the daemon's whole data directory. Thread-safe.
class Database {
 public:
  struct Options {
    size_t block_cache_bytes = 16 << 20;
  };
  // Creates `directory` if it is missing. Errors name it: locked by another process, not readable, corrupt.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& directory, const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  absl::Status Write(Batch& batch, Durability durability);
  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const;
  struct ReadOptions {
    const Snapshot* snapshot = nullptr;  // null: as of now
    Cache cache = Cache::kFill;
  };
  // Calls `visit` for every key of [from, to) in order (an empty `to` means to the end), as of one moment, until it
  // returns false.
  absl::Status Scan(Family family, std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit,
                    const ReadOptions& options) const;
  absl::Status Scan(Family family, std::string_view from, std::string_view to,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
    return Scan(family, from, to, visit, ReadOptions());
  }
  std::unique_ptr<Snapshot> TakeSnapshot() const;
  std::unique_ptr<Cursor> OpenCursor(Family family, const Snapshot* snapshot, Cache cache) const;
  // As Scan(), downwards: from the last key before `to` (empty = the end) to `from`.
  absl::Status ScanBackwards(Family family, std::string_view from, std::string_view to,
                             const std::function<bool(std::string_view key, std::string_view value)>& visit) const;
  // Drops whole files that lie in [from, to): cheap, but leaves what shares a file with other keys.
  absl::Status DropFiles(Family family, std::string_view from, std::string_view to);
  // Rewrites the files of [from, to) without what was deleted or replaced there. Takes as long as that takes.
  absl::Status CompactRange(Family family, std::string_view from, std::string_view to);
  // About how many bytes [from, to) takes, on disk and in memory, with what was deleted there and is not compacted.
  uint64_t RangeBytes(Family family, std::string_view from, std::string_view to) const;
  // Writes what is in memory into files, so that the next start has no log to read.
  absl::Status Flush();
  // A consistent copy into `directory`, which must not exist, while everything runs.
  absl::Status Checkpoint(const std::string& directory);
  const std::string& directory() const;
  // Bytes of all live files.
  uint64_t DiskBytes() const;

 private:
  class Impl;
  explicit Database(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::rocks
