#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "absl/numeric/int128.h"
#include "daemon/sla/account.h"

// Groups of targets: a provider, an agency, all (SLA.md section 7). PoolResult, because averaging ratios is not
// additive.
namespace nines::sla {

struct PooledMember {
  int64_t weight = 1;   // not negative: 1, vCPU, or as given
  int64_t good_ms = 0;  // after the member's own no_data policy
  int64_t bad_ms = 0;
  Verdict verdict = Verdict::kNotApplicable;
};

PooledMember MemberOf(const Assessment& assessment, int64_t weight = 1);

struct PoolResult {
  absl::int128 good = 0;  // sum of weight * good, in weighted ms
  absl::int128 all = 0;   // sum of weight * (good + bad)
  // Index of the member of the lowest availability, the first of equals; members without counted time have none.
  std::optional<size_t> worst;
  int64_t met = 0;
  int64_t breached = 0;
  int64_t undetermined = 0;
  int64_t not_applicable = 0;

  // "99.8999"; absent where nothing counted.
  std::optional<std::string> Percent() const;
  std::optional<int64_t> AvailabilityPpm() const;
};

PoolResult Pool(std::span<const PooledMember> members);

}  // namespace nines::sla
