#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nines::seal {

// Whose report it is: of all targets, of a provider's, or of an agency's.
struct Scope {
  enum class Kind { kAll, kProvider, kAgency };
  Kind kind = Kind::kAll;
  std::string id;  // empty for kAll

  // "all", "provider/ID", "agency/ID".
  std::string Text() const;
  static std::optional<Scope> Parse(std::string_view text);
  friend bool operator==(const Scope&, const Scope&) = default;
};

}  // namespace nines::seal
