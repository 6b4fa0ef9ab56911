#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/interval.h"
#include "daemon/catalogue/cache.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/report/explanation.h"
#include "daemon/report/observation.h"
#include "daemon/report/period.h"
#include "daemon/report/spending.h"
#include "daemon/report/world.h"
#include "daemon/sla/account.h"
#include "daemon/sla/pool.h"
#include "storage/ledger/ledger.h"
#include "storage/series/store.h"

namespace nines::report {

// Which targets; empty fields do not filter.
struct Filter {
  ProviderId provider;
  AgencyId agency;
  std::vector<TargetId> targets;
};

// NotFound names a target, provider or agency that the catalogue does not have.
absl::Status CheckFilter(const Filter& filter, const catalogue::Catalogue& catalogue);
bool Matches(const Filter& filter, const catalogue::Target& target);

// What is known when a report is made. Absent: everything, now.
struct AsOf {
  std::optional<FactId> position;  // facts up to here
  std::optional<int64_t> time_ms;  // facts recorded up to here, and nothing of what was observed later
};

// What was observed of each target, over a window wide enough for the period that is asked for.
using ObservedTimelines = std::map<TargetId, sla::Timeline>;

struct TargetReport {
  // Both live as long as the report's catalogue.
  const catalogue::Target* target = nullptr;
  const catalogue::ContractVersion* contract = nullptr;  // in force in the period's last month so far
  Interval period;
  int64_t accounted_to_ms = 0;
  sla::Account account;
  sla::Assessment assessment;
  int64_t observed_not_declared_ms = 0;
  int64_t declared_not_observed_ms = 0;
  std::vector<MonthCredit> credits;
  std::optional<Spending> spending;  // where now lies in the period
  sla::Timeline observed;            // also beyond the period, as far as was looked; of a Report's targets alone
};

enum class GroupBy : uint8_t { kNothing, kProvider, kRegion, kAgency, kService };

struct ReportOptions {
  GroupBy group_by = GroupBy::kNothing;
  AsOf as_of = {};
  std::optional<catalogue::ContractVersion> what_if = std::nullopt;  // see Under()
};

// Targets that share a provider, region, agency or service.
struct Group {
  std::string id;        // empty: the targets that name none
  catalogue::Name name;  // empty where the catalogue has none
  size_t members = 0;
  sla::PoolResult pooled;
  TargetId worst;  // empty where none has counted time
};

struct Report {
  std::shared_ptr<const catalogue::Catalogue> catalogue;
  FactId ledger_position;
  int64_t generated_ms = 0;
  std::string period_label;
  std::vector<TargetReport> targets;  // this page, ordered by id
  sla::PoolResult pooled;             // of all targets that match the filter
  TargetId worst;                     // of those; empty where none has counted time
  std::vector<Group> groups;          // of those, ordered by id
  size_t total = 0;
  std::string next_target;  // first id of the next page; empty = this was the last
};

struct AccountExplanation {
  std::shared_ptr<const catalogue::Catalogue> catalogue;
  FactId ledger_position;
  TargetReport report;
  std::vector<Step> steps;
};

struct Comparison;  // comparison.h

struct OutageEntry {
  TargetId target;
  sla::Outage outage;
};

// A state of a target; the first of a list may have begun earlier than it says.
struct StateEntry {
  TargetId target;
  sla::Span span;
};

// Builds reports from facts and results, from scratch at every call: the same facts give the same report. Thread-safe.
class Reporter {
 public:
  Reporter(const series::Store& store, const ledger::Ledger& ledger, catalogue::Cache& catalogue, const Clock& clock)
      : store_(store), ledger_(ledger), catalogue_(catalogue), clock_(clock) {}

  // Targets from id `first` on, at most `page_size`. NotFound names a target, provider or agency that the catalogue
  // does not have; InvalidArgument says what is wrong with a period.
  absl::StatusOr<Report> Build(const Period& period, const Filter& filter, const std::string& first, size_t page_size,
                               const ReportOptions& options = {}) const;
  // All targets, from the facts up to `position` at a time that was once. Targets of `observed` are not observed again.
  absl::StatusOr<Report> Rebuild(const Period& period, const Filter& filter, FactId position, int64_t now_ms,
                                 const ObservedTimelines& observed) const;

  // Why the target's account, and why its state at an instant. NotFound if the catalogue has no such target,
  // InvalidArgument for an instant that is not before now.
  absl::StatusOr<AccountExplanation> Explain(const Period& period, const TargetId& target) const;
  absl::StatusOr<InstantExplanation> ExplainAt(int64_t time_ms, const TargetId& target) const;

  // What was declared against what was observed. Pages and errors as of Build().
  absl::StatusOr<Comparison> Compare(const Period& period, const Filter& filter, const std::string& first,
                                     size_t page_size, const AsOf& as_of = {}) const;

  // Outages that overlap `span`, ordered by (start, target).
  absl::StatusOr<std::vector<OutageEntry>> Outages(const Interval& span, const Filter& filter,
                                                   const AsOf& as_of = {}) const;
  // As above, over a calendar month in each contract's zone.
  absl::StatusOr<std::vector<OutageEntry>> OutagesOfMonth(const std::string& month, const Filter& filter,
                                                          const AsOf& as_of = {}) const;

  // The states that overlap `span`, which ends at or before now, by target and then by time.
  absl::StatusOr<std::vector<StateEntry>> States(const Interval& span, const Filter& filter) const;

 private:
  // The world, and what time it is in it.
  struct Moment {
    World world;
    int64_t now_ms = 0;
  };
  // With what it was built from.
  struct Built {
    Plan plan;
    Recorded recorded;
    Observation observation;
    TargetReport report;
  };
  struct Page {
    std::string first;
    size_t size = SIZE_MAX;
  };
  absl::StatusOr<Moment> MomentOf(const AsOf& as_of) const;
  absl::StatusOr<Observation> ObservationOf(const Plan& plan, const Recorded& recorded, Interval seen, int64_t now_ms,
                                            const ObservedTimelines& observed) const;
  absl::StatusOr<Built> BuildTarget(const Moment& moment, const catalogue::Target& target, const Period& period,
                                    const ObservedTimelines& observed = {}) const;
  absl::StatusOr<Report> BuildAt(const Moment& moment, const Period& period, const Filter& filter, const Page& page,
                                 GroupBy group_by, const ObservedTimelines& observed) const;
  absl::StatusOr<std::vector<OutageEntry>> OutagesIn(const Period& period, const Filter& filter,
                                                     const AsOf& as_of) const;

  const series::Store& store_;
  const ledger::Ledger& ledger_;
  catalogue::Cache& catalogue_;
  const Clock& clock_;
};

}  // namespace nines::report
