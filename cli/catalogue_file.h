#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::cli {

// The file at `path`, or standard input for "-", as a request carries it. NotFound if it cannot be read.
absl::StatusOr<v1::CatalogueFile> ReadCatalogueFile(const std::string& path);

}  // namespace nines::cli
