#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <string>

#include "base/clock.h"
#include "daemon/http/request_counters.h"
#include "daemon/http/router.h"
#include "daemon/http/server.h"

namespace nines::http {

// What an awaited operation gives instead of throwing: its error first, then its results.
inline constexpr auto kErrorInTuple = boost::asio::as_tuple(boost::asio::use_awaitable);

// One connection: reads a request, answers it, and again, until one side ends it. Confined to the socket thread; the
// routes run in `pool`.
class Session {
 public:
  struct Environment {
    const Router& router;
    RequestCounters& counters;
    boost::asio::thread_pool& pool;
    const Options& options;
    const Clock& clock;
  };
  Session(boost::asio::ip::tcp::socket socket, const Environment& environment);

  // Until the connection is over; then the session can be destroyed.
  boost::asio::awaitable<void> Run();

  // No more requests: an idle connection ends now, a busy one after its response.
  void Finish();
  // Ends it now; a route that runs is let finish.
  void Abort();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // Both return false when the connection is to be given up.
  boost::asio::awaitable<bool> ReadRequest(Parser& parser);
  boost::asio::awaitable<bool> Write(Response& response, bool head_only);

  boost::asio::awaitable<void> AnswerContinue(const Parser& parser, boost::beast::error_code& error);
  boost::asio::awaitable<void> Refuse(boost::beast::error_code error);
  boost::asio::awaitable<Reply> Answer(Request& request);
  // Lets the client read the last response: closing with unread bytes would cut it off.
  boost::asio::awaitable<void> Linger();

  Environment environment_;
  std::string peer_;
  boost::beast::tcp_stream stream_;
  boost::beast::flat_buffer buffer_;
  std::chrono::nanoseconds idle_;
  bool receiving_ = true;
  bool finishing_ = false;
};

// "10.0.0.1:80", "[::1]:80"
std::string EndpointText(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace nines::http
