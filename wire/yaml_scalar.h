#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Single values of a message as YAML text, for wire/yaml_message.
namespace nines::wire {

// Messages that YAML writes as one text.
enum class TextForm {
  kNone,
  kDuration,
  kTimestamp,
  kName,   // has `zh` and `en`: one text serves both
  kInput,  // nines.v1.Input: the id of a check
};
TextForm TextFormOf(const google::protobuf::Descriptor& type);

absl::StatusOr<google::protobuf::Duration> ParseDuration(std::string_view text);
absl::StatusOr<google::protobuf::Timestamp> ParseTimestamp(std::string_view text);

// Sets a field that is not a message, or appends to it if it is repeated. `quoted`: the text stood in quotes, and is no
// number or truth value. Errors say what was expected.
absl::Status SetScalar(std::string_view text, bool quoted, const google::protobuf::FieldDescriptor& field,
                       google::protobuf::Message* message);

// The field's value, of a repeated one the `index`th, as YAML.
std::string ScalarYaml(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                       int index);
std::string DurationYaml(const google::protobuf::Duration& duration);
std::string TimestampYaml(const google::protobuf::Timestamp& time);
// Plain where every reader of YAML takes it for this text, else in double quotes.
std::string TextYaml(std::string_view text);

}  // namespace nines::wire
