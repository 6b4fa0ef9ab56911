#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/series/point.h"

namespace nines::series {

// The points of one group commit, in the order of their recording, as the log keeps them under `key`: about nine bytes
// a point where one time stamp serves a scrape. Appends to `value`.
void EncodeLogRecord(std::string_view key, std::span<const Point> points, std::string* value);

// Appends the points. Errors: DataLoss; `points` then has some of them or none.
absl::Status DecodeLogRecord(std::string_view key, std::string_view value, std::vector<Point>* points);

}  // namespace nines::series
