#include "storage/series/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.h"
#include "base/crc32c.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".log";
constexpr uint32_t kMagic = 0x6e4c4f47;  // "nLOG"
// Magic, length of the payload, number, checksum of these, checksum of number and payload.
constexpr size_t kHeaderBytes = 4 + 4 + 8 + 4 + 4;
constexpr size_t kAlignment = 8;
constexpr uint64_t kPayloadBytesMax = 1 << 30;

struct Header {
  uint32_t length = 0;
  uint64_t number = 0;
  uint32_t payload_checksum = 0;
};

size_t Aligned(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

uint32_t PayloadChecksum(uint64_t number, std::string_view payload) {
  std::string key;
  codec::AppendFixed64(number, &key);
  return Crc32c(payload, Crc32c(key));
}

void AppendHeader(const Header& header, std::string* bytes) {
  const size_t begin = bytes->size();
  codec::AppendFixed32(kMagic, bytes);
  codec::AppendFixed32(header.length, bytes);
  codec::AppendFixed64(header.number, bytes);
  codec::AppendFixed32(Crc32c(std::string_view(*bytes).substr(begin)), bytes);
  codec::AppendFixed32(header.payload_checksum, bytes);
}

// False where there is no header at `at`.
bool ReadHeader(std::string_view bytes, size_t at, Header* header) {
  if (at + kHeaderBytes > bytes.size()) return false;
  codec::ByteReader reader(bytes.substr(at, kHeaderBytes));
  const uint32_t magic = reader.Fixed32();
  header->length = reader.Fixed32();
  header->number = reader.Fixed64();
  const uint32_t checksum = reader.Fixed32();
  header->payload_checksum = reader.Fixed32();
  return magic == kMagic && header->length <= kPayloadBytesMax && checksum == Crc32c(bytes.substr(at, 16));
}

absl::Status SyncDirectory(const std::string& directory) {
  const int file = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return absl::UnavailableError(StrCat(directory, ": cannot be opened: ", std::strerror(errno)));
  const bool good = fsync(file) == 0;
  close(file);
  return good ? absl::OkStatus() : absl::UnavailableError(StrCat(directory, ": cannot be synced"));
}

}  // namespace

absl::Status Log::Error(std::string_view verb, const std::string& path) const {
  const int error = errno;
  const std::string message = StrCat("log ", path, ": cannot be ", verb, ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT)
    return absl::ResourceExhaustedError(StrCat(message, "; make room on the disk"));
  if (error == EACCES || error == EROFS || error == EPERM) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

std::string Log::PathOf(uint64_t first) const {
  std::string digits = std::to_string(first);
  return StrCat(directory_, "/", std::string(20 - digits.size(), '0'), digits, kSuffix);
}

absl::StatusOr<std::unique_ptr<Log>> Log::Open(const std::string& directory, const Options& options) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) {
    return absl::PermissionDeniedError(StrCat("log directory ", directory, " cannot be created: ", error.message(),
                                              "; give it to the user of ninesd"));
  }
  std::unique_ptr<Log> log(new Log(directory, options));
  NINES_RETURN_IF_ERROR(log->ListSegments());
  return log;
}

Log::~Log() { EndSegment(); }

absl::Status Log::ListSegments() {
  std::error_code error;
  MutexLock lock(mutex_);
  for (fs::directory_iterator at(directory_, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    uint64_t first = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), first);
    if (parsed.ec != std::errc() || std::string_view(parsed.ptr) != kSuffix || first == 0) continue;
    segments_.push_back({first, 0});
  }
  if (error) {
    return absl::PermissionDeniedError(StrCat("log directory ", directory_, " cannot be read: ", error.message()));
  }
  std::sort(segments_.begin(), segments_.end(), [](const Segment& a, const Segment& b) { return a.first < b.first; });
  return absl::OkStatus();
}

absl::Status Log::Replay(uint64_t from, const Visit& visit, const std::function<void(std::string)>& damaged) {
  next_number_ = from;
  MutexLock lock(mutex_);
  bool more = true;
  for (size_t i = 0; i < segments_.size() && more; ++i) {
    // What is wholly before `from` waits for being deleted.
    if (i + 1 < segments_.size() && segments_[i + 1].first <= from) continue;
    if (segments_[i].first > next_number_) {
      damaged(StrCat("log ", PathOf(segments_[i].first), ": records ", next_number_, " to ", segments_[i].first - 1,
                     " before it are missing; what they held is lost"));
    }
    NINES_RETURN_IF_ERROR(ReplaySegment(segments_[i], from, visit, damaged, &more));
  }
  return absl::OkStatus();
}

absl::Status Log::ReplaySegment(Segment& segment, uint64_t from, const Visit& visit,
                                const std::function<void(std::string)>& damaged, bool* more) {
  const std::string path = PathOf(segment.first);
  std::ifstream stream(path, std::ios::binary);
  std::stringstream content;
  content << stream.rdbuf();
  if (!stream.is_open() || stream.bad()) return Error("read", path);
  const std::string bytes = std::move(content).str();
  std::string pending;  // damage, until something good stands behind it
  Header header;
  for (size_t at = 0; at + kHeaderBytes <= bytes.size();) {
    if (!ReadHeader(bytes, at, &header)) {
      // Nothing but zeros is what was set aside and not used.
      if (pending.empty() && bytes.compare(at, kHeaderBytes, std::string(kHeaderBytes, '\0')) != 0) {
        pending = StrCat("log ", path, " at byte ", at, ": no record begins here");
      }
      at += kAlignment;
      continue;
    }
    const std::string_view payload = std::string_view(bytes).substr(at + kHeaderBytes, header.length);
    const bool good =
        payload.size() == header.length && PayloadChecksum(header.number, payload) == header.payload_checksum;
    if (!good) {
      if (pending.empty())
        pending = StrCat("log ", path, " at byte ", at, ", record ", header.number, ": its checksum is wrong");
      at += kAlignment;
      continue;
    }
    if (!pending.empty()) damaged(StrCat(pending, "; what it held is lost"));
    pending.clear();
    segment.bytes = at + Aligned(kHeaderBytes + header.length);
    next_number_ = std::max(next_number_, header.number + 1);
    at = segment.bytes;
    if (header.number < from) continue;
    *more = visit(header.number, payload);
    if (!*more) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status Log::BeginSegment(uint64_t room) {
  const std::string path = PathOf(next_number_);
  // What a torn write left here before was never durable.
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file_ < 0) return Error("created", path);
  allocated_ = std::max(room, options_.segment_bytes);
  // Set aside at once: then a full disk is noticed here, and a sync writes no sizes.
  if (const int error = posix_fallocate(file_, 0, static_cast<off_t>(allocated_)); error != 0) {
    errno = error;
    const absl::Status status = Error("set aside", path);
    close(file_);
    file_ = -1;
    unlink(path.c_str());
    return status;
  }
  absl::Status synced = fsync(file_) == 0 ? absl::OkStatus() : Error("synced", path);
  if (synced.ok()) synced = SyncDirectory(directory_);
  if (!synced.ok()) {
    close(file_);
    file_ = -1;
    unlink(path.c_str());
    return synced;
  }
  MutexLock lock(mutex_);
  std::erase_if(segments_, [this](const Segment& segment) { return segment.first == next_number_; });
  segments_.push_back({next_number_, 0});
  return absl::OkStatus();
}

void Log::EndSegment() {
  if (file_ < 0) return;
  uint64_t used = 0;
  {
    MutexLock lock(mutex_);
    used = segments_.back().bytes;
  }
  // Only gives back what was set aside.
  if (ftruncate(file_, static_cast<off_t>(used)) != 0) errno = 0;
  close(file_);
  file_ = -1;
}

absl::Status Log::Append(std::string_view payload) {
  NINES_CHECK(payload.size() <= kPayloadBytesMax);
  buffer_.clear();
  AppendHeader({static_cast<uint32_t>(payload.size()), next_number_, PayloadChecksum(next_number_, payload)}, &buffer_);
  buffer_.append(payload);
  buffer_.resize(Aligned(buffer_.size()));
  uint64_t at = 0;
  {
    MutexLock lock(mutex_);
    if (file_ >= 0) at = segments_.back().bytes;
  }
  if (file_ < 0 || at + buffer_.size() > allocated_) {
    EndSegment();
    NINES_RETURN_IF_ERROR(BeginSegment(buffer_.size()));
    at = 0;
  }
  const std::string_view rest = buffer_;
  for (size_t written = 0; written < rest.size();) {
    const ssize_t count = pwrite(file_, rest.data() + written, rest.size() - written, static_cast<off_t>(at + written));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Error("written", directory_);  // the next one writes over it
    written += static_cast<size_t>(count);
  }
  if (fdatasync(file_) != 0) {
    const absl::Status status = Error("synced", directory_);
    EndSegment();
    return status;
  }
  ++next_number_;
  MutexLock lock(mutex_);
  segments_.back().bytes = at + buffer_.size();
  return absl::OkStatus();
}

absl::Status Log::Cut(uint64_t number) {
  MutexLock lock(mutex_);
  while (segments_.size() > 1 && segments_[1].first <= number) {
    const std::string path = PathOf(segments_.front().first);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error("deleted", path);
    segments_.erase(segments_.begin());
  }
  // The last one as well, where nothing in it is needed and it takes no more.
  if (segments_.size() == 1 && file_ < 0 && number >= next_number_) {
    const std::string path = PathOf(segments_.front().first);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return Error("deleted", path);
    segments_.clear();
  }
  return absl::OkStatus();
}

absl::Status Log::End(uint64_t number) {
  EndSegment();
  return Cut(number);
}

absl::Status Log::CopyTo(const std::string& directory) {
  std::error_code error;
  fs::create_directory(directory, error);
  if (error) return absl::UnavailableError(StrCat(directory, ": cannot be created: ", error.message()));
  std::vector<Segment> segments;
  {
    MutexLock lock(mutex_);
    segments = segments_;
  }
  for (const Segment& segment : segments) {
    const std::string path = PathOf(segment.first);
    const std::string copy = StrCat(directory, "/", fs::path(path).filename().string());
    fs::copy_file(path, copy, error);
    if (!error) fs::resize_file(copy, segment.bytes, error);
    if (error) return absl::UnavailableError(StrCat(copy, ": cannot be written: ", error.message()));
    const int file = open(copy.c_str(), O_RDONLY | O_CLOEXEC);
    const bool good = file >= 0 && fsync(file) == 0;
    if (file >= 0) close(file);
    if (!good) return Error("synced", copy);
  }
  return SyncDirectory(directory);
}

uint64_t Log::file_bytes() const {
  MutexLock lock(mutex_);
  uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  if (file_ >= 0 && !segments_.empty()) bytes += allocated_ - segments_.back().bytes;
  return bytes;
}

}  // namespace nines::series
