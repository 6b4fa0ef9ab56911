#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interval.h"
#include "base/strong_id.h"
#include "daemon/sla/contract.h"
#include "daemon/sla/timeline.h"

// What does not count, and what people decided (SLA.md section 6). All functions are pure. The contract is valid: see
// Validate().
namespace nines::sla {

// An operator's decision about a span of one target's time.
struct Ruling {
  Interval interval;
  State state = State::kExcluded;  // kUp, kDown or kExcluded
  bool revoked = false;            // as if it were not there
  std::string id;
  FactId fact = {};  // where it is recorded
};

// A planned window. Its notice runs from announced_ms to its start; cancelled at its start or later, it stays.
struct MaintenanceWindow {
  Interval interval;
  int64_t announced_ms = 0;
  std::optional<int64_t> cancelled_ms;
  std::string id;
  FactId fact = {};
};

// The facts about one target that section 6 asks for; the rules are the contract's. Of facts recorded again under the
// same id only the last is here.
struct Exclusions {
  Interval in_service = {kTimeMinMs, kTimeMaxMs};
  std::vector<Ruling> rulings;  // in the order of recording
  std::vector<MaintenanceWindow> maintenance;
};

// The rule that decided, in the order in which they are asked.
enum class ExclusionReason : uint8_t { kNotInService, kOutsideServiceHours, kRuling, kMaintenance };

struct Override {
  Interval interval;
  State state = State::kExcluded;
  ExclusionReason reason = ExclusionReason::kRuling;
  size_t index = 0;  // in Exclusions: of the ruling, or of the window

  friend bool operator==(const Override&, const Override&) = default;
};

// Why a planned window, or a part of it, is not excluded.
enum class Refusal : uint8_t { kNotInContract, kCancelled, kLate, kOverCap };
// "not in contract", "cancelled", "announced late", "cap used up".
std::string_view RefusalName(Refusal refusal);
// "not in service", "outside service hours", "ruling", "maintenance".
std::string_view ReasonName(ExclusionReason reason);

struct Refused {
  Interval interval;  // of it, what no rule decides: there the basis does
  Refusal refusal = Refusal::kLate;
  size_t index = 0;  // of the window

  friend bool operator==(const Refused&, const Refused&) = default;
};

struct Decisions {
  std::vector<Override> overrides;
  std::vector<Refused> refused;  // by window, then in the order of time
};
Decisions DecisionsOf(const Exclusions& exclusions, const Contract& contract, Interval window);

// Where one of the rules 1 to 4 decides, in the order of time, not overlapping; elsewhere the basis does. What a
// month's cap has left at the window's start is counted from the start of that month, so that any window gets the same
// answer. Takes O(days in the window) with service hours, O(months) with a cap.
std::vector<Override> OverridesOf(const Exclusions& exclusions, const Contract& contract, Interval window);

// The timeline that counts, from the one that the contract's basis gives; min_outage is applied before.
Timeline ApplyExclusions(const Timeline& counted, const Exclusions& exclusions, const Contract& contract);

// The same with decisions that are known: those beyond the timeline play no part.
Timeline ApplyOverrides(const Timeline& counted, std::span<const Override> overrides);
int64_t ExcludedMs(std::span<const Override> overrides, Interval window);

// The excluded time of a window, which may lie in the future: what is known of it now.
int64_t ExcludedMs(const Exclusions& exclusions, const Contract& contract, Interval window);

}  // namespace nines::sla
