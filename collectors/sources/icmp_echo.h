#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/address.hpp>

#include "absl/status/status.h"
#include "collectors/sources/tcp_deadline.h"

namespace nines::collector {

// Sends one ICMP echo request and waits for its reply. Needs no privilege where net.ipv4.ping_group_range allows the
// group, else CAP_NET_RAW; PermissionDenied says so where there is neither. Unavailable: the network says that it
// cannot be reached.
boost::asio::awaitable<absl::Status> SendEcho(boost::asio::ip::address address, Deadline& deadline);

}  // namespace nines::collector
