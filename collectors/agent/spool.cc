#include "collectors/agent/spool.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace nines::collector {
namespace {

constexpr uint32_t kVersion = 1;
constexpr std::string_view kSuffix = ".seg";
constexpr uint64_t kSequenceMax = uint64_t{1} << 60;
// Acknowledgements since then are asked for again after a kill, which changes nothing.
constexpr absl::Duration kMetaInterval = absl::Seconds(5);

uint64_t RandomEpoch() {
  std::random_device device;
  const uint64_t high = device();
  return (high << 32 | device()) | 1;
}

std::string SegmentName(uint64_t first) {
  std::string digits = std::to_string(first);
  return std::string(20 - digits.size(), '0') + digits + std::string(kSuffix);
}

std::optional<uint64_t> FirstOfName(const std::string& name) {
  uint64_t first = 0;
  const char* end = name.data() + name.size() - std::min(name.size(), kSuffix.size());
  const auto [stop, error] = std::from_chars(name.data(), end, first);
  if (error != std::errc() || stop != end || SegmentName(first) != name || first > kSequenceMax) return std::nullopt;
  return first;
}

void LogIfBad(const absl::Status& status) {
  if (!status.ok()) spdlog::error("spool: {}", status.ToString());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(SpoolOptions options, const Clock& clock) {
  options.segment_bytes = std::min(options.segment_bytes, options.bytes_max / 8);
  std::unique_ptr<Spool> spool(new Spool(std::move(options), clock));
  NINES_RETURN_IF_ERROR(spool->Recover());
  return spool;
}

Spool::~Spool() {
  if (!meta_.epoch()) return;
  LogIfBad(Sync());
  LogIfBad(WriteMeta());
}

absl::Status Spool::Recover() {
  std::error_code error;
  std::filesystem::create_directories(options_.directory, error);
  if (error) {
    return absl::UnavailableError(StrCat("spool_dir ", options_.directory.string(), ": ", error.message()));
  }
  NINES_ASSIGN_OR_RETURN(lock_, OpenFile(options_.directory / "lock", O_RDWR | O_CREAT));
  if (::flock(lock_.fd(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(StrCat("spool_dir ", options_.directory.string(),
                                                " is in use by another process; give each collector one of its own"));
  }
  NINES_RETURN_IF_ERROR(LoadMeta());
  std::map<uint64_t, std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
    if (const auto first = FirstOfName(entry.path().filename().string())) found[*first] = entry.path();
  }
  if (error) return absl::UnavailableError(StrCat(options_.directory.string(), ": ", error.message()));
  for (const auto& [first, path] : found) {
    NINES_RETURN_IF_ERROR(RecoverSegment(first, path, first == found.rbegin()->first));
  }
  return WriteMeta();
}

absl::Status Spool::LoadMeta() {
  const std::filesystem::path path = options_.directory / "meta";
  if (!std::filesystem::exists(path)) {
    meta_.set_version(kVersion);
    meta_.set_epoch(RandomEpoch());
    meta_.set_next_sequence(1);
    return absl::OkStatus();
  }
  NINES_ASSIGN_OR_RETURN(File file, OpenFile(path, O_RDONLY));
  std::string bytes;
  const absl::StatusOr<int64_t> end = ReadRecord(file, path, 0, &bytes);
  v1::SpoolMeta meta;
  if (!end.ok() || !meta.ParseFromString(bytes) || meta.next_sequence() == 0 || meta.next_sequence() > kSequenceMax) {
    return absl::DataLossError(StrCat(path.string(), " is damaged; move ", options_.directory.string(),
                                      " away to begin with an empty spool, or put the file back"));
  }
  if (meta.version() != kVersion) {
    return absl::FailedPreconditionError(
        StrCat(path.string(), ": format version ", meta.version(), "; this program knows version ", kVersion));
  }
  meta_ = std::move(meta);
  return absl::OkStatus();
}

absl::Status Spool::WriteMeta() {
  meta_written_at_ = clock_.Monotonic();
  return ReplaceFile(options_.directory / "meta", FrameRecord(meta_.SerializeAsString()));
}

absl::Status Spool::RecoverSegment(uint64_t first, const std::filesystem::path& path, bool is_last) {
  Segment segment;
  segment.path = path;
  v1::SpoolRecord record;
  const auto take = [&](std::string_view bytes) {
    if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
    const uint64_t sequence = record.batch().sequence();
    if (sequence < first || sequence <= segment.last_sequence || sequence > kSequenceMax) return false;
    segment.last_sequence = sequence;
    segment.last_spooled_ms = record.spooled_ms();
    ++segment.records;
    for (const auto& [source, cursor] : record.cursors()) (*meta_.mutable_cursors())[source] = cursor;
    return true;
  };
  NINES_ASSIGN_OR_RETURN(const SegmentScan scan, ScanSegment(path, take));
  segment.bytes = scan.good_bytes;
  segment.file_bytes = scan.file_bytes;
  uint64_t next = std::max(first, segment.last_sequence + 1);
  if (scan.good_bytes < scan.file_bytes) {
    // Whatever stood there may have been sent: its numbers are not used again.
    next += static_cast<uint64_t>((scan.file_bytes - scan.good_bytes) / kRecordHeaderBytes) + 1;
    if (is_last && scan.torn) {
      spdlog::info("spool: {}: cut an unfinished record at offset {}", path.string(), scan.good_bytes);
      if (::truncate(path.c_str(), scan.good_bytes) != 0) return ErrnoError("truncate", path);
      segment.file_bytes = scan.good_bytes;
    } else {
      spdlog::error("spool: {} is damaged at offset {}: {} bytes are lost; going on with the next segment",
                    path.string(), scan.good_bytes, scan.file_bytes - scan.good_bytes);
      ++damaged_segments_;
    }
  }
  meta_.set_next_sequence(std::max(meta_.next_sequence(), next));
  if (segment.records == 0) {
    std::filesystem::remove(path);
    return absl::OkStatus();
  }
  bytes_ += segment.file_bytes;
  segments_.emplace(first, std::move(segment));
  return absl::OkStatus();
}

bool Spool::IsActive(Segments::iterator segment) const {
  return active_.is_open() && segment->first == segments_.rbegin()->first;
}

bool Spool::SegmentIsDue() const {
  const Segment& active = segments_.rbegin()->second;
  // A segment repeats its registrations: with many series it has to be longer to be worth it.
  const int64_t due_bytes = std::min(std::max(options_.segment_bytes, 4 * active.registration_bytes),
                                     std::max(options_.bytes_max / 4, options_.segment_bytes));
  if (active.bytes >= due_bytes || active_is_damaged_) return true;
  if (active.records == 0) return false;
  if (active.last_sequence <= acked_sequence() && active.bytes >= due_bytes / 4) return true;
  return active.last_spooled_ms < clock_.NowMs() - options_.age_max_ms;
}

absl::StatusOr<std::optional<uint64_t>> Spool::Reserve(int64_t record_bytes) {
  if (active_.is_open() && SegmentIsDue()) NINES_RETURN_IF_ERROR(EndSegment());
  NINES_RETURN_IF_ERROR(DropOld());
  const auto full = [&] { return bytes_ + record_bytes > options_.bytes_max && bytes_ > 0; };
  if (full() && options_.when_full == WhenFull::kWait) {
    const bool all_acked = active_.is_open() && segments_.rbegin()->second.last_sequence <= acked_sequence();
    if (!all_acked || segments_.rbegin()->second.records == 0) return std::nullopt;
    NINES_RETURN_IF_ERROR(EndSegment());
    NINES_RETURN_IF_ERROR(DropOld());
    if (full()) return std::nullopt;
  }
  while (full() && !segments_.empty()) {
    if (IsActive(segments_.begin())) NINES_RETURN_IF_ERROR(EndSegment());
    NINES_RETURN_IF_ERROR(DropSegment(segments_.begin()));
  }
  if (!active_.is_open()) NINES_RETURN_IF_ERROR(StartSegment());
  return segments_.rbegin()->first;
}

absl::Status Spool::StartSegment() {
  const uint64_t first = meta_.next_sequence();
  Segment segment;
  segment.path = options_.directory / SegmentName(first);
  NINES_ASSIGN_OR_RETURN(File file, OpenFile(segment.path, O_RDWR | O_CREAT | O_TRUNC));
  NINES_RETURN_IF_ERROR(WriteAt(file, segment.path, 0, kSegmentMagic));
  NINES_RETURN_IF_ERROR(SyncDirectory(options_.directory));
  segment.bytes = segment.file_bytes = kSegmentHeaderBytes;
  bytes_ += kSegmentHeaderBytes;
  active_ = std::move(file);
  unsynced_ = true;
  segments_.insert_or_assign(first, std::move(segment));
  return absl::OkStatus();
}

absl::Status Spool::EndSegment() {
  NINES_RETURN_IF_ERROR(Sync());
  active_ = File();
  active_is_damaged_ = false;
  return absl::OkStatus();
}

absl::Status Spool::Append(v1::SpoolRecord* record) {
  NINES_CHECK(active_.is_open());
  Segment& segment = segments_.rbegin()->second;
  record->mutable_batch()->set_sequence(meta_.next_sequence());
  record->set_spooled_ms(clock_.NowMs());
  const std::string frame = FrameRecord(record->SerializeAsString());
  NINES_CHECK(frame.size() <= kRecordBytesLimit);
  NINES_RETURN_IF_ERROR(WriteAt(active_, segment.path, segment.bytes, frame));
  unsynced_ = true;
  segment.last_sequence = meta_.next_sequence();
  segment.last_spooled_ms = record->spooled_ms();
  ++segment.records;
  segment.bytes += static_cast<int64_t>(frame.size());
  segment.file_bytes = segment.bytes;
  bytes_ += static_cast<int64_t>(frame.size());
  for (const auto& registration : record->batch().register_series()) {
    segment.registration_bytes += static_cast<int64_t>(registration.ByteSizeLong());
  }
  meta_.set_next_sequence(meta_.next_sequence() + 1);
  for (const auto& [source, cursor] : record->cursors()) (*meta_.mutable_cursors())[source] = cursor;
  return absl::OkStatus();
}

absl::Status Spool::Sync() {
  if (!unsynced_ || !active_.is_open()) return absl::OkStatus();
  NINES_RETURN_IF_ERROR(SyncFile(active_, segments_.rbegin()->second.path));
  unsynced_ = false;
  return absl::OkStatus();
}

absl::Status Spool::DropSegment(Segments::iterator segment) {
  NINES_CHECK(!IsActive(segment));
  const Segment& gone = segment->second;
  if (gone.last_sequence > acked_sequence()) {
    // Numbers without a record were never used; they make the count at most as high as what is in the segment.
    const uint64_t unacked = gone.last_sequence - std::max(acked_sequence(), segment->first - 1);
    const uint64_t dropped = std::min(gone.records, unacked);
    meta_.set_dropped_records(meta_.dropped_records() + dropped);
    dropped_through_ = std::max(dropped_through_, gone.last_sequence);
    spdlog::warn("spool: dropped {} records that were never acknowledged, as {} is full or they are too old", dropped,
                 options_.directory.string());
  }
  NINES_RETURN_IF_ERROR(Sync());  // `meta` must not know cursors of records that are not there
  // On a full disk only deleting makes room. What `meta` says less then is sent or read once more, as long as a later
  // segment still holds the sequence numbers.
  const absl::Status saved = WriteMeta();
  if (!saved.ok() && !(absl::IsResourceExhausted(saved) && segments_.size() > 1)) return saved;
  if (::unlink(gone.path.c_str()) != 0 && errno != ENOENT) return ErrnoError("delete", gone.path);
  bytes_ -= gone.file_bytes;
  segments_.erase(segment);
  return absl::OkStatus();
}

absl::Status Spool::DropOld() {
  const int64_t oldest_ms = clock_.NowMs() - options_.age_max_ms;
  while (!segments_.empty() && !IsActive(segments_.begin())) {
    const Segment& segment = segments_.begin()->second;
    if (segment.last_sequence > acked_sequence() && segment.last_spooled_ms >= oldest_ms) break;
    NINES_RETURN_IF_ERROR(DropSegment(segments_.begin()));
  }
  return absl::OkStatus();
}

void Spool::Acknowledge(uint64_t sequence) {
  if (sequence <= acked_sequence()) return;
  meta_.set_acked_sequence(std::min(sequence, last_sequence()));
  LogIfBad(DropOld());
  if (clock_.Monotonic() - meta_written_at_ >= kMetaInterval) {
    LogIfBad(Sync());
    LogIfBad(WriteMeta());
  }
}

void Spool::Rewind(uint64_t sequence) { meta_.set_acked_sequence(std::min(sequence, acked_sequence())); }

absl::Status Spool::RenewEpoch() {
  meta_.set_epoch(RandomEpoch());
  meta_.set_acked_sequence(0);
  NINES_RETURN_IF_ERROR(Sync());
  return WriteMeta();
}

absl::StatusOr<bool> Spool::Read(Position* position, v1::SpoolRecord* record) {
  std::string bytes;
  for (auto it = segments_.lower_bound(position->segment); it != segments_.end(); ++it) {
    Segment& segment = it->second;
    if (it->first != position->segment || position->offset == 0) *position = {it->first, kSegmentHeaderBytes};
    if (position->offset >= segment.bytes) continue;
    if (IsActive(it)) NINES_RETURN_IF_ERROR(Sync());
    if (!reader_.is_open() || reader_segment_ != it->first) {
      NINES_ASSIGN_OR_RETURN(reader_, OpenFile(segment.path, O_RDONLY));
      reader_segment_ = it->first;
    }
    const absl::StatusOr<int64_t> next = ReadRecord(reader_, segment.path, position->offset, &bytes);
    if (next.ok() && record->ParseFromString(bytes)) {
      position->offset = *next;
      return true;
    }
    if (!next.ok() && !absl::IsDataLoss(next.status())) return next.status();
    if (IsActive(it)) {
      // It is left alone until the next record has begun another segment, as one may be on its way into it.
      active_is_damaged_ = true;
      return absl::DataLossError(StrCat(segment.path.string(), " is damaged at offset ", position->offset));
    }
    spdlog::error("spool: {} is damaged at offset {}; going on with the next segment", segment.path.string(),
                  position->offset);
    ++damaged_segments_;
    segment.bytes = position->offset;
  }
  return false;
}

std::string Spool::cursor(const std::string& source) const {
  const auto it = meta_.cursors().find(source);
  return it == meta_.cursors().end() ? std::string() : it->second;
}

}  // namespace nines::collector
