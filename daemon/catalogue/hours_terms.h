#pragma once

#include <vector>

#include "daemon/catalogue/terms.h"
#include "daemon/sla/service_hours.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::catalogue {

// Appends what is wrong to `faults`, with fields that begin with "service_hours"; the result is then of no use.
sla::ServiceHours ToHours(const v1::ServiceHours& hours, std::vector<FieldFault>& faults);

}  // namespace nines::catalogue
