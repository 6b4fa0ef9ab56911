#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/interval.h"
#include "daemon/sla/contract.h"
#include "daemon/sla/declared.h"
#include "daemon/sla/result.h"
#include "daemon/sla/timeline.h"

// The timelines of one target, from its results and declarations to the one that counts (SLA.md sections 3 to 5).
namespace nines::sla {

// The runs of one check, built with `rule`.
struct CheckInput {
  std::span<const ResultRun> runs;
  CheckRule rule;
};

// What a target's state is made of: a check, another target's timeline computed before, or a group of nodes.
struct InputNode {
  enum class Kind : uint8_t { kCheck, kTimeline, kGroup };

  Kind kind = Kind::kGroup;
  size_t index = 0;    // kCheck: into `checks`; kTimeline: into `computed`. Beyond the end: unknown throughout
  DownWhen down_when;  // kGroup
  std::vector<InputNode> inputs;  // kGroup; empty: unknown throughout

  static InputNode Check(size_t index) { return {.kind = Kind::kCheck, .index = index, .down_when = {}, .inputs = {}}; }
  static InputNode Computed(size_t index) {
    return {.kind = Kind::kTimeline, .index = index, .down_when = {}, .inputs = {}};
  }
  static InputNode Group(DownWhen down_when, std::vector<InputNode> inputs) {
    return {.kind = Kind::kGroup, .index = 0, .down_when = down_when, .inputs = std::move(inputs)};
  }
};

// The observed timeline of `root` over [window.start_ms, min(window.end_ms, now_ms)), before min_outage. `computed`
// are the finished observed timelines of other targets.
Timeline ObservedTimeline(const InputNode& root, std::span<const CheckInput> checks, Interval window, int64_t now_ms,
                          std::span<const Timeline* const> computed = {});

struct TargetTimelines {
  Timeline observed;  // after min_outage
  Timeline declared;
  Timeline counted;  // by the contract's basis
};

// All of it for one target. `window` should be wider than the period that is asked for, as far as there are results:
// down_after and min_outage judge spans whole, and outages are listed whole.
TargetTimelines TimelinesOf(const InputNode& root, std::span<const CheckInput> checks,
                            std::span<const DeclaredSpan> declarations, const Contract& contract, Interval window,
                            int64_t now_ms, std::span<const Timeline* const> computed = {});

// The results of one check as they come in, for live use: adding one in the order of time takes a few instructions.
// Thread-compatible.
class CheckTrack {
 public:
  // kLate: the result changes the past. The caller builds a new track from all results.
  enum class Added : uint8_t { kInOrder, kLate };

  explicit CheckTrack(CheckRule rule) : runs_(rule) {}

  // The last result once more changes nothing and is in order.
  Added Add(Result result) {
    if (result.time_ms > runs_.last_ms()) [[likely]] {
      runs_.Add(result);
      return Added::kInOrder;
    }
    const bool again = result.time_ms == runs_.last_ms() && result.state == runs_.last_state();
    return again ? Added::kInOrder : Added::kLate;
  }

  Timeline TimelineOver(Interval window, int64_t now_ms) const {
    return CheckTimeline(runs_.runs(), runs_.rule(), window, now_ms);
  }
  CheckInput input() const { return {runs_.runs(), runs_.rule()}; }
  const RunBuilder& runs() const { return runs_; }

 private:
  RunBuilder runs_;
};

}  // namespace nines::sla
