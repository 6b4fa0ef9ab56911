#include "storage/ledger/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/storage/ledger/ledger_fixture.h"

namespace nines::ledger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(LedgerTest, FactsAreNumberedFromOneAndSurviveReopening) {
  EXPECT_EQ(ledger_->LastPosition(), FactId(0));
  const auto recorded = Record({Incident("a", "1", 10), Incident("a", "2", 20)}, 77);
  EXPECT_EQ(recorded[0].id, FactId(1));
  EXPECT_EQ(recorded[1].id, FactId(2));
  EXPECT_FALSE(recorded[1].unchanged);
  Reopen();
  EXPECT_EQ(ledger_->LastPosition(), FactId(2));
  const auto fact = ledger_->Get(FactId(2));
  ASSERT_NE(fact, nullptr);
  EXPECT_EQ(fact->recorded_ms, 77);
  EXPECT_EQ(fact->author, "collector:c1");
  EXPECT_EQ(fact->provider, ProviderId("a"));
  EXPECT_EQ(fact->body, Incident("a", "2", 20).body);
  EXPECT_EQ(ledger_->Get(FactId(0)), nullptr);
  EXPECT_EQ(ledger_->Get(FactId(3)), nullptr);
  EXPECT_EQ(Record({Incident("a", "3", 30)})[0].id, FactId(3));
}

TEST_F(LedgerTest, TheSameAgainIsUnchangedAndWritesNothing) {
  Record({Incident("a", "1", 10)});
  Reopen();
  NewFact again = Incident("a", "1", 10);
  again.author = "collector:c2";
  rocks::Batch batch;
  const auto recorded = ledger_->Stage(std::vector{again}, 2000, batch);
  EXPECT_TRUE(recorded[0].unchanged);
  EXPECT_EQ(recorded[0].id, FactId(1));
  EXPECT_TRUE(batch.empty());
  ledger_->PublishFacts();
  EXPECT_EQ(ledger_->LastPosition(), FactId(1));
}

TEST_F(LedgerTest, AVersionReplacedAndRecordedAgainIsANewOne) {
  Record({Incident("a", "1", 10)});
  Record({Incident("a", "1", 11)});
  const auto recorded = Record({Incident("a", "1", 10)});
  EXPECT_EQ(recorded[0].id, FactId(3));
  EXPECT_FALSE(recorded[0].unchanged);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(ledger_->ReplacedBy(FactId(1)), FactId(2));
    EXPECT_EQ(ledger_->ReplacedBy(FactId(2)), FactId(3));
    EXPECT_EQ(ledger_->ReplacedBy(FactId(3)), FactId(0));
    EXPECT_EQ(ledger_->ReplacedBy(FactId(4)), FactId(0));
    EXPECT_THAT(Current(), ElementsAre(3));
    EXPECT_EQ(ledger_->Get(FactId(1))->body, Incident("a", "1", 10).body) << "stays readable";
    Reopen();
  }
}

TEST_F(LedgerTest, StagedFactsCountForThoseAfterThem) {
  const auto recorded =
      Record({Incident("a", "1", 10), Incident("a", "1", 10), Incident("a", "1", 11), Incident("a", "1", 10)});
  EXPECT_THAT((std::vector<uint64_t>{recorded[0].id.value(), recorded[1].id.value(), recorded[2].id.value(),
                                     recorded[3].id.value()}),
              ElementsAre(1, 1, 2, 3));
  EXPECT_TRUE(recorded[1].unchanged);
  EXPECT_FALSE(recorded[3].unchanged);
  EXPECT_THAT(Current(), ElementsAre(3));
}

TEST_F(LedgerTest, OfSeveralStagesOfOneGroupLaterOnesSeeEarlierOnes) {
  rocks::Batch batch;
  EXPECT_EQ(ledger_->Stage(std::vector{Incident("a", "1", 10)}, 1, batch)[0].id, FactId(1));
  const auto second = ledger_->Stage(std::vector{Incident("a", "1", 10), Incident("a", "2", 10)}, 2, batch);
  EXPECT_TRUE(second[0].unchanged);
  EXPECT_EQ(second[1].id, FactId(2));
}

TEST_F(LedgerTest, ProvidersAndPeopleDoNotReplaceEachOther) {
  Record({Incident("a", "42", 10), Incident("b", "42", 20), Incident("", "42", 30), Incident("a", "42", 11)});
  EXPECT_THAT(Current(), ElementsAre(2, 3, 4));
  EXPECT_EQ(ledger_->ReplacedBy(FactId(1)), FactId(4));
}

TEST_F(LedgerTest, StagedIsInvisibleUntilPublishedAndGoneWhenDiscarded) {
  const StreamKey stream{.provider = ProviderId("a"), .collector = "c1", .epoch = 9};
  rocks::Batch lost;
  ledger_->Stage(std::vector{Incident("a", "1", 10)}, 1, lost);
  ledger_->StagePosition(stream, 5);
  EXPECT_EQ(ledger_->LastPosition(), FactId(0));
  EXPECT_EQ(ledger_->Get(FactId(1)), nullptr);
  EXPECT_EQ(ledger_->LastSequence(stream), 0u);
  ledger_->Discard();
  EXPECT_EQ(ledger_->StagedPositions(), "");
  ledger_->PublishFacts();
  ledger_->PublishPositions();
  EXPECT_EQ(ledger_->LastPosition(), FactId(0));
  EXPECT_EQ(ledger_->LastSequence(stream), 0u);
  const auto recorded = Record({Incident("a", "1", 10)});
  EXPECT_EQ(recorded[0].id, FactId(1)) << "its number is free again";
  EXPECT_FALSE(recorded[0].unchanged);
}

TEST_F(LedgerTest, PositionsOfStreamsComeBackFromTheLogAndFromTheDatabase) {
  const StreamKey stream{.provider = ProviderId("a"), .collector = "c1", .epoch = 9};
  StreamKey other_epoch = stream, other_provider = stream, shifted = stream;
  other_epoch.epoch = 10;
  other_provider.provider = ProviderId("b");
  shifted.provider = ProviderId("ac");
  shifted.collector = "1";
  ledger_->StagePosition(stream, 4);
  ledger_->StagePosition(stream, UINT64_MAX);
  ledger_->StagePosition(other_epoch, 3);
  const std::string logged = ledger_->StagedPositions();
  Reopen();
  EXPECT_EQ(ledger_->LastSequence(stream), 0u) << "they were not logged";

  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(ledger_->RestorePositions(logged).ok());
    EXPECT_EQ(ledger_->LastSequence(stream), UINT64_MAX);
    EXPECT_EQ(ledger_->LastSequence(other_epoch), 3u);
    EXPECT_EQ(ledger_->LastSequence(other_provider), 0u);
    EXPECT_EQ(ledger_->LastSequence(shifted), 0u);
    Reopen();
    EXPECT_EQ(ledger_->LastSequence(stream), 0u) << "the log was cut, and they were not put before";
  }
  ASSERT_TRUE(ledger_->RestorePositions(logged).ok());
  rocks::Batch batch;
  ledger_->PutPositions(batch);
  ASSERT_TRUE(database_->Write(batch, rocks::Durability::kSync).ok());
  Reopen();
  EXPECT_EQ(ledger_->LastSequence(stream), UINT64_MAX);
  EXPECT_EQ(ledger_->LastSequence(other_epoch), 3u);
}

TEST_F(LedgerTest, APositionIsPutWhereItsBatchWasNotWrittenBefore) {
  const StreamKey stream{.provider = ProviderId("a"), .collector = "c1", .epoch = 9};
  ledger_->StagePosition(stream, 4);
  ledger_->PublishPositions();
  EXPECT_EQ(ledger_->LastSequence(stream), 4u);
  EXPECT_EQ(ledger_->StagedPositions(), "");
  rocks::Batch lost, staged;
  ledger_->PutPositions(lost);
  ledger_->StagePosition(stream, 5);
  ledger_->PutPositions(staged);
  ASSERT_TRUE(database_->Write(staged, rocks::Durability::kSync).ok());
  Reopen();
  EXPECT_EQ(ledger_->LastSequence(stream), 4u) << "what is staged only is not put";
}

TEST_F(LedgerTest, FactsAndPositionsAreStagedBesideEachOther) {
  const StreamKey stream{.provider = ProviderId("a"), .collector = "c1", .epoch = 9};
  rocks::Batch batch;
  ledger_->Stage(std::vector{Incident("a", "1", 10)}, 1, batch);
  ledger_->StagePosition(stream, 4);
  ledger_->PublishFacts();
  EXPECT_EQ(ledger_->LastPosition(), FactId(1));
  EXPECT_EQ(ledger_->LastSequence(stream), 0u);
  ledger_->PublishPositions();
  EXPECT_EQ(ledger_->LastSequence(stream), 4u);
}

TEST_F(LedgerTest, PositionsThatCannotBeReadAreDamage) {
  ledger_->StagePosition({.provider = ProviderId("a"), .collector = "c1", .epoch = 9}, 300);
  const std::string bytes = ledger_->StagedPositions();
  EXPECT_TRUE(ledger_->RestorePositions("").ok());
  for (size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_EQ(ledger_->RestorePositions(bytes.substr(0, size)).code(), absl::StatusCode::kDataLoss) << size;
  }
  EXPECT_FALSE(ledger_->RestorePositions(bytes + "x").ok());
  EXPECT_FALSE(ledger_->RestorePositions("\3abc\1").ok()) << "no stream";
}

TEST_F(LedgerTest, ListsPagesOfAllAndCurrentOfAKind) {
  Record({Incident("a", "1", 10), Incident("a", "1", 11)});
  Record({{.author = "li", .provider = {}, .body = CatalogueChange{.kind = "agency", .id = "tax", .bytes = "x"}},
          {.author = "li", .provider = {}, .body = Ruling{.id = "r", .target = TargetId("portal"), .reason = ""}}});
  EXPECT_THAT(Positions(ledger_->List(FactId(1), 2)), ElementsAre(1, 2));
  EXPECT_THAT(Positions(ledger_->List(FactId(3), 9)), ElementsAre(3, 4));
  EXPECT_THAT(Positions(ledger_->List(FactId(0), 1)), ElementsAre(1));
  EXPECT_THAT(ledger_->List(FactId(5), 9), IsEmpty());
  EXPECT_THAT(ledger_->List(FactId(UINT64_MAX), 9), IsEmpty());
  EXPECT_THAT(Positions(ledger_->Current(FactKind::kCatalogue)), ElementsAre(3));
  EXPECT_THAT(Positions(ledger_->Current(FactKind::kRuling)), ElementsAre(4));
  EXPECT_THAT(ledger_->Current(FactKind::kMaintenance), IsEmpty());
}

TEST_F(LedgerTest, AFlippedByteIsFoundAndNamed) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20), Incident("a", "3", 30)});
  std::string bytes = RecordOf(2);
  bytes[7] ^= 1;
  EXPECT_THAT(DamageWith(2, bytes), HasSubstr("fact 2 is damaged: the checksum is wrong"));
}

TEST_F(LedgerTest, AMissingFactIsFoundAndNamed) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20), Incident("a", "3", 30)});
  EXPECT_THAT(DamageWith(2, ""), HasSubstr("fact 2 is missing"));
}

TEST_F(LedgerTest, AFactUnderAnothersPositionIsFoundAndNamed) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20)});
  EXPECT_THAT(DamageWith(2, RecordOf(1)), HasSubstr("fact 2 is damaged: it says that it is fact 1"));
}

TEST_F(LedgerTest, PositionsByTimeEndBeforeTheFirstLaterFact) {
  Record({Incident("a", "1", 10)}, 1000);
  Record({Incident("a", "2", 10)}, 2000);
  Record({Incident("a", "3", 10)}, 5000);
  Record({Incident("a", "4", 10)}, 1500);  // the clock was set back
  EXPECT_EQ(ledger_->PositionAt(999), FactId(0));
  EXPECT_EQ(ledger_->PositionAt(1000), FactId(1));
  EXPECT_EQ(ledger_->PositionAt(4999), FactId(2));
  EXPECT_EQ(ledger_->PositionAt(5000), FactId(4));
}

TEST_F(LedgerTest, AFactKnowsTheOneThatItReplaced) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20)});
  Record({Incident("a", "1", 11), Incident("a", "3", 30), Incident("a", "1", 12)});
  EXPECT_EQ(ledger_->Replaces(FactId(1)), FactId());
  EXPECT_EQ(ledger_->Replaces(FactId(3)), FactId(1));
  EXPECT_EQ(ledger_->Replaces(FactId(5)), FactId(3));
  EXPECT_EQ(ledger_->Replaces(FactId(4)), FactId());
  EXPECT_EQ(ledger_->Replaces(FactId(6)), FactId());
}

TEST_F(LedgerTest, ADamagedPositionOfAStreamIsFoundAndNamed) {
  rocks::Batch batch;
  batch.Put(rocks::Family::kStreams, std::string("\1a\2c1\0\0\0\0\0\0\0\11", 13), "\1\5abcd");
  ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
  const absl::Status status = Ledger::Open(*database_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(FromAbsl(status.message())), HasSubstr("provider 'a', collector 'c1' is damaged"));
}

}  // namespace
}  // namespace nines::ledger
