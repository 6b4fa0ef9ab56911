#include "wire/mistakes.h"

#include "absl/strings/str_join.h"
#include "base/text.h"

namespace nines::wire {
namespace {

constexpr size_t kListedMax = 100;

}  // namespace

std::string PlaceText(std::string_view file, Place place) { return StrCat(file, ":", place.line, ":", place.column); }

void Mistakes::Add(std::string_view file, Place place, std::string_view what) {
  if (++count_ <= kListedMax) lines_.push_back(StrCat(PlaceText(file, place), ": ", what));
}

absl::Status Mistakes::ToStatus() const {
  if (count_ == 0) return absl::OkStatus();
  std::string message = absl::StrJoin(lines_, "\n");
  if (count_ > lines_.size()) StrAppend(&message, "\nand ", count_ - lines_.size(), " more mistakes");
  return absl::InvalidArgumentError(message);
}

}  // namespace nines::wire
