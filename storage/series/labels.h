#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::series {

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
  // {__name__="up", job="node"} as up{job="node"}
  std::string ToString() const;

  friend bool operator==(const Labels&, const Labels&) = default;
  friend auto operator<=>(const Labels&, const Labels&) = default;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace nines::series
