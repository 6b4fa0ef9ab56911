#include "storage/rocks/database.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/write_batch.h"
#include "storage/rocks/info_log.h"

namespace nines::rocks {
namespace {

constexpr std::array<const char*, kFamilyCount> kFamilyNames = {
    "meta", "series", "frames", "raw", "results", "hours", "five_minutes", "facts", "streams", "documents"};

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view FromSlice(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
size_t Index(Family family) { return static_cast<size_t>(family); }

// A write batch needs a family's number alone. RocksDB numbers families in the order of their creation, with its own
// unused default family as 0; Open() checks that this holds, so that a Batch can be filled before it meets a Database.
class FamilyNumber final : public rocksdb::ColumnFamilyHandle {
 public:
  explicit FamilyNumber(size_t index) : index_(index) {}
  const std::string& GetName() const override {
    static const std::string name;
    return name;
  }
  uint32_t GetID() const override { return static_cast<uint32_t>(index_ + 1); }
  rocksdb::Status GetDescriptor(rocksdb::ColumnFamilyDescriptor*) override { return rocksdb::Status::NotSupported(); }
  const rocksdb::Comparator* GetComparator() const override { return rocksdb::BytewiseComparator(); }

 private:
  size_t index_;
};

rocksdb::ColumnFamilyHandle* NumberOf(Family family) {
  static std::array<FamilyNumber, kFamilyCount> numbers = {
      FamilyNumber(0), FamilyNumber(1), FamilyNumber(2), FamilyNumber(3), FamilyNumber(4),
      FamilyNumber(5), FamilyNumber(6), FamilyNumber(7), FamilyNumber(8), FamilyNumber(9)};
  return &numbers[Index(family)];
}

absl::Status ToStatus(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) return absl::OkStatus();
  std::string message = StrCat(what, ": ", status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(message);
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(StrCat(message, "; the disk is full: make room"));
  if (status.IsInvalidArgument()) return absl::InvalidArgumentError(message);
  if (status.IsIOError()) return absl::UnavailableError(message);
  return absl::InternalError(message);
}

absl::Status OpenError(const rocksdb::Status& status, const std::string& directory) {
  const std::string text = status.ToString();
  auto has = [&text](const char* part) { return text.find(part) != std::string::npos; };
  const std::string where = StrCat("data directory ", directory);
  if (has("lock hold by current process") || (has("LOCK") && has("Resource temporarily unavailable"))) {
    return absl::FailedPreconditionError(
        StrCat(where, " is in use by another ninesd; stop that one, or give this one a directory of its own"));
  }
  if (has("Permission denied") || has("Read-only file system")) {
    return absl::PermissionDeniedError(
        StrCat(where, " cannot be read and written by this user: ", text, "; give the user of ninesd access to it"));
  }
  if (status.IsCorruption()) {
    return absl::DataLossError(StrCat(where, " is damaged: ", text, "; restore it from a backup"));
  }
  if (status.IsInvalidArgument()) {
    return absl::FailedPreconditionError(
        StrCat(where, " was not written by this version of ninesd: ", text, "; use the version that wrote it"));
  }
  return ToStatus(status, where);
}

absl::Status CreateDirectory(const std::string& directory) {
  if (directory.empty()) return absl::InvalidArgumentError("the data directory has no name; set one in the config");
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return absl::OkStatus();
  std::string message = StrCat("data directory ", directory, " cannot be created: ", error.message());
  if (error == std::errc::permission_denied || error == std::errc::read_only_file_system) {
    return absl::PermissionDeniedError(StrCat(message, "; create it and give it to the user of ninesd"));
  }
  return absl::FailedPreconditionError(message);
}

rocksdb::DBOptions MakeDbOptions() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.paranoid_checks = true;
  // A log cut off in the middle of a write ends there: what was not synced was never acknowledged. A record that is
  // wrong in front of others is damage, and the database is not opened: facts may be in it.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  // Seldom written families would otherwise keep old log files alive for ever.
  options.max_total_wal_size = 96 << 20;
  options.track_and_verify_wals_in_manifest = true;
  options.max_open_files = 512;
  options.max_background_jobs = 2;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.bytes_per_sync = 1 << 20;
  return options;
}

rocksdb::ColumnFamilyOptions MakeFamilyOptions(Family family, const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.cache_index_and_filter_blocks = true;
  table.format_version = 5;
  table.checksum = rocksdb::ChecksumType::kXXH3;
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 2 << 20;
  options.arena_block_size = 64 << 10;
  options.compression = rocksdb::kZSTD;
  options.level_compaction_dynamic_level_bytes = true;
  switch (family) {
    case Family::kFrames:
      // They come in no order of keys and go again within hours: sorting them often would be most of the disk's work.
      options.level0_file_num_compaction_trigger = 20;
      options.level0_slowdown_writes_trigger = 40;
      options.level0_stop_writes_trigger = 60;
      [[fallthrough]];
    case Family::kRaw:
    case Family::kResults:
    case Family::kHours:
    case Family::kFiveMinutes:
      // The codec leaves nothing to compress.
      options.write_buffer_size = 4 << 20;
      options.max_write_buffer_number = 3;
      options.compression = rocksdb::kNoCompression;
      table.block_size = 16 << 10;
      break;
    default:
      break;
  }
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

std::string_view NameOf(Family family) { return kFamilyNames[Index(family)]; }

Batch::Batch() : batch_(std::make_unique<rocksdb::WriteBatch>()) {}
Batch::~Batch() = default;
Batch::Batch(Batch&&) noexcept = default;
Batch& Batch::operator=(Batch&&) noexcept = default;

// The calls below fail for a batch with a size limit or a family with time stamps alone; there is neither.
void Batch::Put(Family family, std::string_view key, std::string_view value) {
  NINES_CHECK(batch_->Put(NumberOf(family), ToSlice(key), ToSlice(value)).ok());
}

void Batch::Delete(Family family, std::string_view key) {
  NINES_CHECK(batch_->Delete(NumberOf(family), ToSlice(key)).ok());
}

void Batch::Clear() { batch_->Clear(); }
bool Batch::empty() const { return batch_->Count() == 0; }
size_t Batch::bytes() const { return batch_->GetDataSize(); }

class Database::Impl {
 public:
  Impl(rocksdb::DB* db, std::vector<rocksdb::ColumnFamilyHandle*> handles, std::string directory)
      : db_(db), handles_(std::move(handles)), directory_(std::move(directory)) {}

  ~Impl() {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      NINES_CHECK(db_->DestroyColumnFamilyHandle(handle).ok());
    }
    // What was written is in the log already; an error here loses nothing.
    db_->Close().PermitUncheckedError();
  }

  const std::string& directory() const { return directory_; }
  rocksdb::DB& db() const { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[Index(family) + 1]; }
  const std::vector<rocksdb::ColumnFamilyHandle*>& handles() const { return handles_; }
  std::string Where(std::string_view verb, Family family) const {
    return StrCat("data directory ", directory_, ": ", verb, " ", kFamilyNames[Index(family)]);
  }
  std::string Where(std::string_view verb) const { return StrCat("data directory ", directory_, ": ", verb); }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::string directory_;
};

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& directory, const Options& options) {
  NINES_RETURN_IF_ERROR(CreateDirectory(directory));
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, MakeFamilyOptions(Family::kMeta, cache));
  for (int i = 0; i < kFamilyCount; ++i) {
    families.emplace_back(kFamilyNames[i], MakeFamilyOptions(static_cast<Family>(i), cache));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions db_options = MakeDbOptions();
  db_options.info_log = OpenInfoLog(directory, 8 << 20);
  rocksdb::Status status = rocksdb::DB::Open(db_options, directory, families, &handles, &db);
  if (!status.ok()) return OpenError(status, directory);
  auto impl = std::make_unique<Impl>(db, handles, directory);
  for (size_t i = 0; i < handles.size(); ++i) {
    if (handles[i]->GetID() != i) {
      return absl::FailedPreconditionError(StrCat("data directory ", directory, " was not written by ninesd: family ",
                                                  handles[i]->GetName(), " has number ", handles[i]->GetID(),
                                                  " in place of ", i));
    }
  }
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

absl::Status Database::Write(Batch& batch, Durability durability) {
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSync;
  return ToStatus(impl_->db().Write(options, batch.batch_.get()), impl_->Where("write"));
}

absl::StatusOr<std::optional<std::string>> Database::Get(Family family, std::string_view key) const {
  std::string value;
  rocksdb::Status status = impl_->db().Get(rocksdb::ReadOptions(), impl_->handle(family), ToSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  NINES_RETURN_IF_ERROR(ToStatus(status, impl_->Where("read", family)));
  return std::optional<std::string>(std::move(value));
}

absl::Status Database::Scan(Family family, std::string_view from, std::string_view to,
                            const std::function<bool(std::string_view key, std::string_view value)>& visit,
                            const ReadOptions& read) const {
  const rocksdb::Slice upper = ToSlice(to);
  rocksdb::ReadOptions options;
  if (!to.empty()) options.iterate_upper_bound = &upper;
  if (read.snapshot != nullptr) options.snapshot = read.snapshot->snapshot_;
  options.fill_cache = read.cache == Cache::kFill;
  std::unique_ptr<rocksdb::Iterator> it(impl_->db().NewIterator(options, impl_->handle(family)));
  for (it->Seek(ToSlice(from)); it->Valid(); it->Next()) {
    if (!visit(FromSlice(it->key()), FromSlice(it->value()))) return absl::OkStatus();
  }
  return ToStatus(it->status(), impl_->Where("read", family));
}

absl::Status Database::ScanBackwards(
    Family family, std::string_view from, std::string_view to,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  const rocksdb::Slice lower = ToSlice(from);
  const rocksdb::Slice upper = ToSlice(to);
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  if (!to.empty()) options.iterate_upper_bound = &upper;
  std::unique_ptr<rocksdb::Iterator> it(impl_->db().NewIterator(options, impl_->handle(family)));
  for (it->SeekToLast(); it->Valid(); it->Prev()) {
    if (!visit(FromSlice(it->key()), FromSlice(it->value()))) return absl::OkStatus();
  }
  return ToStatus(it->status(), impl_->Where("read", family));
}

Snapshot::~Snapshot() { db_.ReleaseSnapshot(snapshot_); }

std::unique_ptr<Snapshot> Database::TakeSnapshot() const {
  return std::unique_ptr<Snapshot>(new Snapshot(impl_->db(), impl_->db().GetSnapshot()));
}

Cursor::Cursor(std::unique_ptr<rocksdb::Iterator> iterator, std::string where)
    : iterator_(std::move(iterator)), where_(std::move(where)) {}
Cursor::~Cursor() = default;
void Cursor::Seek(std::string_view key) { iterator_->Seek(ToSlice(key)); }
void Cursor::Next() { iterator_->Next(); }
bool Cursor::valid() const { return iterator_->Valid(); }
std::string_view Cursor::key() const { return FromSlice(iterator_->key()); }
std::string_view Cursor::value() const { return FromSlice(iterator_->value()); }
absl::Status Cursor::status() const { return ToStatus(iterator_->status(), where_); }

std::unique_ptr<Cursor> Database::OpenCursor(Family family, const Snapshot* snapshot, Cache cache) const {
  rocksdb::ReadOptions options;
  if (snapshot != nullptr) options.snapshot = snapshot->snapshot_;
  options.fill_cache = cache == Cache::kFill;
  std::unique_ptr<rocksdb::Iterator> iterator(impl_->db().NewIterator(options, impl_->handle(family)));
  return std::unique_ptr<Cursor>(new Cursor(std::move(iterator), impl_->Where("read", family)));
}

absl::Status Database::Flush() {
  const std::vector<rocksdb::ColumnFamilyHandle*> handles(impl_->handles().begin() + 1, impl_->handles().end());
  return ToStatus(impl_->db().Flush(rocksdb::FlushOptions(), handles), impl_->Where("flush"));
}

absl::Status Database::DropFiles(Family family, std::string_view from, std::string_view to) {
  const rocksdb::Slice begin = ToSlice(from);
  const rocksdb::Slice end = ToSlice(to);
  return ToStatus(rocksdb::DeleteFilesInRange(&impl_->db(), impl_->handle(family), &begin, to.empty() ? nullptr : &end,
                                              /*include_end=*/false),
                  impl_->Where("drop files of", family));
}

absl::Status Database::CompactRange(Family family, std::string_view from, std::string_view to) {
  const rocksdb::Slice begin = ToSlice(from);
  const rocksdb::Slice end = ToSlice(to);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  return ToStatus(impl_->db().CompactRange(options, impl_->handle(family), &begin, &end),
                  impl_->Where("compact", family));
}

uint64_t Database::RangeBytes(Family family, std::string_view from, std::string_view to) const {
  const rocksdb::Range range(ToSlice(from), ToSlice(to));
  rocksdb::SizeApproximationOptions options;
  options.include_memtables = true;
  uint64_t bytes = 0;
  // Refused are options that ask for neither files nor memory alone.
  NINES_CHECK(impl_->db().GetApproximateSizes(options, impl_->handle(family), &range, 1, &bytes).ok());
  return bytes;
}

absl::Status Database::Checkpoint(const std::string& directory) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
  if (error || directory.empty())
    return absl::InvalidArgumentError(StrCat("backup directory '", directory, "': no path"));
  if (std::filesystem::exists(path, error)) {
    return absl::AlreadyExistsError(StrCat("backup directory ", path.string(), " exists; name a new one"));
  }
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return absl::FailedPreconditionError(
        StrCat("backup directory ", path.parent_path().string(), " cannot be created: ", error.message()));
  }
  NINES_RETURN_IF_ERROR(ToStatus(impl_->db().FlushWAL(/*sync=*/true), impl_->Where("sync the log")));
  rocksdb::Checkpoint* raw = nullptr;
  NINES_RETURN_IF_ERROR(ToStatus(rocksdb::Checkpoint::Create(&impl_->db(), &raw), impl_->Where("back up")));
  std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  return ToStatus(checkpoint->CreateCheckpoint(path.string()), StrCat("backup directory ", path.string()));
}

const std::string& Database::directory() const { return impl_->directory(); }

uint64_t Database::DiskBytes() const {
  uint64_t total = 0;
  for (rocksdb::ColumnFamilyHandle* handle : impl_->handles()) {
    uint64_t bytes = 0;
    if (impl_->db().GetIntProperty(handle, rocksdb::DB::Properties::kLiveSstFilesSize, &bytes)) total += bytes;
  }
  rocksdb::VectorLogPtr logs;
  if (impl_->db().GetSortedWalFiles(logs).ok()) {
    for (const auto& log : logs) total += log->SizeFileBytes();
  }
  return total;
}

}  // namespace nines::rocks
