#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace nines::collector {

struct HostPort {
  std::string host;  // without the brackets of IPv6
  uint16_t port = 0;

  // "host:port", "[::1]:port"
  std::string Text() const;
};

// "host:port" or "[IPv6]:port". Errors say what was expected.
absl::StatusOr<HostPort> ParseHostPort(std::string_view text);

// An http:// or https:// URL, as far as a request needs it.
struct HttpUrl {
  bool tls = false;
  HostPort address;         // the scheme's port where the URL gives none
  std::string host_header;  // as the URL writes it
  std::string target;       // path and query, at least "/"
  std::string user_info;    // "user:password", decoded; empty = none
};
absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view text);

}  // namespace nines::collector
