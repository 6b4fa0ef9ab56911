#include "daemon/sla/terms.h"

#include <algorithm>
#include <utility>

namespace nines::sla {
namespace {

// Outages of a timeline in which all bad time is down.
const Contract& DownAlone() {
  static const Contract* const contract = new Contract();
  return *contract;
}

}  // namespace

size_t TermAt(ContractTerms terms, int64_t time_ms) {
  size_t at = terms.size() - 1;
  while (at > 0 && terms[at].from_ms > time_ms) --at;
  return at;
}

Timeline ApplyMinOutage(Timeline timeline, ContractTerms terms) {
  if (terms.size() == 1) return ApplyMinOutage(std::move(timeline), terms[0].contract->min_outage_ms);
  return ApplyMinOutage(std::move(timeline),
                        [&](int64_t start_ms) { return ContractAt(terms, start_ms).min_outage_ms; });
}

Timeline ApplyBasis(ContractTerms terms, const Timeline& observed, const Timeline& declared) {
  if (terms.size() == 1) return ApplyBasis(terms[0].contract->basis, observed, declared);
  Timeline counted;
  VisitTerms(terms, WindowOf(observed), [&](Interval part, const Contract& contract) {
    for (const Span& span : ApplyBasis(contract.basis, Clip(observed, part), Clip(declared, part))) {
      AppendSpan(counted, span.start_ms, span.end_ms, span.state);
    }
  });
  return counted;
}

std::vector<Override> OverridesOf(const Exclusions& exclusions, ContractTerms terms, Interval window) {
  std::vector<Override> overrides;
  VisitTerms(terms, window, [&](Interval part, const Contract& contract) {
    const std::vector<Override> more = OverridesOf(exclusions, contract, part);
    overrides.insert(overrides.end(), more.begin(), more.end());
  });
  return overrides;
}

Timeline BadTimeline(const Timeline& timeline, ContractTerms terms) {
  Timeline bad;
  VisitTerms(terms, WindowOf(timeline), [&](Interval part, const Contract& contract) {
    const State degraded = contract.degraded_counts_as == DegradedCountsAs::kDown ? State::kDown : State::kUp;
    for (const Span& span : Clip(timeline, part)) {
      AppendSpan(bad, span.start_ms, span.end_ms, span.state == State::kDegraded ? degraded : span.state);
    }
  });
  return bad;
}

std::vector<Outage> OutagesOf(const Timeline& timeline, Interval period, ContractTerms terms, int64_t now_ms) {
  if (terms.size() == 1) return OutagesOf(timeline, period, *terms[0].contract, now_ms);
  return OutagesOf(BadTimeline(timeline, terms), period, DownAlone(), now_ms);
}

}  // namespace nines::sla
