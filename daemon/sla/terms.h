#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/check.h"
#include "base/interval.h"
#include "daemon/sla/account.h"
#include "daemon/sla/contract.h"
#include "daemon/sla/declared.h"
#include "daemon/sla/exclusion.h"
#include "daemon/sla/timeline.h"

// One target under contract versions that follow each other (SLA.md section 6a). All functions are pure.
namespace nines::sla {

// From here on, up to the next one, this contract is in force. Borrows it.
struct Term {
  int64_t from_ms = kTimeMinMs;
  const Contract* contract = nullptr;
};
// At least one, in the order of time; the first is from kTimeMinMs on.
using ContractTerms = std::span<const Term>;

// The index of the term that an instant lies in.
size_t TermAt(ContractTerms terms, int64_t time_ms);
inline const Contract& ContractAt(ContractTerms terms, int64_t time_ms) {
  return *terms[TermAt(terms, time_ms)].contract;
}

// Calls visit(part, contract) for the part of the window under each term, in the order of time.
template <typename Visit>
void VisitTerms(ContractTerms terms, Interval window, const Visit& visit) {
  NINES_CHECK(!terms.empty());
  for (size_t i = TermAt(terms, window.start_ms); i < terms.size() && terms[i].from_ms < window.end_ms; ++i) {
    const int64_t end_ms = i + 1 < terms.size() ? terms[i + 1].from_ms : kTimeMaxMs;
    const Interval part = Intersect({terms[i].from_ms, end_ms}, window);
    if (!part.empty()) visit(part, *terms[i].contract);
  }
}

// Each of these does what the function of its name does for one contract, under the contract in force at the time; a
// span that min_outage judges is judged by the one in force where it starts.
Timeline ApplyMinOutage(Timeline timeline, ContractTerms terms);
Timeline ApplyBasis(ContractTerms terms, const Timeline& observed, const Timeline& declared);
std::vector<Override> OverridesOf(const Exclusions& exclusions, ContractTerms terms, Interval window);
std::vector<Outage> OutagesOf(const Timeline& timeline, Interval period, ContractTerms terms, int64_t now_ms);
// The sum of the terms' parts; the verdict and the budget take the objective that is in force last.
Assessment Assess(const Timeline& timeline, Interval period, ContractTerms terms, int64_t now_ms,
                  int64_t excluded_ahead_ms);

// The timeline with degraded time as down where it counts so, and as up elsewhere: what outages are made of.
Timeline BadTimeline(const Timeline& timeline, ContractTerms terms);

}  // namespace nines::sla
