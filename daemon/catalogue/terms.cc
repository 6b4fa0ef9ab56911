#include "daemon/catalogue/terms.h"

#include <array>
#include <span>

#include "absl/strings/str_join.h"
#include "base/duration_text.h"
#include "base/nearest.h"
#include "base/text.h"
#include "daemon/sla/declared.h"
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

void SetShare(int32_t ppm, bool there, const char* field, int64_t* value, std::vector<FieldFault>& faults) {
  if (!there) return;
  *value = ppm;
  if (ppm < 0 || ppm > 1'000'000) {
    faults.push_back({field, StrCat(ppm, " is not between 0 and 1000000; write parts per million, or a percentage")});
  }
}

}  // namespace

sla::Contract ToTerms(const v1::Contract& contract, std::vector<FieldFault>& faults) {
  sla::Contract terms;
  SetShare(contract.objective_ppm(), contract.has_objective_ppm(), "objective_ppm", &terms.objective_ppm, faults);
  SetShare(contract.min_coverage_ppm(), contract.has_min_coverage_ppm(), "min_coverage_ppm", &terms.min_coverage_ppm,
           faults);
  SetWord(contract.basis(), contract.has_basis(), sla::ParseBasis, "basis", kBases, &terms.basis, faults);
  SetWord(contract.degraded_counts_as(), contract.has_degraded_counts_as(), sla::ParseDegradedCountsAs,
          "degraded_counts_as", kDegradedCountsAs, &terms.degraded_counts_as, faults);
  SetWord(contract.no_data(), contract.has_no_data(), sla::ParseNoData, "no_data", kNoData, &terms.no_data, faults);
  if (contract.has_min_outage()) {
    terms.min_outage_ms = wire::ToMs(contract.min_outage());
    if (wire::IsUnlimited(contract.min_outage()) || terms.min_outage_ms < 0) {
      faults.push_back({"min_outage", "must be a length of time; write e.g. 30s, or 0s for none"});
    }
  }
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
