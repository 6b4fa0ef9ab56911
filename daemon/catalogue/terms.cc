#include "daemon/catalogue/terms.h"

#include <array>
#include <span>

#include "absl/strings/str_join.h"
#include "base/duration_text.h"
#include "base/nearest.h"
#include "base/text.h"
#include "daemon/catalogue/hours_terms.h"
#include "daemon/sla/declared.h"
#include "daemon/sla/period.h"
#include "wire/time.h"

namespace nines::catalogue {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 4> kBases = {"observed", "declared", "either", "both"};
constexpr std::array<std::string_view, 2> kDegradedCountsAs = {"up", "down"};
constexpr std::array<std::string_view, 3> kNoData = {"exclude", "down", "up"};
constexpr int64_t kIntervalMs = 15'000;
constexpr int64_t kHoldIntervals = 3;

// Sets `value` from a word, if there is one.
template <typename Value, typename Parse>
void SetWord(const std::string& word, bool there, Parse parse, const char* field, Words known, Value* value,
             std::vector<FieldFault>& faults) {
  if (!there) return;
  if (const auto parsed = parse(word); parsed.has_value()) {
    *value = *parsed;
    return;
  }
  std::string choices;
  for (std::string_view choice : known) StrAppend(&choices, choices.empty() ? "" : ", ", choice);
  faults.push_back({field, StrCat("'", word, "' is not one of ", choices, DidYouMean(word, known))});
}

void SetShare(int32_t ppm, int32_t min_ppm, std::string field, int64_t* value, std::vector<FieldFault>& faults) {
  *value = ppm;
  if (ppm < min_ppm || ppm > 1'000'000) {
    faults.push_back({std::move(field), StrCat(ppm, " is not between ", min_ppm,
                                               " and 1000000; write parts per million, or a percentage")});
  }
}

// Sets `value` from a duration that has an end.
void SetLength(const google::protobuf::Duration& length, const char* field, std::string_view otherwise, int64_t* value,
               std::vector<FieldFault>& faults) {
  *value = wire::ToMs(length);
  if (wire::IsUnlimited(length) || *value < 0) {
    faults.push_back({field, StrCat("must be a length of time; write ", otherwise)});
  }
}

void SetMaintenance(const v1::MaintenanceTerms& proto, sla::MaintenanceTerms* terms, std::vector<FieldFault>& faults) {
  if (proto.has_excluded()) terms->excluded = proto.excluded();
  if (proto.has_notice()) {
    SetLength(proto.notice(), "maintenance.notice", "e.g. 48h, or 0s for none", &terms->notice_ms, faults);
  }
  if (proto.has_cap_per_month() && !wire::IsUnlimited(proto.cap_per_month())) {
    SetLength(proto.cap_per_month(), "maintenance.cap_per_month", "e.g. 4h, or unlimited",
              &terms->cap_ms_per_month.emplace(), faults);
  }
}

void SetCredits(const v1::Contract& contract, std::vector<sla::CreditTier>* tiers, std::vector<FieldFault>& faults) {
  for (int i = 0; i < contract.credits_size(); ++i) {
    const v1::CreditTier& proto = contract.credits(i);
    const std::string field = StrCat("credits[", i, "]");
    sla::CreditTier tier;
    SetShare(proto.below_ppm(), 1, field + ".below_ppm", &tier.below_ppm, faults);
    SetShare(proto.credit_ppm(), 1, field + ".credit_ppm", &tier.credit_ppm, faults);
    for (const sla::CreditTier& other : *tiers) {
      if (other.below_ppm == tier.below_ppm) {
        faults.push_back({field + ".below_ppm", "another tier begins there too; remove one"});
      } else if ((other.below_ppm < tier.below_ppm) == (other.credit_ppm < tier.credit_ppm)) {
        faults.push_back({field + ".credit_ppm",
                          "must be larger than that of every tier for a better availability, and "
                          "smaller than that of every tier for a worse one"});
      }
    }
    tiers->push_back(tier);
  }
}

}  // namespace

sla::Contract ToTerms(const v1::Contract& contract, std::vector<FieldFault>& faults) {
  sla::Contract terms;
  if (contract.has_objective_ppm()) {
    SetShare(contract.objective_ppm(), 0, "objective_ppm", &terms.objective_ppm, faults);
  }
  if (contract.has_min_coverage_ppm()) {
    SetShare(contract.min_coverage_ppm(), 0, "min_coverage_ppm", &terms.min_coverage_ppm, faults);
  }
  SetWord(contract.basis(), contract.has_basis(), sla::ParseBasis, "basis", kBases, &terms.basis, faults);
  SetWord(contract.degraded_counts_as(), contract.has_degraded_counts_as(), sla::ParseDegradedCountsAs,
          "degraded_counts_as", kDegradedCountsAs, &terms.degraded_counts_as, faults);
  SetWord(contract.no_data(), contract.has_no_data(), sla::ParseNoData, "no_data", kNoData, &terms.no_data, faults);
  if (contract.has_min_outage()) {
    SetLength(contract.min_outage(), "min_outage", "e.g. 30s, or 0s for none", &terms.min_outage_ms, faults);
  }
  if (contract.has_service_hours()) terms.service_hours = ToHours(contract.service_hours(), faults);
  SetMaintenance(contract.maintenance(), &terms.maintenance, faults);
  SetCredits(contract, &terms.credits, faults);
  CheckEffectiveFrom(contract.effective_from(), contract.has_effective_from(), faults);
  if (contract.has_time_zone()) {
    // On its own, so that what is said of it stands where it is written.
    const sla::Contract zone_alone = {.time_zone = contract.time_zone(), .credits = {}};
    terms.time_zone = contract.time_zone();
    if (!sla::Validate(zone_alone).ok()) {
      faults.push_back({"time_zone", StrCat("'", contract.time_zone(),
                                            "' is not a known time zone; write an IANA name such as Asia/Shanghai")});
    }
  }
  return terms;
}

void CheckEffectiveFrom(const std::string& month, bool there, std::vector<FieldFault>& faults) {
  if (!there || sla::MonthOf(month, "UTC").ok()) return;
  faults.push_back({"effective_from", StrCat("'", month, "' is not a month; write one such as 2026-05")});
}

Interval ToServiceDates(const v1::Target& target, std::vector<FieldFault>& faults) {
  Interval served = {kTimeMinMs, kTimeMaxMs};
  if (target.has_in_service_from()) served.start_ms = wire::ToMs(target.in_service_from());
  if (target.has_in_service_to()) served.end_ms = wire::ToMs(target.in_service_to());
  if (served.empty()) faults.push_back({"in_service_to", "is not later than in_service_from; correct one of them"});
  return served;
}

std::optional<int64_t> ToMonthlyFee(const v1::Target& target, std::vector<FieldFault>& faults) {
  if (!target.has_monthly_fee_fen()) return std::nullopt;
  const int64_t fee_fen = target.monthly_fee_fen();
  if (fee_fen < 0 || fee_fen > kFeeFenMax) {
    faults.push_back(
        {"monthly_fee_fen", StrCat(fee_fen, " is not between 0 and ", kFeeFenMax, "; write the fee in fen")});
  }
  return fee_fen;
}

sla::CheckRule ToRule(const v1::Check& check, std::vector<FieldFault>& faults) {
  int64_t interval_ms = kIntervalMs;
  if (check.has_interval()) {
    interval_ms = wire::ToMs(check.interval());
    if (wire::IsUnlimited(check.interval()) || interval_ms <= 0) {
      faults.push_back({"interval", "must be longer than 0s, and limited; write e.g. 15s"});
      interval_ms = kIntervalMs;
    }
  }
  sla::CheckRule rule{.hold_ms = kHoldIntervals * interval_ms};
  if (check.has_hold()) {
    const bool unlimited = wire::IsUnlimited(check.hold());
    rule.hold_ms = unlimited ? sla::kUnlimitedHoldMs : wire::ToMs(check.hold());
    if (rule.hold_ms <= 0) {
      faults.push_back(
          {"hold", "must be longer than 0s; write e.g. 45s, or unlimited for a source that reports only changes"});
    }
  }
  if (check.has_down_after()) {
    rule.down_after = check.down_after();
    if (rule.down_after < 1)
      faults.push_back({"down_after", StrCat(rule.down_after, " is less than 1; write 1 or more")});
  }
  return rule;
}

}  // namespace nines::catalogue
