#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/interval.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/report/evidence.h"
#include "daemon/report/report.h"
#include "daemon/sla/account.h"
#include "daemon/sla/declared.h"
#include "daemon/sla/pool.h"
#include "storage/ledger/ledger.h"

// What providers declared against what was observed (SLA.md section 5), and what it would come to on each basis.
// Reporter::Compare() gives it.
namespace nines::report {

// In the order of sla::Basis.
inline constexpr std::array<sla::Basis, 4> kBases = {sla::Basis::kObserved, sla::Basis::kDeclared, sla::Basis::kEither,
                                                     sla::Basis::kBoth};

// Milliseconds of a target's accounted time, or their sum over several targets. They are of the two timelines as they
// are, before any exclusion.
struct ComparedTime {
  int64_t observed_down_ms = 0;
  int64_t observed_degraded_ms = 0;
  int64_t observed_unknown_ms = 0;
  int64_t declared_down_ms = 0;
  int64_t declared_degraded_ms = 0;
  int64_t observed_not_declared_ms = 0;
  int64_t declared_not_observed_ms = 0;
  // Of the two above: what does not count, by section 6.
  int64_t observed_not_declared_excluded_ms = 0;
  int64_t declared_not_observed_excluded_ms = 0;

  ComparedTime& operator+=(const ComparedTime& other);
  friend bool operator==(const ComparedTime&, const ComparedTime&) = default;
};

enum class DifferenceKind : uint8_t { kObservedNotDeclared, kDeclaredNotObserved };

// A maximal span in which the two differ, each of them in one state.
struct DifferenceSpan {
  DifferenceKind kind = DifferenceKind::kObservedNotDeclared;
  Interval interval;
  sla::State observed = sla::State::kUnknown;
  sla::State declared = sla::State::kUp;
  int64_t excluded_ms = 0;
  // At its start: the checks in the observed state; all of the target's where none is in it.
  std::vector<CheckEvidence> checks;
  // Declarations that overlap it, by position, then what section 6 decides in it, in the order of time.
  std::vector<FactEvidence> facts;
};

struct ComparedDeclaration {
  std::string id;  // "tickets/T-7"
  FactId fact;     // the version in force
  sla::State impact = sla::State::kDown;
  Interval interval;  // end_ms is kTimeMaxMs while the incident lasts
  // When the first version was recorded that told of it: those before said that there was no impact, were about
  // something else, or were taken back.
  int64_t recorded_ms = 0;
  int64_t told_ms = 0;  // as the version in force says, or else the first; recorded_ms where neither does
  std::string author;   // of the version in force
  std::string title;
};

// From the start of declared spans to when they were told; 0 where they were told before.
struct Lateness {
  int64_t median_ms = 0;  // of an even number the mean of the middle two, truncated
  int64_t longest_ms = 0;
  size_t after_end = 0;  // told at the end of the span or later
  friend bool operator==(const Lateness&, const Lateness&) = default;
};

struct TargetComparison {
  // Both live as long as the comparison's catalogue.
  const catalogue::Target* target = nullptr;
  const catalogue::ContractVersion* contract = nullptr;  // in force in the period's last month so far
  Interval period;
  int64_t accounted_to_ms = 0;
  ComparedTime time;
  sla::Timeline observed;  // both over the accounted time
  sla::Timeline declared;
  std::array<sla::Assessment, kBases.size()> on_basis;  // without a budget
  std::vector<DifferenceSpan> differences;              // in the order of time
  std::vector<ComparedDeclaration> declarations;        // that overlap the accounted time, by position
};

struct ProviderComparison {
  ProviderId provider;   // empty: the targets that name none
  catalogue::Name name;  // empty where the catalogue has none
  size_t targets = 0;
  ComparedTime time;
  size_t declarations = 0;           // one that concerns several targets counts once
  std::optional<Lateness> told;      // by ComparedDeclaration::told_ms; absent without declarations
  std::optional<Lateness> recorded;  // by recorded_ms
  std::array<sla::PoolResult, kBases.size()> on_basis;
  std::array<TargetId, kBases.size()> worst;  // empty where none has counted time
};

struct Comparison {
  std::shared_ptr<const catalogue::Catalogue> catalogue;
  FactId ledger_position;
  int64_t generated_ms = 0;
  std::string period_label;
  std::vector<TargetComparison> targets;      // this page, ordered by id
  std::vector<ProviderComparison> providers;  // of all targets that match, ordered by id; on the first page alone
  size_t total = 0;
  std::string next_target;  // first id of the next page; empty = this was the last
};

// `facts` are declarations in force that count, `accounted` is what they have to overlap.
std::vector<ComparedDeclaration> DeclarationsIn(std::span<const ledger::Fact* const> facts, Interval accounted,
                                                const ledger::Ledger& ledger);

}  // namespace nines::report
