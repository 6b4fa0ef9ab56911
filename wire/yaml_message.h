#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::wire {

// Where each element of a message stood in its YAML: "targets[3].inputs[0].check" → line and column, from 1.
struct Place {
  int line = 0;
  int column = 0;
};
using Places = std::map<std::string, Place>;

// Reads YAML text into `message` by its descriptor. Keys are the proto's field names.
//  - Durations as "15s", "1h30m" or "unlimited"; Timestamps as RFC 3339; fields that end in _ppm also as "99.9%".
//  - A message with a `zh` and an `en` field, and nines.v1.Input, may be a plain text (both languages; `check`).
//  - Unknown keys, keys given twice, wrong types, numbers out of range, two members of one oneof: an InvalidArgument that begins
//    "FILE:LINE:COLUMN: ", says what was expected, and names the nearest known key. All mistakes of a file are listed, one a line.
// `places` may be null.
absl::Status ParseYaml(std::string_view text, const std::string& file, google::protobuf::Message* message, Places* places);

// Canonical YAML of a message: the fields that are set, in the order of their numbers; ParseYaml gives an equal message.
std::string ToYaml(const google::protobuf::Message& message);

}  // namespace nines::wire
