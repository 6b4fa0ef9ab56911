#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <bit>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/interval.h"
#include "base/text.h"
#include "daemon/catalogue/cache.h"
#include "nines/v1/catalogue.pb.h"
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::report {

inline constexpr double kUp = 1;
inline constexpr double kDegraded = 0.5;
inline constexpr double kDown = 0;
inline const double kStale = std::bit_cast<double>(series::kStaleBits);

inline int64_t Ms(std::string_view time) {
  absl::Time parsed;
  std::string error;
  const bool ok = absl::ParseTime("%Y-%m-%d %H:%M:%E*S", absl::string_view(time.data(), time.size()),
                                  absl::FixedTimeZone(8 * 3600), &parsed, &error);
  NINES_CHECK(ok);
  return absl::ToUnixMillis(parsed);
}

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) ADD_FAILURE() << value.status();
  NINES_CHECK(value.ok());
  return *std::move(value);
}

// A daemon's storage in a temporary folder. Provider `north` with agency `health` and its system `his` are there.
class SupervisedWorld {
 public:
  SupervisedWorld() {
    std::string path = testing::TempDir() + "/nines-report-XXXXXX";
    NINES_CHECK(mkdtemp(path.data()) != nullptr);
    directory = path;
    database = Must(rocks::Database::Open(directory + "/data", {}));
    store = Must(series::Store::Open(*database, clock, {}));
    ledger = Must(ledger::Ledger::Open(*database));
    catalogue = std::make_unique<catalogue::Cache>(*ledger);
    v1::Provider provider;
    provider.set_id("north");
    v1::Agency agency;
    agency.set_id("health");
    v1::System system;
    system.set_id("his");
    system.set_agency("health");
    Record({Entry("provider", provider), Entry("agency", agency), Entry("system", system)});
  }
  ~SupervisedWorld() {
    catalogue.reset();
    ledger.reset();
    store.reset();
    database.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  template <typename Message>
  static ledger::NewFact Entry(const std::string& kind, const Message& message) {
    return {"test", ProviderId(), ledger::CatalogueChange{kind, message.id(), message.SerializeAsString()}};
  }
  // A target of north, with contract `contract`, whose inputs are the checks that name it.
  static v1::Target Target(const std::string& id, const std::string& contract = "") {
    v1::Target target;
    target.set_id(id);
    target.set_provider("north");
    target.set_contract(contract);
    return target;
  }
  // hold_ms < 0: unlimited.
  static v1::Check Check(const std::string& id, const std::string& target, int64_t hold_ms, int down_after = 1) {
    v1::Check check;
    check.set_id(id);
    check.set_target(target);
    check.set_provider("north");
    check.mutable_hold()->set_seconds(hold_ms < 0 ? 315'576'000'000 : hold_ms / 1000);
    if (hold_ms > 0) check.mutable_hold()->set_nanos(static_cast<int32_t>(hold_ms % 1000 * 1'000'000));
    check.set_down_after(down_after);
    return check;
  }
  static ledger::NewFact Incident(const std::string& id, const std::string& target, int64_t start_ms,
                                  std::optional<int64_t> end_ms, ledger::Impact impact = ledger::Impact::kDown,
                                  bool withdrawn = false) {
    ledger::Declaration declaration;
    declaration.source = "tickets";
    declaration.id = id;
    declaration.scope = {ledger::ScopeKind::kTarget, target};
    declaration.start_ms = start_ms;
    declaration.end_ms = end_ms;
    declaration.impact = impact;
    declaration.withdrawn = withdrawn;
    return {"test", ProviderId("north"), declaration};
  }

  static ledger::NewFact Ruling(const std::string& id, const std::string& target, Interval interval,
                                ledger::RulingState state, bool revoked = false) {
    ledger::Ruling ruling;
    ruling.id = id;
    ruling.target = TargetId(target);
    ruling.start_ms = interval.start_ms;
    ruling.end_ms = interval.end_ms;
    ruling.state = state;
    ruling.reason = "looked into";
    ruling.revoked = revoked;
    return {"test", ProviderId(), ruling};
  }
  static ledger::NewFact Maintenance(const std::string& id, ledger::Scope scope, Interval interval,
                                     std::optional<int64_t> announced_ms,
                                     std::optional<int64_t> cancelled_ms = std::nullopt) {
    ledger::Maintenance window;
    window.source = "changes";
    window.id = id;
    window.scope = std::move(scope);
    window.start_ms = interval.start_ms;
    window.end_ms = interval.end_ms;
    window.announced_ms = announced_ms;
    window.cancelled_ms = cancelled_ms;
    return {"test", ProviderId("north"), window};
  }

  // As of the clock's time.
  void Record(const std::vector<ledger::NewFact>& facts) {
    rocks::Batch batch;
    ledger->Stage(facts, clock.NowMs(), batch);
    NINES_CHECK(database->Write(batch, rocks::Durability::kBuffer).ok());
    ledger->PublishFacts();
  }

  // Stores results in the order of recording.
  void Store(const std::string& check, const std::vector<series::Sample>& samples) {
    rocks::Batch batch;
    const SeriesId id = store->Resolve(series::CheckResultLabels(ProviderId("north"), CheckId(check)), batch);
    series::Rows rows;
    for (const series::Sample& sample : samples) rows.Add(id, sample.time_ms, sample.value);
    NINES_CHECK(database->Write(batch, rocks::Durability::kBuffer).ok());
    NINES_CHECK(store->Log(rows).ok());
    store->Append(rows);
  }

  ManualClock clock{absl::FromUnixMillis(1'800'000'000'000)};
  std::string directory;
  std::unique_ptr<rocks::Database> database;
  std::unique_ptr<series::Store> store;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<catalogue::Cache> catalogue;
};

}  // namespace nines::report
