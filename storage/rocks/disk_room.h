#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "storage/rocks/database.h"

namespace nines::rocks {

// Whether there is room for more in a data directory. Thread-safe.
class DiskRoom {
 public:
  struct Limits {
    uint64_t bytes_max = 0;      // of the directory; 0: none
    uint64_t reserve_bytes = 0;  // free on its file system; 0: kReserveBytes, or a twentieth of it if that is less
  };
  static constexpr uint64_t kReserveBytes = 256 << 20;

  DiskRoom(const Database& database, std::string directory, Limits limits)
      : database_(database), directory_(std::move(directory)), limits_(limits) {}

  // ResourceExhausted says which limit is reached and what to do.
  absl::Status Check() const;

 private:
  const Database& database_;
  const std::string directory_;
  const Limits limits_;
};

}  // namespace nines::rocks
