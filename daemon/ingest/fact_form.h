#pragma once

#include "absl/status/statusor.h"
#include "nines/v1/fact.pb.h"
#include "storage/ledger/fact.h"

namespace nines::ingest {

// The form of a fact on the wire: everything that is required is there, times are times, enum values are known.
// InvalidArgument names the fact and the field. What the fact says is CheckFact()'s business.
absl::StatusOr<ledger::Declaration> ReadDeclaration(const v1::Declaration& declaration);
absl::StatusOr<ledger::Maintenance> ReadMaintenance(const v1::Maintenance& maintenance);
absl::StatusOr<ledger::Ruling> ReadRuling(const v1::Ruling& ruling);

}  // namespace nines::ingest
