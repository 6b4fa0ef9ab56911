#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace nines::cli {

// The account of one case: its facts, results and contract as JSON in, its account as JSON out (SLA.md section 10), by
// the functions that the daemon uses. INVALID_ARGUMENT names the path of what is wrong.
absl::StatusOr<std::string> AccountCase(std::string_view json);

}  // namespace nines::cli
