#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/seal/report_text.h"
#include "daemon/seal/scope.h"

// How a restatement differs from the version before it, and why. docs/sealing.md, "The changes".
namespace nines::seal {

// A fact that was recorded since, and concerns the target in the period.
struct Cause {
  uint64_t position = 0;
  std::string what;  // for people: its kind, its name, its author, its title or reason
  std::string Words() const;
  bool FromWords(std::string_view words);
  friend bool operator==(const Cause&, const Cause&) = default;
};

struct Totals {
  int64_t up_ms = 0;
  int64_t degraded_ms = 0;
  int64_t down_ms = 0;
  int64_t unknown_ms = 0;
  int64_t excluded_ms = 0;
  int64_t good_ms = 0;
  int64_t bad_ms = 0;
  std::optional<std::string> availability_percent;
  std::string verdict;
  friend bool operator==(const Totals&, const Totals&) = default;
};

struct TargetChange {
  std::string target;
  std::optional<Totals> before;  // absent: the target was not in the report
  std::optional<Totals> after;
  // Results that came since, or that are gone, changed what was observed.
  bool results_changed = false;
  std::vector<Cause> causes;
  friend bool operator==(const TargetChange&, const TargetChange&) = default;
};

struct Changes {
  std::string period;
  Scope scope;
  uint64_t version = 2;
  std::string reason;
  std::vector<TargetChange> targets;  // those that differ, by id
  friend bool operator==(const Changes&, const Changes&) = default;
};

std::string WriteChanges(const Changes& changes);
// InvalidArgument, with the line, for whatever WriteChanges() does not write.
absl::StatusOr<Changes> ReadChanges(std::string_view text);

// What differs between two versions of a report, without causes: also where the totals are the same and something else
// that the report shows is not.
std::vector<TargetChange> CompareReports(const SealedReport& before, const SealedReport& after);

}  // namespace nines::seal
