#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace nines::rpc {

// The page size that a request asks for; 0 = `otherwise`. InvalidArgument below 0 and above `max`.
absl::StatusOr<size_t> PageSize(int32_t asked, size_t otherwise, size_t max);

// A page token is where the next page begins, as opaque text. `method` goes into it, so that a token of another method
// is recognised.
std::string PageToken(std::string_view method, std::string_view position);
// Empty where the token is: begin at the beginning. InvalidArgument for what the method never gave.
absl::StatusOr<std::string> ReadPageToken(std::string_view method, const std::string& token);
absl::Status BadPageToken();

}  // namespace nines::rpc
