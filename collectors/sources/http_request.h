#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/sources/tcp_address.h"

namespace nines::collector {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The bytes of a request without a body. Host, User-Agent and, from the URL's user:password, Authorization are added
// unless `headers` has them. Errors name the header or method that cannot be sent.
absl::StatusOr<std::string> RequestText(std::string_view method, const HttpUrl& url, const HttpHeaders& headers);

// Inflates a body. OutOfRange if it is larger than `bytes_max`, InvalidArgument if it is not gzip.
absl::StatusOr<std::string> Gunzip(std::string_view body, size_t bytes_max);

}  // namespace nines::collector
