#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <memory>
#include <string>

namespace nines::collector {

// What a server sends for one request.
struct Reply {
  std::string bytes;
  enum class Then { kClose, kKeep, kHang, kDrip } then = Then::kClose;
};

inline Reply Http(const std::string& status, const std::string& body, const std::string& headers = "",
                  Reply::Then then = Reply::Then::kClose) {
  return {
      "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body,
      then};
}

// A server on a free port of 127.0.0.1, in the test's io_context. Answers each request with the next reply, the last
// one for ever.
class LocalServer {
 public:
  using Tcp = boost::asio::ip::tcp;

  LocalServer(boost::asio::io_context& io, std::deque<Reply> replies,
              std::shared_ptr<boost::asio::ssl::context> tls = nullptr)
      : acceptor_(io, Tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
        replies_(std::move(replies)),
        tls_(tls) {
    boost::asio::co_spawn(io, Accept(), boost::asio::detached);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }
  std::string url(const std::string& path = "/") const { return (tls_ ? "https://" : "http://") + address() + path; }
  void Stop() { acceptor_.close(); }

  int connections = 0;
  int open = 0;  // those that the client has not closed yet
  std::vector<std::string> requests;

 private:
  boost::asio::awaitable<void> Accept() {
    try {
      while (true) {
        Tcp::socket socket = co_await acceptor_.async_accept(boost::asio::use_awaitable);
        ++connections;
        boost::asio::co_spawn(acceptor_.get_executor(), Serve(std::move(socket)), boost::asio::detached);
      }
    } catch (const boost::system::system_error&) {
    }
  }

  boost::asio::awaitable<void> Serve(Tcp::socket socket) {
    ++open;
    try {
      if (tls_ != nullptr) {
        boost::asio::ssl::stream<Tcp::socket> stream(std::move(socket), *tls_);
        co_await stream.async_handshake(boost::asio::ssl::stream_base::server, boost::asio::use_awaitable);
        co_await Answer(stream);
      } else {
        co_await Answer(socket);
      }
    } catch (const boost::system::system_error&) {
    }
    --open;
  }

  template <typename Stream>
  boost::asio::awaitable<void> Answer(Stream& stream) {
    std::string input;
    while (true) {
      const size_t bytes = co_await boost::asio::async_read_until(stream, boost::asio::dynamic_buffer(input),
                                                                  "\r\n\r\n", boost::asio::use_awaitable);
      requests.push_back(input.substr(0, bytes));
      input.erase(0, bytes);
      const Reply reply = replies_.front();
      if (replies_.size() > 1) replies_.pop_front();
      if (reply.then == Reply::Then::kDrip) co_await Drip(stream, reply.bytes);
      co_await boost::asio::async_write(stream, boost::asio::buffer(reply.bytes), boost::asio::use_awaitable);
      if (reply.then == Reply::Then::kClose) co_return;
      // Only the client can end this: the read fails once it has closed.
    }
  }

  template <typename Stream>
  boost::asio::awaitable<void> Drip(Stream& stream, const std::string& bytes) {
    boost::asio::steady_timer timer(acceptor_.get_executor());
    for (size_t i = 0; i < bytes.size(); ++i) {
      co_await boost::asio::async_write(stream, boost::asio::buffer(&bytes[i], 1), boost::asio::use_awaitable);
      timer.expires_after(std::chrono::milliseconds(20));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
  }

  Tcp::acceptor acceptor_;
  std::deque<Reply> replies_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
};

}  // namespace nines::collector
