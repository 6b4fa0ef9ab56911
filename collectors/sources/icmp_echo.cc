#include "collectors/sources/icmp_echo.h"

#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/ip/icmp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/status_macros.h"

namespace nines::collector {
namespace {

namespace asio = boost::asio;

// RFC 792 and RFC 4443: type, code, checksum, identifier, sequence; then a token that only our reply carries.
constexpr size_t kHeaderBytes = 8;
constexpr size_t kTokenBytes = 16;
using Packet = std::array<uint8_t, kHeaderBytes + kTokenBytes>;

struct EchoTypes {
  uint8_t request;
  uint8_t reply;
};
EchoTypes TypesOf(const asio::ip::address& address) { return address.is_v4() ? EchoTypes{8, 0} : EchoTypes{128, 129}; }

// RFC 1071.
uint16_t Checksum(const Packet& packet) {
  uint32_t sum = 0;
  for (size_t i = 0; i < packet.size(); i += 2) sum += static_cast<uint32_t>(packet[i]) << 8 | packet[i + 1];
  while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

absl::StatusOr<Packet> MakeRequest(const asio::ip::address& address) {
  Packet packet{};
  packet[0] = TypesOf(address).request;
  // Identifier and token: chance, so that replies to others are told apart.
  if (getrandom(packet.data() + kHeaderBytes, kTokenBytes, 0) != static_cast<ssize_t>(kTokenBytes)) {
    return absl::InternalError("getrandom failed");
  }
  packet[4] = packet[kHeaderBytes];
  packet[5] = packet[kHeaderBytes + 1];
  packet[7] = 1;
  // The kernel fills it in for IPv6, and for sockets without privilege.
  const uint16_t checksum = Checksum(packet);
  packet[2] = static_cast<uint8_t>(checksum >> 8);
  packet[3] = static_cast<uint8_t>(checksum & 0xFF);
  return packet;
}

struct EchoSocket {
  int fd = -1;
  bool raw = false;
};

absl::StatusOr<EchoSocket> OpenSocket(const asio::ip::address& address) {
  const int family = address.is_v4() ? AF_INET : AF_INET6;
  const int protocol = address.is_v4() ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
  int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd >= 0) return EchoSocket{fd, false};
  fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
  if (fd >= 0) return EchoSocket{fd, true};
  if (errno == EPERM || errno == EACCES) {
    return absl::PermissionDeniedError(
        "ICMP is not permitted: allow the collector's group in the sysctl net.ipv4.ping_group_range, or give the "
        "collector "
        "CAP_NET_RAW");
  }
  return absl::ResourceExhaustedError(StrCat("ICMP socket: ", std::strerror(errno)));
}

// What a raw IPv4 socket receives begins with the IP header, everything else with the ICMP header.
bool IsReply(const uint8_t* data, size_t bytes, const EchoSocket& socket, const asio::ip::address& from,
             const Packet& request) {
  size_t skip = 0;
  if (socket.raw && from.is_v4()) {
    if (bytes == 0) return false;
    skip = static_cast<size_t>(data[0] & 0x0F) * 4;
  }
  if (bytes < skip + request.size()) return false;
  return data[skip] == TypesOf(from).reply &&
         std::memcmp(data + skip + kHeaderBytes, request.data() + kHeaderBytes, kTokenBytes) == 0;
}

absl::Status NetworkError(std::string_view doing, int number) {
  if (number == EPERM) {
    return absl::PermissionDeniedError(
        StrCat(doing, ": ", std::strerror(number), " (does this machine's firewall forbid ICMP?)"));
  }
  return absl::UnavailableError(StrCat(doing, ": ", std::strerror(number)));
}

}  // namespace

asio::awaitable<absl::Status> SendEcho(asio::ip::address address, Deadline& deadline) {
  const absl::StatusOr<Packet> request = MakeRequest(address);
  if (!request.ok()) co_return request.status();
  const absl::StatusOr<EchoSocket> opened = OpenSocket(address);
  if (!opened.ok()) co_return opened.status();
  asio::posix::stream_descriptor descriptor(co_await asio::this_coro::executor, opened->fd);
  const asio::ip::icmp::endpoint endpoint(address, 0);
  // Connected, so that the network's refusals come back as errors, and other hosts' packets do not come at all.
  if (connect(opened->fd, endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0)
    co_return NetworkError("connect", errno);
  if (send(opened->fd, request->data(), request->size(), MSG_NOSIGNAL) < 0) co_return NetworkError("send", errno);
  if (deadline.passed()) co_return deadline.Error();
  boost::system::error_code error;
  deadline.OnPassed([&descriptor] { descriptor.cancel(); });
  absl::Status status = absl::UnknownError("");
  while (absl::IsUnknown(status)) {
    co_await descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                   asio::redirect_error(asio::use_awaitable, error));
    if (deadline.passed() || error) break;
    std::array<uint8_t, 512> received;
    const ssize_t bytes = recv(opened->fd, received.data(), received.size(), 0);
    if (bytes < 0 && errno != EAGAIN && errno != EINTR) {
      status = NetworkError("receive", errno);
    } else if (bytes > 0 && IsReply(received.data(), static_cast<size_t>(bytes), *opened, address, *request)) {
      status = absl::OkStatus();
    }
  }
  deadline.OnPassed(nullptr);
  if (absl::IsUnknown(status)) co_return deadline.passed() ? deadline.Error() : absl::InternalError(error.message());
  co_return status;
}

}  // namespace nines::collector
