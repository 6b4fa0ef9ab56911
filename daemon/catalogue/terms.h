#pragma once

#include <string>
#include <vector>

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

// Both append what is wrong to `faults`; the result is then of no use.
sla::Contract ToTerms(const v1::Contract& contract, std::vector<FieldFault>& faults);
sla::CheckRule ToRule(const v1::Check& check, std::vector<FieldFault>& faults);

}  // namespace nines::catalogue
