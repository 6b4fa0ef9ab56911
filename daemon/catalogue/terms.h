#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/interval.h"
#include "daemon/sla/contract.h"
#include "daemon/sla/result.h"
#include "nines/v1/catalogue.pb.h"

// What the numbers and words of an entry mean, with the defaults of catalogue.proto.
namespace nines::catalogue {

// What is wrong with a field of an entry, and what to do.
struct FieldFault {
  std::string field;
  std::string what;
};

// A thousand fees, a thousand years long, add up without a thought: 10 000 000 000 yuan a month.
inline constexpr int64_t kFeeFenMax = 1'000'000'000'000;

// All append what is wrong to `faults`; the result is then of no use.
sla::Contract ToTerms(const v1::Contract& contract, std::vector<FieldFault>& faults);
// An end of time where the target does not say.
Interval ToServiceDates(const v1::Target& target, std::vector<FieldFault>& faults);
// Whether it is a month such as "2026-05", if it is there.
void CheckEffectiveFrom(const std::string& month, bool there, std::vector<FieldFault>& faults);
std::optional<int64_t> ToMonthlyFee(const v1::Target& target, std::vector<FieldFault>& faults);
sla::CheckRule ToRule(const v1::Check& check, std::vector<FieldFault>& faults);

}  // namespace nines::catalogue
