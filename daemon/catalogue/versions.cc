#include "daemon/catalogue/versions.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/status_macros.h"
#include "daemon/catalogue/kinds.h"
#include "daemon/catalogue/terms.h"
#include "daemon/sla/period.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::catalogue {
namespace {

constexpr size_t kFactsAtOnce = 1024;

// From when on, and which of the recorded ones.
struct Start {
  int64_t from_ms = kTimeMinMs;
  size_t index = 0;
};

// The start of the first month that does not begin before the instant.
int64_t MonthFrom(int64_t time_ms, const std::string& zone) {
  const absl::StatusOr<Interval> month = sla::MonthContaining(time_ms, zone);
  NINES_CHECK(month.ok());  // zones were checked when they were read
  return month->start_ms == time_ms ? time_ms : month->end_ms;
}

// `zone_of(i)` is the zone whose months count for recorded[i].
template <typename Recorded, typename ZoneOf>
std::vector<Start> StartsOf(const std::vector<Recorded>& recorded, const ZoneOf& zone_of) {
  std::vector<Start> starts;
  for (size_t i = 0; i < recorded.size(); ++i) {
    int64_t from_ms = MonthFrom(recorded[i].recorded_ms, zone_of(i));
    if (recorded[i].effective_from.has_value()) {
      const absl::StatusOr<Interval> month = sla::MonthOf(*recorded[i].effective_from, zone_of(i));
      NINES_CHECK(month.ok());
      from_ms = month->start_ms;
    } else if (from_ms <= MonthFrom(recorded[0].recorded_ms, zone_of(i))) {
      from_ms = kTimeMinMs;
    }
    starts.push_back({from_ms, i});
  }
  std::stable_sort(starts.begin(), starts.end(), [](const Start& a, const Start& b) { return a.from_ms < b.from_ms; });
  std::vector<Start> in_force;
  for (const Start& start : starts) {
    if (!in_force.empty() && in_force.back().from_ms == start.from_ms) {
      in_force.back() = start;
    } else {
      in_force.push_back(start);
    }
  }
  if (!in_force.empty()) in_force.front().from_ms = kTimeMinMs;
  return in_force;
}

void Append(std::vector<ContractVersion>& versions, ContractVersion version) {
  if (!versions.empty() && versions.back().id == version.id && versions.back().position == version.position &&
      versions.back().monthly_fee_fen == version.monthly_fee_fen) {
    return;
  }
  versions.push_back(std::move(version));
}

template <typename Entry>
std::optional<std::string> EffectiveFrom(const Entry& entry) {
  return entry.has_effective_from() ? std::optional<std::string>(entry.effective_from()) : std::nullopt;
}

absl::Status FirstFault(const ledger::Fact& fact, const std::vector<FieldFault>& faults) {
  if (faults.empty()) return absl::OkStatus();
  return absl::DataLossError(StrCat("catalogue: fact ", fact.id.value(), ": ", faults[0].field, ": ", faults[0].what));
}

}  // namespace

absl::Status Versions::Add(const ledger::Fact& fact) {
  const auto& change = std::get<ledger::CatalogueChange>(fact.body);
  if (change.bytes.empty() || (change.kind != "contract" && change.kind != "target")) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> message = ParseEntry(change.kind, change.bytes);
  if (!message.ok()) return Annotate(message.status(), StrCat("catalogue: fact ", fact.id.value()));
  std::vector<FieldFault> faults;
  if (change.kind == "contract") {
    const auto& contract = static_cast<const v1::Contract&>(**message);
    contracts_[change.id].push_back({.position = fact.id,
                                     .terms = ToTerms(contract, faults),
                                     .recorded_ms = fact.recorded_ms,
                                     .effective_from = EffectiveFrom(contract)});
  } else {
    const auto& target = static_cast<const v1::Target&>(**message);
    targets_[change.id].push_back({.contract = target.contract(),
                                   .monthly_fee_fen = ToMonthlyFee(target, faults),
                                   .recorded_ms = fact.recorded_ms,
                                   .effective_from = EffectiveFrom(target)});
    CheckEffectiveFrom(target.effective_from(), target.has_effective_from(), faults);
  }
  return FirstFault(fact, faults);
}

absl::StatusOr<Versions> Versions::In(const ledger::Ledger& ledger, FactId last) {
  Versions versions;
  for (FactId from(1); from <= last;) {
    const auto page = ledger.List(from, kFactsAtOnce);
    if (page.empty()) break;
    for (const auto& fact : page) {
      if (fact->id > last || ledger::KindOf(fact->body) != ledger::FactKind::kCatalogue) continue;
      NINES_RETURN_IF_ERROR(versions.Add(*fact));
    }
    from = FactId(page.back()->id.value() + 1);
  }
  return versions;
}

const std::string& Versions::ZoneOf(const std::string& contract) const {
  static const std::string* const fallback = new std::string(sla::Contract().time_zone);
  const auto found = contracts_.find(contract);
  return found == contracts_.end() ? *fallback : found->second.back().terms.time_zone;
}

std::vector<ContractVersion> Versions::Of(const std::string& target) const {
  std::vector<ContractVersion> versions;
  const auto found = targets_.find(target);
  if (found == targets_.end()) return {ContractVersion()};
  const std::vector<Assignment>& assignments = found->second;
  const std::vector<Start> assigned = StartsOf(assignments, [&](size_t i) { return ZoneOf(assignments[i].contract); });
  for (size_t i = 0; i < assigned.size(); ++i) {
    const Assignment& assignment = assignments[assigned[i].index];
    const Interval span = {assigned[i].from_ms, i + 1 < assigned.size() ? assigned[i + 1].from_ms : kTimeMaxMs};
    const auto contract = contracts_.find(assignment.contract);
    if (contract == contracts_.end()) {
      Append(versions, {.id = {},
                        .position = {},
                        .terms = {},
                        .from_ms = span.start_ms,
                        .monthly_fee_fen = assignment.monthly_fee_fen});
      continue;
    }
    const std::vector<Recorded>& recorded = contract->second;
    const std::vector<Start> starts = StartsOf(recorded, [&](size_t at) { return recorded[at].terms.time_zone; });
    for (size_t j = 0; j < starts.size(); ++j) {
      const int64_t end_ms = j + 1 < starts.size() ? starts[j + 1].from_ms : kTimeMaxMs;
      const Interval part = Intersect({starts[j].from_ms, end_ms}, span);
      if (part.empty()) continue;
      const Recorded& version = recorded[starts[j].index];
      Append(versions, {.id = ContractId(assignment.contract),
                        .position = version.position,
                        .terms = version.terms,
                        .from_ms = part.start_ms,
                        .monthly_fee_fen = assignment.monthly_fee_fen});
    }
  }
  return versions;
}

}  // namespace nines::catalogue
