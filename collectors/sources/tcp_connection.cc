#include "collectors/sources/tcp_connection.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "collectors/sources/dns_lookup.h"
#include "collectors/sources/tls_context.h"

namespace nines::collector {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Parser = http::response_parser<http::buffer_body>;

constexpr size_t kHeaderBytesMax = 64 * 1024;
constexpr size_t kChunkBytes = 8 * 1024;

// Which errors of a socket are ours and not the target's.
absl::Status SocketError(std::string_view doing, const error_code& error) {
  const std::string message = StrCat(doing, ": ", error.message());
  switch (error.value()) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
      if (error.category() == boost::system::system_category()) return absl::ResourceExhaustedError(message);
      break;
    default:
      break;
  }
  return absl::UnavailableError(message);
}

HttpAnswer AnswerOf(const Parser& parser) {
  const auto& message = parser.get();
  HttpAnswer answer;
  answer.status = static_cast<int>(message.result_int());
  answer.content_type = std::string(message[http::field::content_type]);
  answer.gzip = absl::EqualsIgnoreCase(ToAbsl(message[http::field::content_encoding]), "gzip");
  return answer;
}

}  // namespace

Connection::Layers::Layers(asio::any_io_executor executor, asio::ssl::context* tls) {
  if (tls == nullptr) {
    plain.emplace(executor);
  } else {
    stream.emplace(Socket(executor), *tls);
  }
}

Connection::Connection(asio::any_io_executor executor, std::shared_ptr<asio::ssl::context> tls, std::string server_name)
    : executor_(executor),
      tls_(std::move(tls)),
      server_name_(std::move(server_name)),
      socket_(executor, tls_.get()),
      buffer_(kHeaderBytesMax) {}

void Connection::Close() {
  error_code ignored;
  socket_.lowest_layer().close(ignored);
}

std::optional<absl::Time> Connection::certificate_end() {
  return socket_.stream.has_value() ? CertificateEnd(socket_.stream->native_handle()) : std::nullopt;
}

asio::awaitable<absl::Status> Connection::ConnectTo(tcp::endpoint endpoint, absl::Duration share) {
  Close();
  error_code error;
  Socket& socket = socket_.lowest_layer();
  socket.open(endpoint.protocol(), error);
  if (error) co_return SocketError("socket", error);
  Deadline attempt(executor_, share);
  attempt.OnPassed([this] { Close(); });
  co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
  const std::string where = HostPort{endpoint.address().to_string(), endpoint.port()}.Text();
  if (attempt.passed()) co_return absl::DeadlineExceededError(StrCat("connect to ", where, ": no answer in time"));
  if (error) co_return SocketError(StrCat("connect to ", where), error);
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> Connection::Handshake() {
  SSL* ssl = socket_.stream->native_handle();
  absl::Status named = SetServerName(ssl, server_name_);
  if (!named.ok()) co_return named;
  error_code error;
  co_await socket_.stream->async_handshake(asio::ssl::stream_base::client,
                                           asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return absl::UnavailableError(HandshakeError(ssl, error.message()));
  co_return absl::OkStatus();
}

asio::awaitable<absl::Status> Connection::Open(const HostPort& address, Deadline& deadline) {
  // A TLS session's state cannot be used again.
  if (socket_.stream.has_value() && SSL_get_state(socket_.stream->native_handle()) != TLS_ST_BEFORE) {
    socket_.stream.emplace(Socket(executor_), *tls_);
  }
  buffer_.clear();
  auto addresses = co_await LookupHost(address.host, deadline);
  if (!addresses.ok()) co_return addresses.status();
  absl::Status status = absl::OkStatus();
  for (size_t i = 0; i < addresses->size() && !deadline.passed(); ++i) {
    const absl::Duration share = deadline.left() / static_cast<int64_t>(addresses->size() - i);
    status = co_await ConnectTo(tcp::endpoint((*addresses)[i], address.port), share);
    if (status.ok() || IsOwnFailure(status)) break;
  }
  if (status.ok() && socket_.stream.has_value() && !deadline.passed()) {
    deadline.OnPassed([this] { Close(); });
    status = co_await Handshake();
    deadline.OnPassed(nullptr);
  }
  const bool late = deadline.passed();
  if (late || !status.ok()) Close();
  if (late) co_return deadline.Error();
  co_return status;
}

template <typename Stream, typename BodyParser>
asio::awaitable<absl::Status> Connection::ReadBody(Stream& stream, BodyParser& parser, HttpReading reading) {
  std::array<char, kChunkBytes> chunk;
  size_t received = 0;
  while (!parser.is_done()) {
    if (received > reading.body_bytes_max) {
      if (reading.longer == HttpReading::Longer::kStop) break;
      co_return absl::OutOfRangeError(StrCat("the body is larger than ", reading.body_bytes_max, " bytes"));
    }
    parser.get().body().data = chunk.data();
    parser.get().body().size = chunk.size();
    error_code error;
    co_await http::async_read(stream, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    const size_t bytes = chunk.size() - parser.get().body().size;
    received += bytes;
    if (reading.body != nullptr) reading.body->append(chunk.data(), bytes);
    if (error == http::error::need_buffer) continue;
    // A body without a length ends with the connection, and few servers say good-bye in TLS.
    if (error == asio::ssl::error::stream_truncated && parser.need_eof()) break;
    if (error) co_return absl::UnavailableError(StrCat("read the body: ", error.message()));
  }
  if (reading.body != nullptr && reading.body->size() > reading.body_bytes_max) {
    if (reading.longer == HttpReading::Longer::kError) {
      co_return absl::OutOfRangeError(StrCat("the body is larger than ", reading.body_bytes_max, " bytes"));
    }
    reading.body->resize(reading.body_bytes_max);
  }
  co_return absl::OkStatus();
}

template <typename Stream>
asio::awaitable<absl::StatusOr<HttpAnswer>> Connection::ExchangeOn(Stream& stream, std::string_view request,
                                                                   HttpReading reading) {
  error_code error;
  co_await asio::async_write(stream, asio::buffer(request.data(), request.size()),
                             asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return absl::AbortedError(StrCat("send the request: ", error.message()));
  while (true) {
    Parser parser;
    parser.header_limit(kHeaderBytesMax);
    parser.body_limit(boost::none);
    parser.skip(!reading.expect_body);
    co_await http::async_read_header(stream, buffer_, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      const std::string message = StrCat("read the answer: ", error.message());
      if (!parser.got_some() && buffer_.size() == 0) co_return absl::AbortedError(message);
      co_return absl::UnavailableError(message);
    }
    HttpAnswer answer = AnswerOf(parser);
    if (answer.status / 100 == 1 && answer.status != 101) continue;
    absl::Status body = co_await ReadBody(stream, parser, reading);
    if (!body.ok()) co_return body;
    answer.keep_alive = parser.is_done() && parser.get().keep_alive();
    co_return answer;
  }
}

asio::awaitable<absl::StatusOr<HttpAnswer>> Connection::Exchange(std::string_view request, HttpReading reading,
                                                                 Deadline& deadline) {
  if (deadline.passed()) co_return deadline.Error();
  deadline.OnPassed([this] { Close(); });
  absl::StatusOr<HttpAnswer> answer = absl::UnknownError("");
  if (socket_.stream.has_value()) {
    answer = co_await ExchangeOn(*socket_.stream, request, reading);
  } else {
    answer = co_await ExchangeOn(*socket_.plain, request, reading);
  }
  deadline.OnPassed(nullptr);
  if (!answer.ok() || !answer->keep_alive) Close();
  if (deadline.passed()) co_return deadline.Error();
  co_return answer;
}

}  // namespace nines::collector
