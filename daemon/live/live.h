#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "daemon/catalogue/cache.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/report/spending.h"
#include "daemon/sla/account.h"
#include "storage/ledger/ledger.h"
#include "storage/series/store.h"

namespace nines::live {

struct CheckStatus {
  CheckId check;
  sla::State state = sla::State::kUnknown;
  std::optional<int64_t> last_result_ms;
};

// One target at one instant, with the account of the contract's current month up to then.
struct TargetStatus {
  TargetId target;
  const catalogue::ContractVersion* contract = nullptr;  // that the month ends under so far; the snapshot's
  sla::State state = sla::State::kUnknown;
  // Where the state began. An outage's start is known however long it lasts; other states are looked at from the
  // month's start on.
  int64_t since_ms = 0;
  Interval month;           // whole; report::LastMonthAt() now
  std::string month_label;  // "2026-11"
  sla::Account account;
  sla::Assessment month_so_far;
  std::optional<report::Spending> spending;   // absent if the month is over
  std::optional<report::MonthCredit> credit;  // of the month so far; absent if the contract has no credit tiers
  std::vector<CheckStatus> checks;
};

// All targets as of one instant.
struct Snapshot {
  int64_t now_ms = 0;
  std::shared_ptr<const catalogue::Catalogue> catalogue;
  std::vector<TargetStatus> targets;  // ordered by id
  // Not OK: the results of a check could not be read, so that it counts as silent here. The next snapshot tries again.
  absl::Status error;
};

// Keeps every check's results as runs while they arrive, so that the state of every target now and its month's account
// cost a few runs, not a scan. For the same facts and results it gives exactly what report::Reporter recomputes from
// the store. Thread-safe.
class Live {
 public:
  // Loads what the current months need from the store.
  static absl::StatusOr<std::unique_ptr<Live>> Create(const series::Store& store, const ledger::Ledger& ledger,
                                                      catalogue::Cache& catalogue, const Clock& clock);
  ~Live();

  // Results of one check that were just stored, in the order of recording. Never waits for the disk: a late result
  // makes the next Now() read the check from the store again.
  void OnResults(const ProviderId& provider, const CheckId& check, std::span<const series::Sample> results);
  // New facts were published: the catalogue or the declarations may have changed. On an error the world stays as it
  // was.
  absl::Status OnFacts();

  // As of now. Cheap enough to be asked every second for 10 000 targets; shared between askers of the same instant.
  std::shared_ptr<const Snapshot> Now();

  struct Stats {
    uint64_t results_in_order = 0;
    uint64_t results_late = 0;
    uint64_t results_ahead = 0;    // of the clock: they wait for their time
    uint64_t results_skipped = 0;  // values that are no state
    uint64_t reloads = 0;
  };
  Stats stats() const;

 private:
  class Impl;
  explicit Live(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::live
