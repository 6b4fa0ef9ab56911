#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/sources/tcp_address.h"
#include "collectors/sources/tcp_deadline.h"

namespace nines::collector {

// Addresses of a host name by /etc/hosts and the system's DNS servers, in the order to try them (RFC 6724). An address
// as text is returned at once. Nothing blocks, and nothing is cached: a probe sees what a user would see. Never empty.
boost::asio::awaitable<absl::StatusOr<std::vector<boost::asio::ip::address>>> LookupHost(const std::string& host,
                                                                                         Deadline& deadline);

enum class DnsType { kA = 1, kNs = 2, kCname = 5, kSoa = 6, kMx = 15, kTxt = 16, kAaaa = 28 };
// "A", "aaaa", …
std::optional<DnsType> ParseDnsType(std::string_view text);

struct DnsQuestion {
  std::string name;
  DnsType type = DnsType::kA;
  std::optional<HostPort> server;  // none: the system's
};

// Asks once (and a second time if no answer comes). The addresses of the answer for A and AAAA, none for other types.
// An error says what was wrong with the answer: no such name, no record of that type, refused, timed out.
boost::asio::awaitable<absl::StatusOr<std::vector<boost::asio::ip::address>>> AskDns(const DnsQuestion& question,
                                                                                     Deadline& deadline);

}  // namespace nines::collector
