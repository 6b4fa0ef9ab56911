#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "storage/series/rows.h"

namespace nines::series {

// One group commit as the log keeps it: the rows, little more than eight bytes a sample where a row names neighbouring
// series, and a note that the owner of the store had written with them. Appends to `payload`. The rows have times that
// the store takes.
void EncodeLogRecord(std::string_view note, const Rows& rows, std::string* payload);

// Appends the rows; `note` lies in `payload`. Errors: DataLoss; `rows` then has some of them or none.
absl::Status DecodeLogRecord(std::string_view payload, std::string_view* note, Rows* rows);

}  // namespace nines::series
