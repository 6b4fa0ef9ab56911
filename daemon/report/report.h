#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/interval.h"
#include "daemon/catalogue/cache.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/report/period.h"
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

struct TargetReport {
  const catalogue::Target* target = nullptr;  // lives as long as the report's catalogue
  Interval period;
  int64_t accounted_to_ms = 0;
  sla::Account account;
  sla::Assessment assessment;
  int64_t observed_not_declared_ms = 0;
  int64_t declared_not_observed_ms = 0;
};

struct Report {
  std::shared_ptr<const catalogue::Catalogue> catalogue;
  FactId ledger_position;
  int64_t generated_ms = 0;
  std::string period_label;
  std::vector<TargetReport> targets;  // this page, ordered by id
  sla::PoolResult pooled;             // of all targets that match the filter
  TargetId worst;                     // of those; empty where none has counted time
  size_t total = 0;
  std::string next_target;  // first id of the next page; empty = this was the last
};

struct OutageEntry {
  TargetId target;
  sla::Outage outage;
};

// Builds reports from facts and results, from scratch at every call: the same facts give the same report. Thread-safe.
class Reporter {
 public:
  Reporter(const series::Store& store, const ledger::Ledger& ledger, catalogue::Cache& catalogue, const Clock& clock)
      : store_(store), ledger_(ledger), catalogue_(catalogue), clock_(clock) {}

  // Targets from id `first` on, at most `page_size`. NotFound names a target, provider or agency that the catalogue
  // does not have; InvalidArgument says what is wrong with a period.
  absl::StatusOr<Report> Build(const Period& period, const Filter& filter, const std::string& first,
                               size_t page_size) const;

  // Outages that overlap `span`, ordered by (start, target).
  absl::StatusOr<std::vector<OutageEntry>> Outages(const Interval& span, const Filter& filter) const;
  // As above, over a calendar month in each contract's zone.
  absl::StatusOr<std::vector<OutageEntry>> OutagesOfMonth(const std::string& month, const Filter& filter) const;

 private:
  absl::StatusOr<TargetReport> BuildTarget(const World& world, const catalogue::Target& target, const Period& period,
                                           int64_t now_ms) const;
  absl::StatusOr<std::vector<OutageEntry>> OutagesIn(const Period& period, const Filter& filter) const;

  const series::Store& store_;
  const ledger::Ledger& ledger_;
  catalogue::Cache& catalogue_;
  const Clock& clock_;
};

}  // namespace nines::report
