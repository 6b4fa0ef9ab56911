#pragma once

#include <google/protobuf/message.h>

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::rpc {

// One unary method as bytes in, bytes out, for the Connect protocol.
struct UnaryCall {
  bool json = true;  // else binary protobuf; the answer is the same
  std::string body;
  std::string peer;
};
// By path, "/nines.v1.ReportService/GetReport". Thread-safe.
using UnaryMethods = std::map<std::string, std::function<absl::StatusOr<std::string>(const UnaryCall&)>>;

// The body of a call as a message, and a message as the body of an answer. JSON has the proto's field names, and prints
// zeros. InvalidArgument names a field that is unknown or has a wrong type.
absl::Status ReadMessage(const UnaryCall& call, google::protobuf::Message* message);
absl::StatusOr<std::string> WriteMessage(const UnaryCall& call, const google::protobuf::Message& message);

// `method` of `handler`, which lives as long as the table.
template <typename Handler, typename Request, typename Response>
void AddUnary(const std::string& path, Handler& handler, absl::Status (Handler::*method)(const Request&, Response*),
              UnaryMethods& methods) {
  methods[path] = [&handler, method](const UnaryCall& call) -> absl::StatusOr<std::string> {
    Request request;
    if (absl::Status status = ReadMessage(call, &request); !status.ok()) return status;
    Response response;
    if (absl::Status status = (handler.*method)(request, &response); !status.ok()) return status;
    return WriteMessage(call, response);
  };
}

}  // namespace nines::rpc
