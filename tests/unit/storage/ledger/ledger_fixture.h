#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "storage/ledger/ledger.h"
#include "storage/ledger/record.h"

namespace nines::ledger {

// A ledger in a folder of its own.
class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() { Reopen(); }
  ~LedgerTest() override {
    ledger_.reset();
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Reopen() {
    ledger_.reset();
    database_.reset();
    database_ = *rocks::Database::Open(directory_, {});
    ledger_ = *Ledger::Open(*database_);
  }

  // Stage, write, publish.
  std::vector<Recorded> Record(const std::vector<NewFact>& facts, int64_t recorded_ms = 1000) {
    rocks::Batch batch;
    std::vector<Recorded> recorded = ledger_->Stage(facts, recorded_ms, batch);
    EXPECT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
    ledger_->PublishFacts();
    return recorded;
  }

  static NewFact Incident(const std::string& provider, const std::string& id, int64_t start_ms) {
    Declaration body;
    body.source = "tickets";
    body.id = id;
    body.scope = {ScopeKind::kTarget, "portal"};
    body.start_ms = start_ms;
    return {.author = "collector:c1", .provider = ProviderId(provider), .body = body};
  }

  std::vector<uint64_t> Positions(const std::vector<std::shared_ptr<const Fact>>& facts) {
    std::vector<uint64_t> positions;
    for (const auto& fact : facts) positions.push_back(fact->id.value());
    return positions;
  }
  std::vector<uint64_t> Current() { return Positions(ledger_->Current(FactKind::kDeclaration)); }

  // The stored record of a fact.
  std::string RecordOf(uint64_t id) { return **database_->Get(rocks::Family::kFacts, FactKey(FactId(id))); }

  // What Open() says after `value` was put under the key of `id`; an empty one deletes it.
  std::string DamageWith(uint64_t id, const std::string& value) {
    const std::string key = FactKey(FactId(id));
    rocks::Batch batch;
    if (value.empty()) {
      batch.Delete(rocks::Family::kFacts, key);
    } else {
      batch.Put(rocks::Family::kFacts, key, value);
    }
    EXPECT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
    const absl::Status status = Ledger::Open(*database_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    return std::string(FromAbsl(status.message()));
  }

  const std::string directory_ = StrCat(::testing::TempDir(), "ledger_test_", getpid(), "_",
                                        ::testing::UnitTest::GetInstance()->current_test_info()->name());
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace nines::ledger
