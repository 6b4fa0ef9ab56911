#include "daemon/sla/pool.h"

#include "base/check.h"

namespace nines::sla {
namespace {

// Whether a's share of good time is lower than b's, exactly.
bool Lower(const PooledMember& a, const PooledMember& b) {
  return absl::int128(a.good_ms) * (b.good_ms + b.bad_ms) < absl::int128(b.good_ms) * (a.good_ms + a.bad_ms);
}

}  // namespace

PooledMember MemberOf(const Assessment& assessment, int64_t weight) {
  return {.weight = weight,
          .good_ms = assessment.counted_good_ms,
          .bad_ms = assessment.counted_bad_ms,
          .verdict = assessment.verdict};
}

std::optional<std::string> PoolResult::Percent() const {
  if (all <= 0) return std::nullopt;
  return PercentText(good, all);
}

std::optional<int64_t> PoolResult::AvailabilityPpm() const {
  if (all <= 0) return std::nullopt;
  return Ppm(good, all);
}

PoolResult Pool(std::span<const PooledMember> members) {
  PoolResult pool;
  for (size_t i = 0; i < members.size(); ++i) {
    const PooledMember& member = members[i];
    NINES_CHECK(member.weight >= 0 && member.good_ms >= 0 && member.bad_ms >= 0);
    pool.good += absl::int128(member.good_ms) * member.weight;
    pool.all += absl::int128(member.good_ms + member.bad_ms) * member.weight;
    if (member.good_ms + member.bad_ms > 0 && (!pool.worst.has_value() || Lower(member, members[*pool.worst]))) {
      pool.worst = i;
    }
    switch (member.verdict) {
      case Verdict::kMet:
        ++pool.met;
        break;
      case Verdict::kBreached:
        ++pool.breached;
        break;
      case Verdict::kUndetermined:
        ++pool.undetermined;
        break;
      case Verdict::kNotApplicable:
        ++pool.not_applicable;
        break;
    }
  }
  return pool;
}

}  // namespace nines::sla
