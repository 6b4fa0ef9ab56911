#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interval.h"
#include "base/strong_id.h"
#include "daemon/sla/timeline.h"

// What providers declare, and which timeline counts (SLA.md section 5). All functions are pure.
namespace nines::sla {

struct DeclaredSpan {
  Interval interval;            // end_ms is kTimeMaxMs while the incident lasts
  State impact = State::kDown;  // kDegraded or kDown
  std::string id;
  FactId fact = {};  // where it is recorded
};

// The worse of the declarations that cover an instant, up elsewhere. Covers `window`: clip it to now beforehand.
Timeline DeclaredTimeline(std::span<const DeclaredSpan> declarations, Interval window);

enum class Basis : uint8_t { kObserved, kDeclared, kEither, kBoth };

// "observed", "declared", "either", "both".
std::string_view BasisName(Basis basis);
std::optional<Basis> ParseBasis(std::string_view name);

// The timeline that counts. Both timelines cover the same window.
Timeline ApplyBasis(Basis basis, const Timeline& observed, const Timeline& declared);

// Where the two tell different stories. Observed unknown is no story of its own: it differs only from a declared
// degraded or down.
struct Difference {
  std::vector<Interval> observed_not_declared;  // observed is worse than declared
  std::vector<Interval> declared_not_observed;  // declared is worse than observed, or observed is unknown
};
Difference DifferenceOf(const Timeline& observed, const Timeline& declared);

}  // namespace nines::sla
