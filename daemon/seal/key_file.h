#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::seal {

// Content of a file that nobody but its owner may read or write: FailedPrecondition otherwise, which says what to do.
// NotFound if there is none.
absl::StatusOr<std::string> ReadKeyFile(const std::string& path);

// Makes such a file, whole and durable or not at all. AlreadyExists leaves the one that is there.
absl::Status CreateKeyFile(const std::string& path, std::string_view content);

}  // namespace nines::seal
