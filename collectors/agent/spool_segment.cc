#include "collectors/agent/spool_segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crc32c.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace nines::collector {
namespace {

void AppendU32(std::string* out, uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out->push_back(static_cast<char>(value >> shift));
}
uint32_t ReadU32(const char* bytes) {
  uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// As many bytes as there are, up to `count`.
absl::StatusOr<int64_t> ReadUpTo(const File& file, const std::filesystem::path& path, int64_t offset, int64_t count,
                                 char* out) {
  int64_t done = 0;
  while (done < count) {
    const ssize_t got = ::pread(file.fd(), out + done, static_cast<size_t>(count - done), offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError("read", path);
    if (got == 0) break;
    done += got;
  }
  return done;
}

// A write that was under way has left a record that reaches past the end, or blocks that were never filled.
absl::StatusOr<bool> IsTorn(const File& file, const std::filesystem::path& path, int64_t offset, int64_t file_bytes) {
  char header[kRecordHeaderBytes];
  NINES_ASSIGN_OR_RETURN(const int64_t got, ReadUpTo(file, path, offset, sizeof(header), header));
  if (got < kRecordHeaderBytes) return true;
  const uint32_t length = ReadU32(header);
  if (length <= kRecordBytesLimit && offset + kRecordHeaderBytes + length >= file_bytes) return true;
  std::string block(1 << 16, '\0');
  for (int64_t at = offset; at < file_bytes; at += static_cast<int64_t>(block.size())) {
    const int64_t want = std::min<int64_t>(static_cast<int64_t>(block.size()), file_bytes - at);
    NINES_ASSIGN_OR_RETURN(const int64_t count, ReadUpTo(file, path, at, want, block.data()));
    if (std::any_of(block.begin(), block.begin() + count, [](char c) { return c != 0; })) return false;
  }
  return true;
}

}  // namespace

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

std::string FrameRecord(std::string_view bytes) {
  std::string frame;
  frame.reserve(bytes.size() + kRecordHeaderBytes);
  AppendU32(&frame, static_cast<uint32_t>(bytes.size()));
  AppendU32(&frame, Crc32c(bytes));
  frame.append(bytes);
  return frame;
}

absl::Status ErrnoError(std::string_view what, const std::filesystem::path& path) {
  const int error = errno;
  const std::string message = StrCat(what, " ", path.string(), ": ", std::strerror(error));
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EACCES || error == EPERM || error == EROFS) return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

absl::StatusOr<File> OpenFile(const std::filesystem::path& path, int flags) {
  File file(::open(path.c_str(), flags | O_CLOEXEC, 0640));
  if (!file.is_open()) return ErrnoError("open", path);
  return file;
}

absl::Status WriteAt(const File& file, const std::filesystem::path& path, int64_t offset, std::string_view bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t put =
        ::pwrite(file.fd(), bytes.data() + done, bytes.size() - done, offset + static_cast<int64_t>(done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const absl::Status error = ErrnoError("write", path);
      if (::ftruncate(file.fd(), offset) != 0) return Annotate(ErrnoError("truncate", path), error.ToString());
      return error;
    }
    done += static_cast<size_t>(put);
  }
  return absl::OkStatus();
}

absl::Status SyncFile(const File& file, const std::filesystem::path& path) {
  return ::fdatasync(file.fd()) == 0 ? absl::OkStatus() : ErrnoError("fdatasync", path);
}

absl::Status SyncDirectory(const std::filesystem::path& directory) {
  NINES_ASSIGN_OR_RETURN(File file, OpenFile(directory, O_RDONLY | O_DIRECTORY));
  return ::fsync(file.fd()) == 0 ? absl::OkStatus() : ErrnoError("fsync", directory);
}

absl::Status ReplaceFile(const std::filesystem::path& path, std::string_view bytes) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  {
    NINES_ASSIGN_OR_RETURN(File file, OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC));
    NINES_RETURN_IF_ERROR(WriteAt(file, temporary, 0, bytes));
    NINES_RETURN_IF_ERROR(SyncFile(file, temporary));
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) return ErrnoError("rename", path);
  return SyncDirectory(path.parent_path());
}

absl::StatusOr<int64_t> ReadRecord(const File& file, const std::filesystem::path& path, int64_t offset,
                                   std::string* bytes) {
  char header[kRecordHeaderBytes];
  NINES_ASSIGN_OR_RETURN(const int64_t got, ReadUpTo(file, path, offset, sizeof(header), header));
  const uint32_t length = got == kRecordHeaderBytes ? ReadU32(header) : 0;
  if (length > 0 && length <= kRecordBytesLimit) {
    bytes->resize(length);
    NINES_ASSIGN_OR_RETURN(const int64_t body,
                           ReadUpTo(file, path, offset + kRecordHeaderBytes, length, bytes->data()));
    if (body == length && Crc32c(*bytes) == ReadU32(header + 4)) return offset + kRecordHeaderBytes + length;
  }
  return absl::DataLossError(StrCat(path.string(), ": no good record at offset ", offset));
}

absl::StatusOr<SegmentScan> ScanSegment(const std::filesystem::path& path,
                                        const std::function<bool(std::string_view)>& record) {
  NINES_ASSIGN_OR_RETURN(File file, OpenFile(path, O_RDONLY));
  struct stat info;
  if (::fstat(file.fd(), &info) != 0) return ErrnoError("stat", path);
  SegmentScan scan;
  scan.file_bytes = info.st_size;
  char magic[kSegmentHeaderBytes];
  NINES_ASSIGN_OR_RETURN(const int64_t got, ReadUpTo(file, path, 0, sizeof(magic), magic));
  if (std::string_view(magic, static_cast<size_t>(got)) != kSegmentMagic) {
    const bool all_zero = std::all_of(magic, magic + got, [](char c) { return c == 0; });
    scan.torn = got < kSegmentHeaderBytes || all_zero;
    return scan;
  }
  scan.good_bytes = kSegmentHeaderBytes;
  std::string bytes;
  while (scan.good_bytes < scan.file_bytes) {
    const absl::StatusOr<int64_t> next = ReadRecord(file, path, scan.good_bytes, &bytes);
    if (!next.ok() && !absl::IsDataLoss(next.status())) return next.status();
    if (!next.ok() || !record(bytes)) {
      NINES_ASSIGN_OR_RETURN(scan.torn, IsTorn(file, path, scan.good_bytes, scan.file_bytes));
      break;
    }
    scan.good_bytes = *next;
  }
  return scan;
}

}  // namespace nines::collector
