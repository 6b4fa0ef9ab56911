#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "nines/v1/fact.pb.h"

namespace nines::collector {

// One fact of a dropped file. docs/drop-format.md has the format.
using DropFact = std::variant<v1::Declaration, v1::Maintenance>;

struct DropLine {
  int64_t line = 0;  // where it began, from 1
  std::string text;
  absl::StatusOr<DropFact> fact;  // or what is wrong with it
};

// RFC 3339 with a zone, or milliseconds since the epoch. Errors say what was expected.
absl::StatusOr<int64_t> ParseDropTime(std::string_view text);

// Every line of a .jsonl file that is not blank.
std::vector<DropLine> ParseDropJsonLines(std::string_view content, const std::string& source);
// Every row of a .csv file. An error is one of the whole file: no header, an unknown column.
absl::StatusOr<std::vector<DropLine>> ParseDropCsv(std::string_view content, const std::string& source);

}  // namespace nines::collector
