#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/interval.h"
#include "daemon/sla/contract.h"
#include "daemon/sla/declared.h"
#include "daemon/sla/exclusion.h"
#include "daemon/sla/result.h"
#include "daemon/sla/target.h"

namespace nines::cli {

struct CaseCheck {
  std::string id;
  sla::CheckRule rule;
  std::vector<sla::Result> results;  // in the order of recording
};

// A case file, checked (SLA.md section 10).
struct CaseFile {
  Interval period;
  int64_t now_ms = 0;
  sla::Contract contract;
  std::vector<CaseCheck> checks;
  sla::InputNode root;  // its indexes are those of `checks`; beyond the end for a check without an entry
  std::vector<sla::DeclaredSpan> declarations;
  sla::Exclusions exclusions;
};

// Errors as AccountCase().
absl::StatusOr<CaseFile> ParseCase(std::string_view json);

}  // namespace nines::cli
