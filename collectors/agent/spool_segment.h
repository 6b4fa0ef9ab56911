#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::collector {

// A file descriptor that closes itself.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File();
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// One segment file of a spool:
//   "NINESPL1", then records of u32 length, u32 CRC-32C of the bytes, bytes. Integers little-endian.
inline constexpr std::string_view kSegmentMagic = "NINESPL1";
inline constexpr int64_t kSegmentHeaderBytes = 8;
inline constexpr int64_t kRecordHeaderBytes = 8;
// A longer record is taken for damage.
inline constexpr uint32_t kRecordBytesLimit = 64u << 20;

// The record as it stands in the file.
std::string FrameRecord(std::string_view bytes);

// "write spool/00…1.seg: No space left on device (28)"
absl::Status ErrnoError(std::string_view what, const std::filesystem::path& path);

absl::StatusOr<File> OpenFile(const std::filesystem::path& path, int flags);
// All of `bytes` at `offset`; on an error the file is as long as before.
absl::Status WriteAt(const File& file, const std::filesystem::path& path, int64_t offset, std::string_view bytes);
absl::Status SyncFile(const File& file, const std::filesystem::path& path);
absl::Status SyncDirectory(const std::filesystem::path& directory);
// Replaces `path` as a whole, durably.
absl::Status ReplaceFile(const std::filesystem::path& path, std::string_view bytes);

// The record at `offset` into `bytes`; the offset behind it. DataLoss where there is no whole record.
absl::StatusOr<int64_t> ReadRecord(const File& file, const std::filesystem::path& path, int64_t offset,
                                   std::string* bytes);

struct SegmentScan {
  // Behind the last good record; less than kSegmentHeaderBytes if not even the header is good.
  int64_t good_bytes = 0;
  int64_t file_bytes = 0;
  // Nothing but one unfinished write follows the good bytes, as a kill or power loss leaves it.
  bool torn = false;
};

// Reads a segment from start to end. `record` gets each good record; false from it counts as damage.
absl::StatusOr<SegmentScan> ScanSegment(const std::filesystem::path& path,
                                        const std::function<bool(std::string_view)>& record);

}  // namespace nines::collector
