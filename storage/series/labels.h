#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::series {

constexpr size_t kLabelCountMax = 64;
constexpr size_t kLabelBytesMax = 16 << 10;  // names and values of a set together

// A set of labels: sorted by name, names unique, values not empty. A value type.
class Labels {
 public:
  Labels() = default;
  // Sorts. Labels with an empty value are left out, as Prometheus does. Errors: a name that is empty, stands twice or
  // is not [a-zA-Z_][a-zA-Z0-9_]* ; a value that is not UTF-8; more than 64 labels; more than 16 KiB in all.
  static absl::StatusOr<Labels> Create(std::vector<std::pair<std::string, std::string>> pairs);

  const std::vector<std::pair<std::string, std::string>>& pairs() const { return pairs_; }
  // Empty text where there is none.
  std::string_view Get(std::string_view name) const;
  // Canonical bytes: equal label sets have equal bytes.
  std::string Encode() const;
  static absl::StatusOr<Labels> Decode(std::string_view bytes);
  // The caller knows that they are sorted and all as Create() would have them.
  static Labels FromCanonical(std::vector<std::pair<std::string, std::string>> pairs);
  // {__name__="up", job="node"} as up{job="node"}
  std::string ToString() const;

  friend bool operator==(const Labels&, const Labels&) = default;
  friend auto operator<=>(const Labels&, const Labels&) = default;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// One label of a set's canonical bytes. Borrows them.
struct EncodedLabel {
  std::string_view bytes;  // both together, as they stand there
  std::string_view name;
  std::string_view value;
};
using EncodedLabels = absl::InlinedVector<EncodedLabel, 16>;

// Takes canonical bytes apart. False where they are none: cut short, something left over, names out of order, too many
// or too large. What names and values consist of is for IsLabel() to say.
bool SplitLabels(std::string_view bytes, EncodedLabels* labels);
bool IsLabel(std::string_view name, std::string_view value);

}  // namespace nines::series
