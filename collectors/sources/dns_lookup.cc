#include "collectors/sources/dns_lookup.h"

#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <cstring>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"

namespace nines::collector {
namespace {

namespace asio = boost::asio;
using Addresses = std::vector<asio::ip::address>;

asio::ip::address ToAddress(const in_addr& address) {
  asio::ip::address_v4::bytes_type bytes;
  std::memcpy(bytes.data(), &address, bytes.size());
  return asio::ip::address_v4(bytes);
}

asio::ip::address ToAddress(const void* address, uint32_t scope) {
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), address, bytes.size());
  return asio::ip::address_v6(bytes, scope);
}

// One c-ares channel for one question, driven by the io_context: c-ares says which of its sockets it waits for, and is
// called when one of them is ready or its timer is over. Its configuration is read anew each time, so that changes of
// resolv.conf count. Handlers that are still queued keep it alive; Shutdown() makes them do nothing.
class AresQuery : public std::enable_shared_from_this<AresQuery> {
 public:
  explicit AresQuery(asio::any_io_executor executor)
      : executor_(executor), retry_timer_(executor), done_timer_(executor) {}
  ~AresQuery() { Shutdown(); }

  absl::Status Open(const std::optional<HostPort>& server, absl::Duration timeout) {
    static const int library = ares_library_init(ARES_LIB_INIT_ALL);
    if (library != ARES_SUCCESS) return absl::InternalError("c-ares cannot be initialised");
    ares_options options{};
    // Two tries, the second twice as long: together as long as the probe may take.
    options.timeout = static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(timeout) / 3, 1, 1'000'000));
    options.tries = 2;
    options.sock_state_cb = &AresQuery::OnSocketState;
    options.sock_state_cb_data = this;
    int result = ares_init_options(&channel_, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (result != ARES_SUCCESS) {
      channel_ = nullptr;
      return absl::ResourceExhaustedError(StrCat("the DNS client cannot be set up: ", ares_strerror(result)));
    }
    return server.has_value() ? SetServer(*server) : absl::OkStatus();
  }

  void AskAddresses(const std::string& host) {
    ares_addrinfo_hints hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, &AresQuery::OnAddressInfo, this);
    Pump();
  }

  void AskRecords(const std::string& name, DnsType type) {
    type_ = type;
    ares_query(channel_, name.c_str(), ns_c_in, static_cast<int>(type), &AresQuery::OnAnswer, this);
    Pump();
  }

  // Waits for the answer, at most until the deadline.
  static asio::awaitable<absl::StatusOr<Addresses>> Wait(std::shared_ptr<AresQuery> query, Deadline& deadline) {
    if (!query->done_ && !deadline.passed()) {
      query->done_timer_.expires_at(asio::steady_timer::time_point::max());
      deadline.OnPassed([&query] { query->done_timer_.cancel(); });
      boost::system::error_code ignored;
      co_await query->done_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      deadline.OnPassed(nullptr);
    }
    query->Shutdown();
    if (!query->done_) co_return deadline.Error();
    if (!query->error_.ok()) co_return query->error_;
    co_return std::move(query->addresses_);
  }

  void Shutdown() {
    shut_ = true;
    // Calls back what is still asked for, which changes nothing any more.
    if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
    sockets_.clear();
    retry_timer_.cancel();
  }

 private:
  struct Socket {
    explicit Socket(const asio::any_io_executor& executor, int fd) : descriptor(executor, fd) {}
    asio::posix::stream_descriptor descriptor;
    bool wants_read = false;
    bool wants_write = false;
    bool reading = false;
    bool writing = false;
    bool gone = false;
  };

  absl::Status SetServer(const HostPort& server) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(server.host, error);
    if (error) return absl::InternalError(StrCat("DNS server ", server.host, " is not an address"));
    ares_addr_port_node node{};
    node.udp_port = node.tcp_port = server.port;
    if (address.is_v4()) {
      node.family = AF_INET;
      std::memcpy(&node.addr.addr4, address.to_v4().to_bytes().data(), 4);
    } else {
      node.family = AF_INET6;
      std::memcpy(&node.addr.addr6, address.to_v6().to_bytes().data(), 16);
    }
    int result = ares_set_servers_ports(channel_, &node);
    if (result != ARES_SUCCESS) return absl::InternalError(StrCat("DNS server: ", ares_strerror(result)));
    return absl::OkStatus();
  }

  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<AresQuery*>(self)->Track(fd, readable != 0, writable != 0);
  }

  void Track(int fd, bool readable, bool writable) {
    auto found = sockets_.find(fd);
    if (!readable && !writable) {
      if (found == sockets_.end()) return;
      // c-ares closes it itself.
      found->second->gone = true;
      found->second->descriptor.release();
      sockets_.erase(found);
      return;
    }
    if (shut_) return;
    if (found == sockets_.end()) found = sockets_.emplace(fd, std::make_shared<Socket>(executor_, fd)).first;
    found->second->wants_read = readable;
    found->second->wants_write = writable;
    Arm(found->second, fd);
  }

  void Arm(const std::shared_ptr<Socket>& socket, int fd) {
    auto wait = [&](asio::posix::descriptor_base::wait_type type, bool Socket::*waiting) {
      (*socket).*waiting = true;
      socket->descriptor.async_wait(
          type, [self = shared_from_this(), socket, fd, waiting](boost::system::error_code error) {
            (*socket).*waiting = false;
            if (error || socket->gone || self->shut_) return;
            const bool read = waiting == &Socket::reading;
            ares_process_fd(self->channel_, read ? fd : ARES_SOCKET_BAD, read ? ARES_SOCKET_BAD : fd);
            if (!socket->gone && !self->shut_) self->Arm(socket, fd);
            self->Pump();
          });
    };
    if (socket->wants_read && !socket->reading) wait(asio::posix::descriptor_base::wait_read, &Socket::reading);
    if (socket->wants_write && !socket->writing) wait(asio::posix::descriptor_base::wait_write, &Socket::writing);
  }

  // Sets the timer for when c-ares wants to try again.
  void Pump() {
    if (shut_ || done_) return;
    timeval buffer{};
    const timeval* wait = ares_timeout(channel_, nullptr, &buffer);
    if (wait == nullptr) return;
    retry_timer_.expires_after(std::chrono::seconds(wait->tv_sec) + std::chrono::microseconds(wait->tv_usec + 1000));
    retry_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->shut_) return;
      ares_process_fd(self->channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
      self->Pump();
    });
  }

  void Finish(absl::Status error) {
    if (shut_) return;
    done_ = true;
    error_ = std::move(error);
    done_timer_.cancel();
  }

  static absl::Status Failed(int status) { return absl::UnavailableError(StrCat("DNS: ", ares_strerror(status))); }

  static void OnAddressInfo(void* arg, int status, int, ares_addrinfo* info) {
    auto* self = static_cast<AresQuery*>(arg);
    for (auto* node = info == nullptr ? nullptr : info->nodes; node != nullptr; node = node->ai_next) {
      if (node->ai_family == AF_INET) {
        self->addresses_.push_back(ToAddress(reinterpret_cast<const sockaddr_in*>(node->ai_addr)->sin_addr));
      } else if (node->ai_family == AF_INET6) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
        self->addresses_.push_back(ToAddress(&v6->sin6_addr, v6->sin6_scope_id));
      }
    }
    if (info != nullptr) ares_freeaddrinfo(info);
    if (status == ARES_SUCCESS && self->addresses_.empty()) status = ARES_ENODATA;
    self->Finish(status == ARES_SUCCESS ? absl::OkStatus() : Failed(status));
  }

  static void OnAnswer(void* arg, int status, int, unsigned char* answer, int bytes) {
    auto* self = static_cast<AresQuery*>(arg);
    if (status == ARES_SUCCESS) status = self->TakeAddresses(answer, bytes);
    self->Finish(status == ARES_SUCCESS ? absl::OkStatus() : Failed(status));
  }

  int TakeAddresses(const unsigned char* answer, int bytes) {
    constexpr int kMost = 64;
    int count = kMost;
    if (type_ == DnsType::kA) {
      ares_addrttl records[kMost];
      int status = ares_parse_a_reply(answer, bytes, nullptr, records, &count);
      for (int i = 0; status == ARES_SUCCESS && i < count; ++i) addresses_.push_back(ToAddress(records[i].ipaddr));
      return status == ARES_SUCCESS && count == 0 ? ARES_ENODATA : status;
    }
    if (type_ == DnsType::kAaaa) {
      ares_addr6ttl records[kMost];
      int status = ares_parse_aaaa_reply(answer, bytes, nullptr, records, &count);
      for (int i = 0; status == ARES_SUCCESS && i < count; ++i) addresses_.push_back(ToAddress(&records[i].ip6addr, 0));
      return status == ARES_SUCCESS && count == 0 ? ARES_ENODATA : status;
    }
    return ARES_SUCCESS;  // an answer without records was already reported as ARES_ENODATA
  }

  const asio::any_io_executor executor_;
  asio::steady_timer retry_timer_;
  asio::steady_timer done_timer_;
  ares_channel channel_ = nullptr;
  std::map<int, std::shared_ptr<Socket>> sockets_;
  DnsType type_ = DnsType::kA;
  bool done_ = false;
  bool shut_ = false;
  absl::Status error_;
  Addresses addresses_;
};

}  // namespace

std::optional<DnsType> ParseDnsType(std::string_view text) {
  static constexpr std::pair<std::string_view, DnsType> kTypes[] = {
      {"A", DnsType::kA},   {"AAAA", DnsType::kAaaa}, {"CNAME", DnsType::kCname}, {"MX", DnsType::kMx},
      {"NS", DnsType::kNs}, {"TXT", DnsType::kTxt},   {"SOA", DnsType::kSoa}};
  const std::string upper = absl::AsciiStrToUpper(ToAbsl(text));
  for (const auto& [name, type] : kTypes) {
    if (name == upper) return type;
  }
  return std::nullopt;
}

asio::awaitable<absl::StatusOr<Addresses>> LookupHost(const std::string& host, Deadline& deadline) {
  boost::system::error_code not_literal;
  const auto literal = asio::ip::make_address(host, not_literal);
  if (!not_literal) {
    Addresses one(1, literal);
    co_return one;
  }
  auto query = std::make_shared<AresQuery>(co_await asio::this_coro::executor);
  absl::Status opened = query->Open(std::nullopt, deadline.left());
  if (!opened.ok()) co_return opened;
  query->AskAddresses(host);
  absl::StatusOr<Addresses> addresses = co_await AresQuery::Wait(query, deadline);
  if (!addresses.ok()) co_return Annotate(addresses.status(), host);
  co_return addresses;
}

asio::awaitable<absl::StatusOr<Addresses>> AskDns(const DnsQuestion& question, Deadline& deadline) {
  std::optional<HostPort> server = question.server;
  if (server.has_value()) {
    absl::StatusOr<Addresses> addresses = co_await LookupHost(server->host, deadline);
    if (!addresses.ok()) co_return Annotate(addresses.status(), "DNS server");
    server->host = addresses->front().to_string();
  }
  auto query = std::make_shared<AresQuery>(co_await asio::this_coro::executor);
  absl::Status opened = query->Open(server, deadline.left());
  if (!opened.ok()) co_return opened;
  query->AskRecords(question.name, question.type);
  co_return co_await AresQuery::Wait(query, deadline);
}

}  // namespace nines::collector
