#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "daemon/http/message.h"

namespace nines::http {

// What the rest of the daemon answers with. Called on the server's worker threads, several at a time.
struct Routes {
  // /-/ready: OK, or the reason why not. Null: the daemon is still starting.
  std::function<absl::Status()> ready = {};
  // The text of /metrics.
  std::function<std::string()> metrics = {};
  // A unary method by its path, "/nines.v1.ReportService/GetReport": bytes in, bytes out, both JSON or both protobuf.
  // `peer` is the caller's address. nullopt: there is no such method.
  std::function<std::optional<absl::StatusOr<std::string>>(const std::string& path, bool json, std::string body,
                                                           std::string peer)>
      unary = {};
};

// A response and the name of its route for the counters: a path of ours, or "other".
struct Reply {
  Response response;
  std::string route;
};

// From a request to its response; knows nothing of sockets. Thread-safe.
class Router {
 public:
  Router(Routes routes, const Clock& clock);

  // While it is starting, everything but /-/healthy is 503.
  void SetRoutes(Routes routes);

  // Whether the answer may take long and belongs on a worker thread.
  static bool IsHeavy(const Request& request);
  // Takes the body out of the request. `arrived` is when the request was complete, by the clock's monotonic time. A
  // call whose Connect-Timeout-Ms is over before its turn comes is not begun. Nothing that a route throws gets out.
  Reply Answer(Request& request, const std::string& peer, absl::Duration arrived) const;

 private:
  Reply Dispatch(Request& request, const std::string& path, const std::string& peer, absl::Duration arrived) const;
  Reply AnswerUnary(const Routes& routes, Request& request, const std::string& path, const std::string& peer,
                    absl::Duration arrived) const;

  const Clock& clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const Routes> routes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::http
