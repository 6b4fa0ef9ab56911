#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/report/report.h"

namespace nines::report {

// What if: the catalogue with `contract`, which was never recorded, in the place of the terms of every target that
// matches, for all time. Fees stay those of the targets, month by month, in the months of the contract's zone. What a
// target uses of one that does not match is judged by that one's own contract. InvalidArgument for a zone that is not
// known.
absl::StatusOr<std::shared_ptr<const catalogue::Catalogue>> Under(const catalogue::ContractVersion& contract,
                                                                  const Filter& filter,
                                                                  const catalogue::Catalogue& catalogue);

}  // namespace nines::report
