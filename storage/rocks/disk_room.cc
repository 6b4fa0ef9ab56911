#include "storage/rocks/disk_room.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace nines::rocks {

absl::Status DiskRoom::Check() const {
  if (limits_.bytes_max > 0) {
    const uint64_t used = database_.DiskBytes();
    if (used >= limits_.bytes_max) {
      return absl::ResourceExhaustedError(
          StrCat("data directory ", directory_, " has ", used, " bytes, and storage.disk_bytes_max is ",
                 limits_.bytes_max, "; raise it, or shorten the retention"));
    }
  }
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(directory_, error);
  // A file system that does not say is not full.
  if (error || space.capacity == 0) return absl::OkStatus();
  const uint64_t reserve =
      limits_.reserve_bytes > 0 ? limits_.reserve_bytes : std::min<uint64_t>(kReserveBytes, space.capacity / 20);
  if (space.available >= reserve) return absl::OkStatus();
  return absl::ResourceExhaustedError(StrCat("the file system of ", directory_, " has ", space.available,
                                             " bytes left, and ", reserve, " are kept free; make room on it"));
}

}  // namespace nines::rocks
