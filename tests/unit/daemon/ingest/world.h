#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "daemon/catalogue/cache.h"
#include "daemon/ingest/ingest.h"
#include "nines/v1/catalogue.pb.h"
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::ingest {

// A daemon's storage in a temporary folder, with two providers in its catalogue: `north` has the targets `portal`
// (region n-1, service web) and `mail`; `south` has `shop` (region s-1, service web).
class World {
 public:
  World() {
    std::string path = testing::TempDir() + "/nines-ingest-XXXXXX";
    NINES_CHECK(mkdtemp(path.data()) != nullptr);
    directory_ = path;
    Open();
    rocks::Batch batch;
    ledger->Stage(Catalogue(), 0, batch);
    NINES_CHECK(database->Write(batch, rocks::Durability::kSync).ok());
    ledger->PublishFacts();
  }
  ~World() {
    Close();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  // What a restart finds: only what is on disk.
  void Reopen() {
    Close();
    Open();
  }

  Batch StreamBatch(const std::shared_ptr<Session>& session, uint64_t sequence, uint64_t epoch = 7) const {
    Batch batch;
    batch.session = session;
    batch.stream = {session->provider, "c-1", epoch};
    batch.sequence = sequence;
    batch.bytes = 1000;
    return batch;
  }

  std::vector<series::Sample> Read(const series::Labels& labels) const {
    std::vector<series::Sample> samples;
    const auto id = store->Find(labels);
    if (id) NINES_CHECK(store->Read(*id, {series::kFirstTimeMs, series::kEndTimeMs}, &samples).ok());
    return samples;
  }

  static series::Labels LabelsOf(const std::string& name, const std::string& provider = "north") {
    return *series::Labels::Create({{"__name__", name}, {"provider", provider}});
  }
  static ledger::NewFact Incident(const std::string& id, const std::string& target, int64_t start_ms, int64_t end_ms) {
    ledger::Declaration declaration;
    declaration.source = "tickets";
    declaration.id = id;
    declaration.scope = {ledger::ScopeKind::kTarget, target};
    declaration.start_ms = start_ms;
    declaration.end_ms = end_ms;
    return {"collector:c-1", ProviderId("north"), declaration};
  }

  const int64_t now_ms = 1'790'000'000'000;
  ManualClock clock{absl::FromUnixMillis(now_ms)};
  series::Store::Options store_options;  // of the next Reopen()
  std::unique_ptr<rocks::Database> database;
  std::unique_ptr<series::Store> store;
  std::unique_ptr<ledger::Ledger> ledger;
  std::unique_ptr<catalogue::Cache> catalogue;

 private:
  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    if (!value.ok()) ADD_FAILURE() << value.status();
    NINES_CHECK(value.ok());
    return *std::move(value);
  }
  void Open() {
    database = Must(rocks::Database::Open(directory_, {}));
    ledger = Must(ledger::Ledger::Open(*database));
    const series::Store::Notes notes = {
        .recovered = [this](std::string_view positions) { return ledger->RestorePositions(positions); },
        .on_cut = [this](rocks::Batch& batch) { ledger->PutPositions(batch); },
    };
    store = Must(series::Store::Open(*database, clock, store_options, notes));
    catalogue = std::make_unique<catalogue::Cache>(*ledger);
  }
  void Close() {
    catalogue.reset();
    store.reset();
    ledger.reset();
    database.reset();
  }

  template <typename Message>
  static ledger::NewFact Entry(const std::string& kind, const Message& message) {
    return {"test", ProviderId(), ledger::CatalogueChange{kind, message.id(), message.SerializeAsString()}};
  }
  static std::vector<ledger::NewFact> Catalogue() {
    std::vector<ledger::NewFact> facts;
    for (const char* id : {"north", "south"}) {
      v1::Provider provider;
      provider.set_id(id);
      facts.push_back(Entry("provider", provider));
    }
    for (const auto& [id, owner] : {std::pair("n-1", "north"), std::pair("s-1", "south")}) {
      v1::Region region;
      region.set_id(id);
      region.set_provider(owner);
      facts.push_back(Entry("region", region));
    }
    const auto add = [&facts](const char* id, const char* provider, const char* region, const char* service) {
      v1::Target target;
      target.set_id(id);
      target.set_provider(provider);
      target.set_region(region);
      target.set_service(service);
      facts.push_back(Entry("target", target));
    };
    add("portal", "north", "n-1", "web");
    add("mail", "north", "", "");
    add("shop", "south", "s-1", "web");
    return facts;
  }

  std::string directory_;
};

}  // namespace nines::ingest
