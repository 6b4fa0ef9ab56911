#include <arpa/inet.h>

#include <charconv>

#include "base/text.h"
#include "daemon/config/config.h"

namespace nines::config {
namespace {

absl::Status Bad(const std::string& text) {
  return absl::InvalidArgumentError(
      StrCat("'", text, "' is not an address to listen on; write HOST:PORT, for example 127.0.0.1:9460 or [::1]:9460"));
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return Bad(text);
  ListenAddress address{.host = text.substr(0, colon)};
  const std::string port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size()) return Bad(text);

  if (address.host == "localhost") {
    address.loopback = true;
    return address;
  }
  in_addr v4;
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) {
    address.loopback = ntohl(v4.s_addr) >> 24 == 127;
    return address;
  }
  const bool bracketed = address.host.size() > 2 && address.host.front() == '[' && address.host.back() == ']';
  in6_addr v6;
  if (!bracketed || inet_pton(AF_INET6, address.host.substr(1, address.host.size() - 2).c_str(), &v6) != 1)
    return Bad(text);
  address.loopback = IN6_IS_ADDR_LOOPBACK(&v6);
  return address;
}

}  // namespace nines::config
