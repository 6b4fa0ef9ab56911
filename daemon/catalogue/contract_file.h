#pragma once

#include "absl/status/statusor.h"
#include "daemon/catalogue/apply.h"
#include "daemon/catalogue/catalogue.h"

namespace nines::catalogue {

// The one contract of a catalogue file that holds nothing else, as a version that was never recorded: at position 0,
// for all time. InvalidArgument lists every mistake as Diff() does; other entries, and a month from which the contract
// is to hold, are mistakes, too.
absl::StatusOr<ContractVersion> ReadContractFile(const File& file);

}  // namespace nines::catalogue
