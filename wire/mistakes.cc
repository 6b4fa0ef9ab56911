#include "wire/mistakes.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/text.h"

namespace nines::wire {
namespace {

constexpr size_t kListedMax = 100;

// A key or value that is quoted in a mistake must not make two lines of it.
std::string OnOneLine(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text), {{"\n", "\\n"}, {"\r", "\\r"}});
}

}  // namespace

std::string PlaceText(std::string_view file, Place place) { return StrCat(file, ":", place.line, ":", place.column); }

void Mistakes::Add(std::string_view file, Place place, std::string_view what) {
  if (++count_ <= kListedMax) lines_.push_back(StrCat(PlaceText(file, place), ": ", OnOneLine(what)));
}

void Mistakes::Append(const absl::Status& status) {
  if (status.ok()) return;
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    if (++count_ <= kListedMax) lines_.emplace_back(FromAbsl(line));
  }
}

absl::Status Mistakes::ToStatus() const {
  if (count_ == 0) return absl::OkStatus();
  std::string message = absl::StrJoin(lines_, "\n");
  if (count_ > lines_.size()) StrAppend(&message, "\nand ", count_ - lines_.size(), " more mistakes");
  return absl::InvalidArgumentError(message);
}

}  // namespace nines::wire
