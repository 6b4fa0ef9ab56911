#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/report/report.h"
#include "daemon/seal/report_text.h"
#include "daemon/seal/scope.h"
#include "daemon/seal/timelines_text.h"

// Reports on their way into the form that is sealed, and back as far as it goes.
namespace nines::sealing {

report::Filter FilterOf(const seal::Scope& scope);
// The period whose label a seal has. InvalidArgument for a label that is none.
absl::StatusOr<report::Period> PeriodOf(std::string_view label);

seal::SealedReport ToSealed(const report::Report& report, const seal::Scope& scope);
seal::SealedTimelines TimelinesOf(const report::Report& report, const seal::Scope& scope);
// DataLoss names a state that is none.
absl::StatusOr<report::ObservedTimelines> FromSealed(const seal::SealedTimelines& timelines);

}  // namespace nines::sealing
