#include "daemon/http/session.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/write.hpp>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "base/text.h"

namespace nines::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

constexpr size_t kLingerBytesMax = 64 << 20;
constexpr std::chrono::seconds kLingerMax{2};

// What a request that cannot be read is answered with; 0: nothing, the connection is gone or says nothing.
int StatusOfReadError(const beast::error_code& error) {
  if (error == bhttp::error::header_limit || error == bhttp::error::buffer_overflow) return 431;
  if (error == bhttp::error::body_limit) return 413;
  if (error == bhttp::error::end_of_stream || error == bhttp::error::partial_message) return 0;
  if (error == beast::error::timeout) return 408;
  return error.category() == bhttp::make_error_code(bhttp::error::bad_method).category() ? 400 : 0;
}

std::string RefusalText(int status, const beast::error_code& error, const Options& options) {
  switch (status) {
    case 431:
      return StrCat("the request's header is larger than ", options.header_bytes_max, " bytes");
    case 413:
      return StrCat("the request's body is larger than ", options.body_bytes_max, " bytes");
    default:
      return StrCat("this is not an HTTP request: ", error.message());
  }
}

}  // namespace

std::string EndpointText(const asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? StrCat("[", address, "]:", endpoint.port())
                                    : StrCat(address, ":", endpoint.port());
}

Session::Session(asio::ip::tcp::socket socket, const Environment& environment)
    : environment_(environment),
      stream_(std::move(socket)),
      buffer_(environment.options.header_bytes_max + (64 << 10)),
      idle_(absl::ToChronoNanoseconds(environment.options.idle_timeout)) {
  beast::error_code error;
  const auto endpoint = stream_.socket().remote_endpoint(error);
  peer_ = error ? "unknown" : EndpointText(endpoint);
  stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
}

void Session::Finish() {
  finishing_ = true;
  if (receiving_) Abort();
}

void Session::Abort() {
  beast::error_code ignored;
  stream_.socket().close(ignored);
}

asio::awaitable<void> Session::Run() {
  bool more = true;
  while (more && !finishing_) {
    Parser parser;
    receiving_ = true;
    more = co_await ReadRequest(parser);
    receiving_ = false;
    if (!more || finishing_) break;
    Request request = parser.release();
    const bool keep_alive = request.keep_alive();
    const bool head_only = request.method() == bhttp::verb::head;
    const unsigned version = request.version();
    Reply reply = co_await Answer(request);
    environment_.counters.Answered(reply.route, static_cast<int>(reply.response.result_int()));
    reply.response.version(version);
    more = keep_alive && !finishing_;
    reply.response.keep_alive(more);
    if (!co_await Write(reply.response, head_only)) more = false;
  }
  Abort();
}

asio::awaitable<bool> Session::ReadRequest(Parser& parser) {
  parser.header_limit(static_cast<uint32_t>(environment_.options.header_bytes_max));
  parser.body_limit(environment_.options.body_bytes_max);
  stream_.expires_after(idle_);
  auto [error, header_bytes] = co_await bhttp::async_read_header(stream_, buffer_, parser, kErrorInTuple);
  // Nobody is waiting for an answer on a connection that was merely idle.
  const bool silent = !parser.got_some() && buffer_.size() == 0;
  if (!error && !parser.is_done()) {
    co_await AnswerContinue(parser, error);
    if (!error) {
      stream_.expires_after(idle_);
      std::tie(error, std::ignore) = co_await bhttp::async_read(stream_, buffer_, parser, kErrorInTuple);
    }
  }
  if (!error) co_return true;
  if (!silent) co_await Refuse(error);
  co_return false;
}

asio::awaitable<void> Session::AnswerContinue(const Parser& parser, beast::error_code& error) {
  const auto expect = parser.get()[bhttp::field::expect];
  if (!absl::EqualsIgnoreCase({expect.data(), expect.size()}, "100-continue")) co_return;
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  std::tie(error, std::ignore) =
      co_await asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()), kErrorInTuple);
}

asio::awaitable<void> Session::Refuse(beast::error_code error) {
  const int status = StatusOfReadError(error);
  if (status == 0) co_return;
  environment_.counters.Answered("other", status);
  // The stream has closed its socket when a read timed out.
  if (status == 408) co_return;
  Response response = TextResponse(status, RefusalText(status, error, environment_.options));
  response.keep_alive(false);
  if (co_await Write(response, false)) co_await Linger();
}

asio::awaitable<Reply> Session::Answer(Request& request) {
  const absl::Duration arrived = environment_.clock.Monotonic();
  if (!Router::IsHeavy(request)) co_return environment_.router.Answer(request, peer_, arrived);
  auto on_worker = [this, &request, arrived]() -> asio::awaitable<Reply> {
    co_return environment_.router.Answer(request, peer_, arrived);
  };
  co_return co_await asio::co_spawn(environment_.pool, on_worker, asio::use_awaitable);
}

asio::awaitable<bool> Session::Write(Response& response, bool head_only) {
  response.content_length(response.body().size());
  bhttp::response_serializer<bhttp::string_body> serializer(response);
  serializer.split(head_only);
  while (head_only ? !serializer.is_header_done() : !serializer.is_done()) {
    stream_.expires_after(idle_);
    auto [error, written] = co_await bhttp::async_write_some(stream_, serializer, kErrorInTuple);
    if (error) co_return false;
  }
  stream_.expires_never();
  co_return true;
}

asio::awaitable<void> Session::Linger() {
  beast::error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  stream_.expires_after(std::min<std::chrono::nanoseconds>(idle_, kLingerMax));
  std::array<char, 16 << 10> scrap;
  size_t total = 0;
  while (total < kLingerBytesMax && !finishing_) {
    auto [error, read] = co_await stream_.async_read_some(asio::buffer(scrap), kErrorInTuple);
    if (error) co_return;
    total += read;
  }
}

}  // namespace nines::http
