#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "daemon/http/request_counters.h"
#include "daemon/http/router.h"

namespace nines::http {

struct Options {
  int threads = 4;                     // that answer what takes long: the API and /metrics
  size_t header_bytes_max = 16 << 10;  // 431 beyond
  size_t body_bytes_max = 16 << 20;    // 413 beyond
  // Beyond this many, connections wait to be accepted.
  size_t connections_max = 512;
  // For a whole header, for a whole body, for some progress of a response, and between two requests.
  absl::Duration idle_timeout = absl::Seconds(30);
  // How long Stop() lets clients fetch their responses. What a route is still working on then is finished, but not
  // delivered.
  absl::Duration drain_timeout = absl::Seconds(3);
  // Null: the system's. For Connect-Timeout-Ms; timeouts of sockets are always real.
  const Clock* clock = nullptr;
};

// HTTP/1.1 in plain text: keep-alive, pipelining, HEAD, chunked requests. One thread does the sockets, so that nothing
// that an answer does can keep /-/healthy or a new connection waiting; `threads` others run the routes. Thread-safe.
class Server {
 public:
  using Options = http::Options;

  // Binds and listens: "127.0.0.1:9461", "[::1]:9461", "localhost:9461", ":9461" for all addresses; port 0 takes a free
  // one. Without a `ready` route the daemon counts as starting. Errors say what is wrong with `listen`, or why it
  // cannot be bound.
  static absl::StatusOr<std::unique_ptr<Server>> Create(const std::string& listen, Routes routes,
                                                        const Options& options);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void Start();
  // Closes the door and idle connections, and waits until the requests that run are answered. Routes are not called
  // afterwards. Idempotent.
  void Stop();

  void SetRoutes(Routes routes);
  // host:port as bound.
  std::string address() const;
  ServerStats stats() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::http
