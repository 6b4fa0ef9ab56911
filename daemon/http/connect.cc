#include "daemon/http/connect.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "base/text.h"

namespace nines::http {
namespace {

namespace bhttp = boost::beast::http;

struct CodeRow {
  absl::StatusCode code;
  std::string_view name;
  int http_status;
};

constexpr CodeRow kCodes[] = {
    {absl::StatusCode::kCancelled, "canceled", 499},
    {absl::StatusCode::kUnknown, "unknown", 500},
    {absl::StatusCode::kInvalidArgument, "invalid_argument", 400},
    {absl::StatusCode::kDeadlineExceeded, "deadline_exceeded", 504},
    {absl::StatusCode::kNotFound, "not_found", 404},
    {absl::StatusCode::kAlreadyExists, "already_exists", 409},
    {absl::StatusCode::kPermissionDenied, "permission_denied", 403},
    {absl::StatusCode::kResourceExhausted, "resource_exhausted", 429},
    {absl::StatusCode::kFailedPrecondition, "failed_precondition", 400},
    {absl::StatusCode::kAborted, "aborted", 409},
    {absl::StatusCode::kOutOfRange, "out_of_range", 400},
    {absl::StatusCode::kUnimplemented, "unimplemented", 501},
    {absl::StatusCode::kInternal, "internal", 500},
    {absl::StatusCode::kUnavailable, "unavailable", 503},
    {absl::StatusCode::kDataLoss, "data_loss", 500},
    {absl::StatusCode::kUnauthenticated, "unauthenticated", 401},
};

const CodeRow& RowOf(absl::StatusCode code) {
  const CodeRow* row =
      std::find_if(std::begin(kCodes), std::end(kCodes), [&](const CodeRow& r) { return r.code == code; });
  return row == std::end(kCodes) ? kCodes[1] : *row;
}

std::string_view Field(const Request& request, std::string_view name) {
  const auto value = request[boost::beast::string_view(name.data(), name.size())];
  return {value.data(), value.size()};
}

std::string MediaType(std::string_view content_type) {
  const std::string_view type = content_type.substr(0, content_type.find(';'));
  return absl::AsciiStrToLower(absl::StripAsciiWhitespace(ToAbsl(type)));
}

std::optional<absl::Duration> ParseTimeout(std::string_view text) {
  const bool digits = !text.empty() && text.size() <= 10 &&
                      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  int64_t timeout_ms = 0;
  if (!digits || !absl::SimpleAtoi(ToAbsl(text), &timeout_ms)) return std::nullopt;
  return absl::Milliseconds(timeout_ms);
}

// A page of another site cannot send JSON here without a preflight, which is never granted; this also refuses it by
// name.
bool FromAnotherSite(const Request& request) {
  const std::string_view site = Field(request, "Sec-Fetch-Site");
  return site == "cross-site" || site == "same-site";
}

Response WrongMediaType(std::string_view content_type) {
  Response response = TextResponse(415, StrCat("Content-Type ", content_type.empty() ? "is missing" : content_type,
                                               ": send application/json or application/proto"));
  response.set("Accept-Post", "application/json, application/proto");
  return response;
}

}  // namespace

std::string_view ConnectCode(absl::StatusCode code) { return RowOf(code).name; }
int ConnectHttpStatus(absl::StatusCode code) { return RowOf(code).http_status; }

Response ConnectError(const absl::Status& status) {
  const std::string_view code = ConnectCode(status.code());
  const std::string_view message = FromAbsl(status.message());
  boost::json::object error;
  error["code"] = boost::json::string_view(code.data(), code.size());
  error["message"] = boost::json::string_view(message.data(), message.size());
  return MakeResponse(ConnectHttpStatus(status.code()), "application/json", boost::json::serialize(error));
}

std::optional<ConnectHeaders> ReadConnectHeaders(const Request& request, Response* refusal) {
  if (request.method() != bhttp::verb::post) {
    *refusal = TextResponse(405, "this is a method of the API: send POST with application/json or application/proto");
    refusal->set(bhttp::field::allow, "POST");
    return std::nullopt;
  }
  if (FromAnotherSite(request)) {
    *refusal = ConnectError(absl::PermissionDeniedError("this API does not answer pages of other sites"));
    return std::nullopt;
  }
  const std::string_view content_type = Field(request, "Content-Type");
  const std::string type = MediaType(content_type);
  if (type != "application/json" && type != "application/proto") {
    *refusal = WrongMediaType(content_type);
    return std::nullopt;
  }
  const std::string_view version = Field(request, "Connect-Protocol-Version");
  if (!version.empty() && version != "1") {
    *refusal =
        ConnectError(absl::InvalidArgumentError(StrCat("Connect-Protocol-Version ", version, ": only 1 is known")));
    return std::nullopt;
  }
  const std::string_view encoding = Field(request, "Content-Encoding");
  if (!encoding.empty() && encoding != "identity") {
    *refusal =
        ConnectError(absl::UnimplementedError(StrCat("Content-Encoding ", encoding, ": only identity is accepted")));
    refusal->set(bhttp::field::accept_encoding, "identity");
    return std::nullopt;
  }
  ConnectHeaders headers{.json = type == "application/json", .timeout = std::nullopt};
  if (request.find("Connect-Timeout-Ms") != request.end()) {
    headers.timeout = ParseTimeout(Field(request, "Connect-Timeout-Ms"));
    if (!headers.timeout) {
      *refusal = ConnectError(absl::InvalidArgumentError("Connect-Timeout-Ms: expected a number of at most 10 digits"));
      return std::nullopt;
    }
  }
  return headers;
}

}  // namespace nines::http
