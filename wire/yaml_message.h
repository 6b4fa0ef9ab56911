#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "wire/mistakes.h"

namespace nines::wire {

// Where each element of a message stood in its YAML: "targets[3].inputs[0].check" → line and column of its value.
using Places = std::map<std::string, Place>;

// Reads YAML text into `message` by its descriptor. Keys are the proto's field names.
//  - Durations as "15s", "1h30m" or "unlimited"; Timestamps as RFC 3339; fields that end in _ppm also as "99.9%".
//  - A message with a `zh` and an `en` field, and nines.v1.Input, may be a plain text (both languages; `check`).
//  - Lists, nested messages and maps as YAML's own; enums by name, with or without the enum's prefix, in any case.
//  - A list or map without a value is empty, a message without a value is there and empty; an empty file is an empty
//  message.
//  - Unknown keys, keys given twice, wrong types, numbers out of range, two members of one oneof: an InvalidArgument
//  that begins
//    "FILE:LINE:COLUMN: ", says what was expected, and names the nearest known key. All mistakes of a file are listed,
//    one a line.
// One document of at most 4 MiB, nested at most 64 deep; with its aliases written out at most 16 MiB.
// After an error `message` and `places` hold what could be read. `places` may be null. Thread-safe.
absl::Status ParseYaml(std::string_view text, const std::string& file, google::protobuf::Message* message,
                       Places* places);

// Canonical YAML of a message: the fields that are set, in the order of their numbers; ParseYaml of it gives an equal
// message, for all that ParseYaml can give (a Duration of whole milliseconds, not negative).
std::string ToYaml(const google::protobuf::Message& message);

}  // namespace nines::wire
