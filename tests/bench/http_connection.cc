#include "tests/bench/http_connection.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "base/text.h"

namespace nines::bench {
namespace {

namespace http = boost::beast::http;
constexpr uint64_t kBodyBytesMax = 1 << 30;

}  // namespace

absl::StatusOr<Url> ParseUrl(const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  const size_t slash = text.find('/', kScheme.size());
  const std::string authority = text.substr(0, slash).substr(std::min(text.size(), kScheme.size()));
  const size_t colon = authority.rfind(':');
  if (!text.starts_with(kScheme) || colon == std::string::npos || colon == 0) {
    return absl::InvalidArgumentError(StrCat("URL '", text, "': write http://HOST:PORT/PATH"));
  }
  return Url{authority.substr(0, colon), authority.substr(colon + 1),
             slash == std::string::npos ? "/" : text.substr(slash)};
}

HttpConnection::Request HttpConnection::Make(http::verb verb, std::string_view target) const {
  Request request(verb, {target.data(), target.size()}, 11);
  request.set(http::field::host, url_.host + ":" + url_.port);
  request.set(http::field::user_agent, "nines-bench");
  request.keep_alive(true);
  return request;
}

absl::StatusOr<HttpAnswer> HttpConnection::Send(const Request& request) {
  const bool kept = connected_;
  absl::StatusOr<HttpAnswer> answer = Exchange(request);
  // A server may close a connection that it kept for a while; what was sent into it was not read.
  if (!answer.ok() && kept) answer = Exchange(request);
  return answer;
}

absl::StatusOr<HttpAnswer> HttpConnection::Exchange(const Request& request) {
  try {
    if (!connected_) {
      boost::asio::ip::tcp::resolver resolver(io_);
      stream_.connect(resolver.resolve(url_.host, url_.port));
      stream_.socket().set_option(boost::asio::ip::tcp::no_delay(true));
      buffer_.clear();
      connected_ = true;
    }
    http::write(stream_, request);
    http::response_parser<http::string_body> parser;
    parser.body_limit(kBodyBytesMax);
    http::read(stream_, buffer_, parser);
    if (!parser.get().keep_alive()) {
      stream_.close();
      connected_ = false;
    }
    return HttpAnswer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
  } catch (const boost::system::system_error& error) {
    boost::system::error_code ignored;
    stream_.socket().close(ignored);
    connected_ = false;
    return absl::UnavailableError(StrCat("http://", url_.host, ":", url_.port, ": ", error.what()));
  }
}

}  // namespace nines::bench
