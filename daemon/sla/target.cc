#include "daemon/sla/target.h"

#include <algorithm>

namespace nines::sla {

Timeline ObservedTimeline(const InputNode& root, std::span<const CheckInput> checks, Interval window, int64_t now_ms,
                          std::span<const Timeline* const> computed) {
  const Interval known = {window.start_ms, std::min(window.end_ms, now_ms)};
  switch (root.kind) {
    case InputNode::Kind::kCheck:
      if (root.index < checks.size()) {
        return CheckTimeline(checks[root.index].runs, checks[root.index].rule, known, now_ms);
      }
      break;
    case InputNode::Kind::kTimeline:
      if (root.index < computed.size()) {
        // As the only input of `any`, so that its gaps and excluded time become unknown.
        return Combine(computed.subspan(root.index, 1), DownWhen{}, known);
      }
      break;
    case InputNode::Kind::kGroup: {
      std::vector<Timeline> timelines;
      timelines.reserve(root.inputs.size());
      std::vector<const Timeline*> inputs;
      for (const InputNode& input : root.inputs) {
        timelines.push_back(ObservedTimeline(input, checks, known, now_ms, computed));
        inputs.push_back(&timelines.back());
      }
      return Combine(inputs, root.down_when, known);
    }
  }
  Timeline unknown;
  AppendSpan(unknown, known.start_ms, known.end_ms, State::kUnknown);
  return unknown;
}

TargetTimelines TimelinesOf(const InputNode& root, std::span<const CheckInput> checks,
                            std::span<const DeclaredSpan> declarations, const Contract& contract, Interval window,
                            int64_t now_ms, std::span<const Timeline* const> computed) {
  const Interval known = {window.start_ms, std::min(window.end_ms, now_ms)};
  TargetTimelines timelines;
  timelines.observed = ApplyMinOutage(ObservedTimeline(root, checks, known, now_ms, computed), contract.min_outage_ms);
  timelines.declared = DeclaredTimeline(declarations, known);
  timelines.counted = ApplyBasis(contract.basis, timelines.observed, timelines.declared);
  return timelines;
}

}  // namespace nines::sla
