#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace nines::wire {

// Where something stood in a text: line and column from 1; a column counts characters.
struct Place {
  int line = 0;
  int column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

// "FILE:LINE:COLUMN"
std::string PlaceText(std::string_view file, Place place);

// What is wrong with files that somebody wrote, so that all of it can be mended at once. Thread-compatible.
class Mistakes {
 public:
  // `what` says what is wrong and what to do.
  void Add(std::string_view file, Place place, std::string_view what);
  // The mistakes of a Status that another list made.
  void Append(const absl::Status& status);
  bool empty() const { return count_ == 0; }

  // OK, or InvalidArgument with a line "FILE:LINE:COLUMN: what" for each; beyond a hundred only their number.
  absl::Status ToStatus() const;

 private:
  std::vector<std::string> lines_;
  size_t count_ = 0;
};

}  // namespace nines::wire
