#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "daemon/catalogue/apply.h"
#include "storage/ledger/ledger.h"
#include "storage/rocks/database.h"

namespace nines::catalogue {

// A ledger in a directory of the test's own.
class LedgerFixture : public ::testing::Test {
 protected:
  LedgerFixture() {
    database_ = *rocks::Database::Open(directory_, {});
    ledger_ = *ledger::Ledger::Open(*database_);
  }
  ~LedgerFixture() override {
    ledger_.reset();
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Record(const std::vector<ledger::NewFact>& facts) {
    rocks::Batch batch;
    ledger_->Stage(facts, 1000, batch);
    ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
    ledger_->PublishFacts();
  }

  void Apply(const std::string& yaml, Prune prune = Prune::kNo) {
    const auto changes = Diff({{"f.yaml", yaml}}, prune, *ledger_);
    ASSERT_TRUE(changes.ok()) << changes.status();
    Record(ToFacts(*changes, "li"));
  }

  // What Diff() refuses the files with; "" if it does not. Whatever it says, nothing was recorded.
  std::string MistakesIn(const std::vector<File>& files, Prune prune = Prune::kNo) {
    const FactId before = ledger_->LastPosition();
    const absl::Status status = Diff(files, prune, *ledger_).status();
    EXPECT_EQ(ledger_->LastPosition(), before);
    if (status.ok()) return "";
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(FromAbsl(status.message()));
  }

  const std::string directory_ = [] {
    std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    for (char& c : test) c = c == '/' ? '_' : c;
    return StrCat(::testing::TempDir(), "catalogue_test_", getpid(), "_", test);
  }();
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<ledger::Ledger> ledger_;
};

}  // namespace nines::catalogue
