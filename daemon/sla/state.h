#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace nines::sla {

// What one result says. kStale is a marker, not a result: it ends the hold of the result before it at once.
enum class ResultState : uint8_t { kUp, kDegraded, kDown, kStale };

// What an instant is. Every instant of a period is in exactly one of these.
enum class State : uint8_t { kUnknown, kUp, kDegraded, kDown, kExcluded };

// "unknown", "up", "degraded", "down", "excluded"; and "stale" for the marker.
std::string_view StateName(State state);
std::string_view ResultStateName(ResultState state);

// nullopt for any other word.
std::optional<State> ParseState(std::string_view name);
std::optional<ResultState> ParseResultState(std::string_view name);

}  // namespace nines::sla
