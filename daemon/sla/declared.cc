#include "daemon/sla/declared.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace nines::sla {
namespace {

constexpr std::array<std::string_view, 4> kBasisNames = {"observed", "declared", "either", "both"};

// Calls visit(start_ms, end_ms, state of a, state of b) for every stretch in which neither changes.
template <typename Visit>
void VisitBoth(const Timeline& a, const Timeline& b, const Visit& visit) {
  NINES_CHECK(WindowOf(a) == WindowOf(b));
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    const int64_t end_ms = std::min(a[i].end_ms, b[j].end_ms);
    visit(std::max(a[i].start_ms, b[j].start_ms), end_ms, a[i].state, b[j].state);
    if (a[i].end_ms == end_ms) ++i;
    if (b[j].end_ms == end_ms) ++j;
  }
}

// up < degraded < down, as the enumeration has them; the others do not take part.
bool Worse(State a, State b) { return a > b; }

State Counted(Basis basis, State observed, State declared) {
  switch (basis) {
    case Basis::kObserved:
      return observed;
    case Basis::kDeclared:
      return declared;
    case Basis::kEither:
    case Basis::kBoth:
      break;
  }
  if (observed == State::kExcluded) return observed;
  // Nobody's silence counts as up.
  if (observed == State::kUnknown) return declared == State::kUp ? State::kUnknown : declared;
  return (basis == Basis::kEither) == Worse(observed, declared) ? observed : declared;
}

void AppendInterval(std::vector<Interval>& intervals, int64_t start_ms, int64_t end_ms) {
  if (!intervals.empty() && intervals.back().end_ms == start_ms) {
    intervals.back().end_ms = end_ms;
  } else {
    intervals.push_back({start_ms, end_ms});
  }
}

}  // namespace

std::string_view BasisName(Basis basis) { return kBasisNames[static_cast<size_t>(basis)]; }

std::optional<Basis> ParseBasis(std::string_view name) {
  const auto found = std::find(kBasisNames.begin(), kBasisNames.end(), name);
  if (found == kBasisNames.end()) return std::nullopt;
  return static_cast<Basis>(found - kBasisNames.begin());
}

Timeline DeclaredTimeline(std::span<const DeclaredSpan> declarations, Interval window) {
  struct Change {
    int64_t time_ms;
    bool down;
    int step;
  };
  std::vector<Change> changes;
  for (const DeclaredSpan& declaration : declarations) {
    const Interval part = Intersect(declaration.interval, window);
    if (part.empty()) continue;
    const bool down = declaration.impact == State::kDown;
    changes.push_back({part.start_ms, down, 1});
    changes.push_back({part.end_ms, down, -1});
  }
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) { return a.time_ms < b.time_ms; });
  Timeline timeline;
  int down = 0;
  int degraded = 0;
  for (const Change& change : changes) {
    const State state = down > 0 ? State::kDown : degraded > 0 ? State::kDegraded : State::kUp;
    AppendSpan(timeline, window.start_ms, change.time_ms, state);
    (change.down ? down : degraded) += change.step;
  }
  AppendSpan(timeline, window.start_ms, window.end_ms, State::kUp);
  return timeline;
}

Timeline ApplyBasis(Basis basis, const Timeline& observed, const Timeline& declared) {
  Timeline counted;
  VisitBoth(observed, declared, [&](int64_t start_ms, int64_t end_ms, State in_observed, State in_declared) {
    AppendSpan(counted, start_ms, end_ms, Counted(basis, in_observed, in_declared));
  });
  return counted;
}

Difference DifferenceOf(const Timeline& observed, const Timeline& declared) {
  Difference difference;
  VisitBoth(observed, declared, [&](int64_t start_ms, int64_t end_ms, State in_observed, State in_declared) {
    if (in_observed == State::kExcluded) return;
    const State told = in_observed == State::kUnknown ? State::kUp : in_observed;
    if (Worse(told, in_declared)) AppendInterval(difference.observed_not_declared, start_ms, end_ms);
    if (Worse(in_declared, told)) AppendInterval(difference.declared_not_observed, start_ms, end_ms);
  });
  return difference;
}

}  // namespace nines::sla
