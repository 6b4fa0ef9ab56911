#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "re2/re2.h"

namespace nines::series {

enum class MatchType { kEqual, kNotEqual, kRegex, kNotRegex };
// A series without the label counts as having the empty text. Regular expressions are RE2's, match the whole value, and
// their dot matches a line's end, too.
struct Matcher {
  MatchType type = MatchType::kEqual;
  std::string name;
  std::string value;
};

// A matcher made ready. Thread-safe once created.
//
// It accepts a value if the value is described by the text or regular expression, or, for != and !~, is not. Which
// values can be described at all is often known beforehand, so that not all need be looked at.
class CompiledMatcher {
 public:
  // Error: the regular expression is wrong.
  static absl::StatusOr<CompiledMatcher> Create(const Matcher& matcher);

  const std::string& name() const { return name_; }
  bool negative() const { return negative_; }
  bool Accepts(std::string_view value) const { return Describes(value) != negative_; }
  bool accepts_empty() const { return accepts_empty_; }

  // These are all the values it describes; nothing where they cannot be told.
  const std::optional<std::vector<std::string>>& literals() const { return literals_; }
  // What it describes lies in [smallest, largest], both included; without `bounded` it may be anything.
  struct Range {
    bool bounded = false;
    std::string smallest;
    std::string largest;
  };
  const Range& range() const { return range_; }

 private:
  bool Describes(std::string_view value) const;

  std::string name_;
  bool negative_ = false;
  bool accepts_empty_ = false;
  std::optional<std::vector<std::string>> literals_;
  Range range_;
  std::unique_ptr<RE2> regex_;  // only where there are no literals
};

}  // namespace nines::series
