#include "daemon/http/router.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

#include "absl/strings/match.h"
#include "base/text.h"
#include "daemon/http/assets.h"
#include "daemon/http/connect.h"

namespace nines::http {
namespace {

namespace bhttp = boost::beast::http;

constexpr std::string_view kApiPrefix = "/nines.";
constexpr char kWhatExists[] =
    "There is: / (the page), /metrics, /-/healthy, /-/ready, and POST /nines.v1.SERVICE/METHOD (the API as JSON)";

std::string PathOf(const Request& request) {
  const std::string_view target(request.target().data(), request.target().size());
  return std::string(target.substr(0, target.find('?')));
}

bool IsApi(std::string_view path) { return path.substr(0, kApiPrefix.size()) == kApiPrefix; }

bool IsRead(const Request& request) {
  return request.method() == bhttp::verb::get || request.method() == bhttp::verb::head;
}

Response OnlyRead(std::string_view path) {
  Response response = TextResponse(405, StrCat(path, " can be read with GET or HEAD alone. ", kWhatExists));
  response.set(bhttp::field::allow, "GET, HEAD");
  return response;
}

Response PageResponse(const Asset& asset) {
  Response response = MakeResponse(200, asset.content_type, std::string(asset.body));
  response.set("Content-Security-Policy",
               "default-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'; object-src 'none'");
  response.set("Referrer-Policy", "no-referrer");
  response.set("Cross-Origin-Resource-Policy", "same-origin");
  // A page that stays open for months on a wall takes the new one at the next reload.
  response.set(bhttp::field::cache_control, "no-cache");
  return response;
}

Response ReadyResponse(const Routes& routes) {
  const absl::Status ready = routes.ready();
  return ready.ok() ? TextResponse(200, "ready") : TextResponse(503, StrCat("not ready: ", FromAbsl(ready.message())));
}

Response Starting(const std::string& path) {
  Response response = IsApi(path) ? ConnectError(absl::UnavailableError("starting")) : TextResponse(503, "starting");
  response.set(bhttp::field::retry_after, "1");
  return response;
}

// The path where it is one of ours, so that the counters' labels stay few.
std::string RouteName(const std::string& path) {
  if (path == "/-/healthy" || path == "/-/ready" || path == "/metrics" || FindAsset(path) != nullptr) return path;
  return "other";
}

}  // namespace

Router::Router(Routes routes, const Clock& clock)
    : clock_(clock), routes_(std::make_shared<const Routes>(std::move(routes))) {}

void Router::SetRoutes(Routes routes) {
  auto next = std::make_shared<const Routes>(std::move(routes));
  MutexLock lock(mutex_);
  routes_.swap(next);
}

bool Router::IsHeavy(const Request& request) {
  const std::string path = PathOf(request);
  return IsApi(path) || path == "/metrics" || path == "/-/ready";
}

Reply Router::Answer(Request& request, const std::string& peer, absl::Duration arrived) const {
  const std::string path = PathOf(request);
  try {
    return Dispatch(request, path, peer, arrived);
  } catch (const std::exception& error) {
    spdlog::error("http: {} threw: {}", path, error.what());
    return {IsApi(path) ? ConnectError(absl::InternalError("the daemon failed; see its log"))
                        : TextResponse(500, "the daemon failed; see its log"),
            RouteName(path)};
  }
}

Reply Router::Dispatch(Request& request, const std::string& path, const std::string& peer,
                       absl::Duration arrived) const {
  std::shared_ptr<const Routes> routes;
  {
    MutexLock lock(mutex_);
    routes = routes_;
  }
  const std::string route = RouteName(path);
  if (path == "/-/healthy") return {IsRead(request) ? TextResponse(200, "healthy") : OnlyRead(path), route};
  if (routes->ready == nullptr) return {Starting(path), route};
  if (IsApi(path)) return AnswerUnary(*routes, request, path, peer, arrived);
  if (route == "other") return {TextResponse(404, StrCat("there is nothing at this path. ", kWhatExists)), route};
  if (!IsRead(request)) return {OnlyRead(path), route};
  if (path == "/-/ready") return {ReadyResponse(*routes), route};
  if (path == "/metrics") {
    if (routes->metrics == nullptr) return {TextResponse(404, "no metrics are served here"), route};
    return {MakeResponse(200, "text/plain; version=0.0.4; charset=utf-8", routes->metrics()), route};
  }
  return {PageResponse(*FindAsset(path)), route};
}

Reply Router::AnswerUnary(const Routes& routes, Request& request, const std::string& path, const std::string& peer,
                          absl::Duration arrived) const {
  Response refusal;
  const std::optional<ConnectHeaders> headers = ReadConnectHeaders(request, &refusal);
  if (!headers) return {std::move(refusal), "other"};
  if (headers->timeout && clock_.Monotonic() - arrived >= *headers->timeout) {
    return {ConnectError(absl::DeadlineExceededError("the call's Connect-Timeout-Ms was over before its turn came")),
            "other"};
  }
  std::optional<absl::StatusOr<std::string>> answer;
  if (routes.unary != nullptr) answer = routes.unary(path, headers->json, std::move(request.body()), peer);
  if (!answer) {
    // Connect's word for a method that does not exist is "unimplemented"; over HTTP the path is what is not found.
    Response response = ConnectError(absl::UnimplementedError(StrCat("there is no method ", path)));
    response.result(bhttp::status::not_found);
    return {std::move(response), "other"};
  }
  if (!answer->ok()) return {ConnectError(answer->status()), path};
  return {MakeResponse(200, headers->json ? "application/json" : "application/proto", **std::move(answer)), path};
}

}  // namespace nines::http
