#include "daemon/rpc/unary.h"

#include <google/protobuf/util/json_util.h>

#include "base/text.h"

namespace nines::rpc {

absl::Status ReadMessage(const UnaryCall& call, google::protobuf::Message* message) {
  const std::string& type = message->GetDescriptor()->full_name();
  if (!call.json) {
    if (message->ParseFromString(call.body)) return absl::OkStatus();
    return absl::InvalidArgumentError(StrCat("the body is no binary ", type, "; or is it JSON?"));
  }
  const auto parsed = google::protobuf::util::JsonStringToMessage(call.body.empty() ? "{}" : call.body, message);
  if (parsed.ok()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat(type, ": ", std::string(parsed.message()), "; the fields are those of proto/nines/v1"));
}

absl::StatusOr<std::string> WriteMessage(const UnaryCall& call, const google::protobuf::Message& message) {
  if (!call.json) return message.SerializeAsString();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string text;
  const auto written = google::protobuf::util::MessageToJsonString(message, &text, options);
  if (written.ok()) return text;
  return absl::InternalError(StrCat("the answer cannot be written as JSON: ", std::string(written.message())));
}

}  // namespace nines::rpc
