#include "daemon/seal/scope.h"

namespace nines::seal {
namespace {

constexpr std::string_view kAll = "all";
constexpr std::string_view kProvider = "provider/";
constexpr std::string_view kAgency = "agency/";

}  // namespace

std::string Scope::Text() const {
  if (kind == Kind::kAll) return std::string(kAll);
  return std::string(kind == Kind::kProvider ? kProvider : kAgency) + id;
}

std::optional<Scope> Scope::Parse(std::string_view text) {
  if (text == kAll) return Scope();
  for (const auto& [kind, prefix] : {std::pair(Kind::kProvider, kProvider), std::pair(Kind::kAgency, kAgency)}) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) {
      return Scope{kind, std::string(text.substr(prefix.size()))};
    }
  }
  return std::nullopt;
}

}  // namespace nines::seal
