#include "collectors/sources/tcp_address.h"

#include <boost/url.hpp>
#include <charconv>

#include "base/status_macros.h"

namespace nines::collector {
namespace {

bool ParsePort(std::string_view text, uint16_t* port) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *port);
  return error == std::errc() && end == text.data() + text.size() && *port != 0;
}

}  // namespace

std::string HostPort::Text() const {
  return host.find(':') == std::string::npos ? StrCat(host, ":", port) : StrCat("[", host, "]:", port);
}

absl::StatusOr<HostPort> ParseHostPort(std::string_view text) {
  HostPort result;
  const size_t colon = text.rfind(':');
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return absl::InvalidArgumentError(StrCat("'", text, "': write an IPv6 address as [address]:port"));
  }
  if (colon == std::string_view::npos || host.empty() || host.find_first_of(" /[]@") != std::string_view::npos ||
      !ParsePort(text.substr(colon + 1), &result.port)) {
    return absl::InvalidArgumentError(StrCat("'", text, "': expected host:port with a port from 1 to 65535"));
  }
  result.host = host;
  return result;
}

absl::StatusOr<HttpUrl> ParseHttpUrl(std::string_view text) {
  const auto expected = [&] {
    return absl::InvalidArgumentError(
        StrCat("'", text, "': expected a URL like http://host:port/path or https://host/path"));
  };
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(text.data(), text.size()));
  if (!parsed.has_value()) return expected();
  const boost::urls::url_view url = *parsed;
  HttpUrl result;
  if (url.scheme_id() == boost::urls::scheme::https) {
    result.tls = true;
  } else if (url.scheme_id() != boost::urls::scheme::http) {
    return expected();
  }
  result.address.port = result.tls ? 443 : 80;
  if (url.has_port() && !url.port().empty() && !ParsePort(std::string_view(url.port()), &result.address.port))
    return expected();
  result.address.host = url.host_address();
  if (result.address.host.empty()) return expected();
  result.host_header = std::string(url.encoded_host_and_port());
  result.target = std::string(url.encoded_path());
  if (result.target.empty()) result.target = "/";
  if (url.has_query()) StrAppend(&result.target, "?", std::string_view(url.encoded_query()));
  if (url.has_userinfo()) result.user_info = url.userinfo();
  return result;
}

}  // namespace nines::collector
