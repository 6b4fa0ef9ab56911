#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace nines::bench {

struct Url {
  std::string host;
  std::string port;
  std::string path;  // with the query
};
// "http://host:port/path".
absl::StatusOr<Url> ParseUrl(const std::string& text);

struct HttpAnswer {
  int code = 0;
  std::string body;
};

// A connection to one server, kept alive from request to request and made anew where the server has closed it. Blocks.
// Thread-compatible.
class HttpConnection {
 public:
  explicit HttpConnection(Url url) : url_(std::move(url)) {}

  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  // A request of HTTP/1.1 with the host's name.
  Request Make(boost::beast::http::verb verb, std::string_view target) const;
  absl::StatusOr<HttpAnswer> Send(const Request& request);
  absl::StatusOr<HttpAnswer> Get(std::string_view target) { return Send(Make(boost::beast::http::verb::get, target)); }

  const Url& url() const { return url_; }

 private:
  absl::StatusOr<HttpAnswer> Exchange(const Request& request);

  const Url url_;
  boost::asio::io_context io_;
  boost::beast::tcp_stream stream_{io_};
  boost::beast::flat_buffer buffer_;
  bool connected_ = false;
};

}  // namespace nines::bench
