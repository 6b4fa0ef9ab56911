#include "daemon/sla/state.h"

#include <array>

namespace nines::sla {
namespace {

constexpr std::array<std::string_view, 5> kStateNames = {"unknown", "up", "degraded", "down", "excluded"};
constexpr std::array<std::string_view, 4> kResultStateNames = {"up", "degraded", "down", "stale"};

template <typename Enum, size_t kCount>
std::optional<Enum> Find(const std::array<std::string_view, kCount>& names, std::string_view name) {
  for (size_t i = 0; i < kCount; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view StateName(State state) { return kStateNames[static_cast<size_t>(state)]; }

std::string_view ResultStateName(ResultState state) { return kResultStateNames[static_cast<size_t>(state)]; }

std::optional<State> ParseState(std::string_view name) { return Find<State>(kStateNames, name); }

std::optional<ResultState> ParseResultState(std::string_view name) {
  return Find<ResultState>(kResultStateNames, name);
}

}  // namespace nines::sla
