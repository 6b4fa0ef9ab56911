#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/http/message.h"

// The Connect protocol, unary calls alone (connectrpc.com/docs/protocol).
namespace nines::http {

// "not_found", "canceled" (one l), …
std::string_view ConnectCode(absl::StatusCode code);
int ConnectHttpStatus(absl::StatusCode code);

// {"code": …, "message": …} under the HTTP status of the code.
Response ConnectError(const absl::Status& status);

struct ConnectHeaders {
  bool json = true;                       // else binary protobuf
  std::optional<absl::Duration> timeout;  // as the client asked
};
// What the headers of a call say. Otherwise `refusal` gets the answer: 415 for a content type that is neither JSON nor
// protobuf, 405 for another method than POST, 403 for a page of another site, 400 or 501 for what the protocol forbids
// or we do not speak.
std::optional<ConnectHeaders> ReadConnectHeaders(const Request& request, Response* refusal);

}  // namespace nines::http
