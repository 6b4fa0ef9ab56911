#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace nines::seal {

// By name, with '/' between folders.
using Files = std::map<std::string, std::string>;

// One file of all: POSIX ustar, by name, everything but names and contents always the same.
std::string WriteArchive(const Files& files);
// Strict: takes nothing that WriteArchive() does not write. InvalidArgument says which entry is wrong.
absl::StatusOr<Files> ReadArchive(std::string_view bytes);

}  // namespace nines::seal
