#include "daemon/http/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "daemon/http/session.h"

namespace nines::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::chrono::milliseconds kAcceptRetry{100};

absl::StatusOr<tcp::endpoint> ParseListen(asio::io_context& context, const std::string& listen) {
  const absl::Status wrong = absl::InvalidArgumentError(
      StrCat("HTTP address \"", listen, "\": expected host:port, such as 127.0.0.1:9461 or [::1]:9461"));
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::string host = listen.substr(0, colon);
  const std::string port_text = listen.substr(colon + 1);
  int port = 0;
  if (port_text.empty() || port_text.find_first_not_of("0123456789") != std::string::npos ||
      !absl::SimpleAtoi(port_text, &port) || port > 65535) {
    return wrong;
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return wrong;
  }
  if (host.empty()) return tcp::endpoint(tcp::v6(), static_cast<uint16_t>(port));
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, static_cast<uint16_t>(port));
  const auto found = tcp::resolver(context).resolve(host, port_text, tcp::resolver::passive, error);
  if (error || found.empty()) {
    return absl::InvalidArgumentError(
        StrCat("HTTP address \"", listen, "\": cannot resolve ", host, ": ", error.message()));
  }
  return found.begin()->endpoint();
}

absl::StatusOr<tcp::acceptor> Listen(asio::io_context& context, const std::string& listen) {
  NINES_ASSIGN_OR_RETURN(tcp::endpoint endpoint, ParseListen(context, listen));
  tcp::acceptor acceptor(context);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  const bool everywhere = endpoint.address().is_v6() && endpoint.address().is_unspecified();
  if (error && everywhere) {  // a machine without IPv6
    endpoint = tcp::endpoint(tcp::v4(), endpoint.port());
    acceptor.open(endpoint.protocol(), error);
  }
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && everywhere && endpoint.address().is_v6()) {
    acceptor.set_option(asio::ip::v6_only(false), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return absl::UnavailableError(StrCat("cannot listen for HTTP on ", listen, ": ", error.message()));
  return acceptor;
}

}  // namespace

class Server::Impl {
 public:
  Impl(Routes routes, const Options& options)
      : options_(options),
        clock_(options.clock != nullptr ? *options.clock : system_clock_),
        router_(std::move(routes), clock_),
        room_(context_),
        drain_(context_),
        pool_(static_cast<size_t>(options.threads)) {}

  absl::Status Open(const std::string& listen) {
    NINES_ASSIGN_OR_RETURN(acceptor_, Listen(context_, listen));
    boost::system::error_code error;
    address_ = EndpointText(acceptor_->local_endpoint(error));
    return absl::OkStatus();
  }

  void Start() {
    MutexLock lock(lifecycle_);
    NINES_CHECK(!started_);
    started_ = true;
    asio::co_spawn(context_, Accept(), asio::detached);
    thread_ = std::thread([this] { context_.run(); });
  }

  void Stop() {
    MutexLock lock(lifecycle_);
    if (stopped_) return;
    stopped_ = true;
    if (started_) {
      asio::post(context_, [this] { BeginStop(); });
      thread_.join();
    }
    pool_.join();
    boost::system::error_code ignored;
    acceptor_->close(ignored);
  }

  Router& router() { return router_; }
  const std::string& address() const { return address_; }
  ServerStats stats() const { return counters_.stats(); }

 private:
  // All below runs on the socket thread.
  asio::awaitable<void> Accept() {
    while (!stopping_) {
      if (sessions_.size() >= options_.connections_max) {
        co_await Pause(std::chrono::hours(24));
        continue;
      }
      auto [error, socket] = co_await acceptor_->async_accept(kErrorInTuple);
      if (stopping_) break;
      if (error) {
        // Usually no more file descriptors: the connection stays in the kernel's queue, so try again a little later.
        spdlog::warn("http: cannot accept a connection: {}", error.message());
        co_await Pause(kAcceptRetry);
        continue;
      }
      Open(std::move(socket));
    }
  }

  // Until a session ends, or for `longest`.
  asio::awaitable<void> Pause(std::chrono::nanoseconds longest) {
    room_.expires_after(longest);
    auto [ignored] = co_await room_.async_wait(kErrorInTuple);
    (void)ignored;
  }

  void Open(tcp::socket socket) {
    auto session =
        std::make_unique<Session>(std::move(socket), Session::Environment{router_, counters_, pool_, options_, clock_});
    Session& opened = *session;
    sessions_[&opened] = std::move(session);
    counters_.ConnectionsAre(sessions_.size());
    asio::co_spawn(context_, opened.Run(), [this, &opened](std::exception_ptr error) { Close(opened, error); });
  }

  void Close(Session& session, const std::exception_ptr& error) {
    if (error) spdlog::error("http: a connection ended in an exception");
    sessions_.erase(&session);
    counters_.ConnectionsAre(sessions_.size());
    room_.cancel();
    if (stopping_ && sessions_.empty()) drain_.cancel();
  }

  void BeginStop() {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_->close(ignored);
    room_.cancel();
    for (const auto& [key, session] : sessions_) session->Finish();
    if (!sessions_.empty()) {
      drain_.expires_after(absl::ToChronoNanoseconds(options_.drain_timeout));
      drain_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        for (const auto& [key, session] : sessions_) session->Abort();
      });
    }
    work_.reset();
  }

  const Options options_;
  const SystemClock system_clock_;
  const Clock& clock_;
  Router router_;
  RequestCounters counters_;

  asio::io_context context_{1};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_{context_.get_executor()};
  std::optional<tcp::acceptor> acceptor_;
  std::string address_;
  asio::steady_timer room_;
  asio::steady_timer drain_;
  std::map<Session*, std::unique_ptr<Session>> sessions_;
  bool stopping_ = false;
  asio::thread_pool pool_;

  Mutex lifecycle_;
  bool started_ ABSL_GUARDED_BY(lifecycle_) = false;
  bool stopped_ ABSL_GUARDED_BY(lifecycle_) = false;
  std::thread thread_ ABSL_GUARDED_BY(lifecycle_);
};

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const std::string& listen, Routes routes,
                                                       const Options& options) {
  auto impl = std::make_unique<Impl>(std::move(routes), options);
  NINES_RETURN_IF_ERROR(impl->Open(listen));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { Stop(); }
void Server::Start() { impl_->Start(); }
void Server::Stop() { impl_->Stop(); }
void Server::SetRoutes(Routes routes) { impl_->router().SetRoutes(std::move(routes)); }
std::string Server::address() const { return impl_->address(); }
ServerStats Server::stats() const { return impl_->stats(); }

}  // namespace nines::http
