#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collectors/sources/tcp_address.h"
#include "collectors/sources/tcp_deadline.h"

namespace nines::collector {

struct HttpAnswer {
  int status = 0;
  bool keep_alive = false;
  bool gzip = false;
  std::string content_type;
};

// How much of an answer is read.
struct HttpReading {
  size_t body_bytes_max = 0;
  // What a longer body means: the rest is left unread, or an OutOfRange error.
  enum class Longer { kStop, kError } longer = Longer::kStop;
  bool expect_body = true;      // false: the answer to HEAD
  std::string* body = nullptr;  // appended to; null = only counted
};

// A TCP connection, with TLS if it was given a context, and HTTP/1.1 over it. At the deadline it is closed, and the
// call returns the deadline's error. Confined to the executor's thread; one call at a time.
class Connection {
 public:
  // `tls` null = plain. `server_name` is what TLS asks for and verifies.
  Connection(boost::asio::any_io_executor executor, std::shared_ptr<boost::asio::ssl::context> tls,
             std::string server_name);

  // Looks the host up and connects to the first of its addresses that accepts, giving each a share of the time left;
  // then the TLS handshake. Errors: Unavailable (what the target did), or IsOwnFailure.
  boost::asio::awaitable<absl::Status> Open(const HostPort& address, Deadline& deadline);

  // Sends `request` as it is, and reads the answer, interim ones (1xx) skipped. After an error, and where the answer
  // does not keep the connection alive, it is closed. Aborted: the server had closed it before a byte of the answer
  // came.
  boost::asio::awaitable<absl::StatusOr<HttpAnswer>> Exchange(std::string_view request, HttpReading reading,
                                                              Deadline& deadline);

  bool open() const { return socket_.lowest_layer().is_open(); }
  std::optional<absl::Time> certificate_end();
  void Close();

 private:
  using Socket = boost::asio::ip::tcp::socket;
  struct Layers {
    Layers(boost::asio::any_io_executor executor, boost::asio::ssl::context* tls);
    Socket& lowest_layer() { return stream.has_value() ? stream->next_layer() : *plain; }
    const Socket& lowest_layer() const { return stream.has_value() ? stream->next_layer() : *plain; }
    std::optional<Socket> plain;
    std::optional<boost::asio::ssl::stream<Socket>> stream;
  };

  boost::asio::awaitable<absl::Status> ConnectTo(boost::asio::ip::tcp::endpoint endpoint, absl::Duration share);
  boost::asio::awaitable<absl::Status> Handshake();
  template <typename Stream>
  boost::asio::awaitable<absl::StatusOr<HttpAnswer>> ExchangeOn(Stream& stream, std::string_view request,
                                                                HttpReading reading);
  template <typename Stream, typename Parser>
  boost::asio::awaitable<absl::Status> ReadBody(Stream& stream, Parser& parser, HttpReading reading);

  const boost::asio::any_io_executor executor_;
  const std::shared_ptr<boost::asio::ssl::context> tls_;
  const std::string server_name_;
  Layers socket_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace nines::collector
