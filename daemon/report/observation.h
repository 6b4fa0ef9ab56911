#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/interval.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/report/world.h"
#include "daemon/sla/target.h"
#include "daemon/sla/terms.h"

// The timelines of one target over a window, and how much of them is what the whole history would give. Spans are
// judged by min_outage, and outages are listed, whole: what touches the window's edge may look otherwise from further
// away.
namespace nines::report {

// What a target's timeline is computed from. Borrows from the catalogue.
struct Plan {
  struct Step {
    const catalogue::Target* target = nullptr;
    std::vector<sla::Term> terms;  // of the target
    sla::InputNode root;           // indices into `checks` and into the steps before
  };
  std::vector<const catalogue::Check*> checks;  // all that matter, also through other targets
  std::vector<Step> steps;                      // targets before those that use them; the target itself is the last
};
Plan PlanOf(const catalogue::Catalogue& catalogue, const catalogue::Target& target);

// Longest min_outage of the steps: what is worth looking at beyond a period's edges from the start.
int64_t MinOutageMs(const Plan& plan);

// What people and providers recorded that plays a part in a plan.
struct Recorded {
  std::vector<sla::DeclaredSpan> declarations;  // about the target itself
  std::vector<sla::Exclusions> exclusions;      // by step
};
Recorded RecordedOf(const World& world, const Plan& plan);
// When the first declaration or ruling of up or down starts; kTimeMaxMs without any.
int64_t FirstRecordedMs(const Recorded& recorded);

// Where section 6 of SLA.md decides for each step, over a window. The answer does not depend on the window.
using StepOverrides = std::vector<std::vector<sla::Override>>;
StepOverrides OverridesOver(const Plan& plan, const Recorded& recorded, Interval window);

// Whether anything is known from before the window.
enum class Before : uint8_t { kSomething, kNothing };

struct Observation {
  sla::TargetTimelines timelines;  // over the window, up to now
  sla::Timeline accounted;         // what counts by basis, after exclusions
  // Inside, they are those of the whole history. An end of time where nothing was before, or where the window ends now.
  Interval exact;
};

// `checks` are those of the plan, exact over the window; `overrides` cover it at least. What a target uses of another
// is that one's observed timeline after its own exclusions: its excluded time is unknown here.
Observation Observe(const Plan& plan, std::span<const sla::CheckInput> checks, const Recorded& recorded,
                    const StepOverrides& overrides, Interval window, int64_t now_ms, Before before);

// From what was observed once, without the results.
Observation ObservationFrom(const Plan& plan, const Recorded& recorded, const sla::Timeline& observed);

// At which side of `period`, clipped to now, the window must be wider before the period's spans and outages are known.
struct Unsettled {
  bool left = false;
  bool right = false;
};
Unsettled UnsettledEdges(const Observation& observation, Interval period, sla::ContractTerms terms);

// Whether time in that state is part of an outage.
bool IsBad(sla::State state, const sla::Contract& contract);

}  // namespace nines::report
