#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/codec/bytes.h"
#include "storage/ledger/verify.h"
#include "tests/unit/storage/ledger/ledger_fixture.h"

namespace nines::ledger {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ChainTest : public LedgerTest {
 protected:
  Verification Verify() {
    sound_.clear();
    absl::StatusOr<Verification> verification =
        VerifyLedger(*database_, [this](const ChainReader::Link& link) { sound_.push_back(link.fact.id.value()); });
    EXPECT_TRUE(verification.ok()) << verification.status();
    return *verification;
  }

  void Put(rocks::Family family, const std::string& key, const std::string& value) {
    rocks::Batch batch;
    batch.Put(family, key, value);
    ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
  }
  void Delete(rocks::Family family, const std::string& key) {
    rocks::Batch batch;
    batch.Delete(family, key);
    ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
  }

  static NewFact Report(const std::string& statement, const std::vector<std::string>& documents) {
    Seal seal{.statement = statement, .signature = "signature", .documents = {}};
    for (const std::string& document : documents) seal.documents.push_back(Sha256Of(document));
    return {.author = "li", .provider = {}, .body = seal, .documents = documents};
  }

  std::vector<uint64_t> sound_;
};

// The formula of FORMAT.md, with the digests as text.
std::string Link(const std::string& before, const Fact& fact) { return ToHex(Sha256Of(before + EncodeFact(fact))); }

TEST_F(ChainTest, EveryFactIsChainedToTheOneBefore) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20)});
  Record({Incident("a", "1", 11)});
  std::string chain;
  for (uint64_t id = 1; id <= 3; ++id) {
    chain = Link(chain, *ledger_->Get(FactId(id)));
    EXPECT_EQ(ToHex(ledger_->ChainAt(FactId(id))), chain);
    EXPECT_EQ(DecodeRecord(RecordOf(id))->chain, ledger_->ChainAt(FactId(id)));
  }
  const Digest head = ledger_->ChainAt(FactId(3));
  Reopen();
  EXPECT_EQ(ledger_->ChainAt(FactId(3)), head);
  EXPECT_THAT(Verify().faults, IsEmpty());
  EXPECT_THAT(sound_, ElementsAre(1, 2, 3));
}

// A record that says something else, with a checksum that holds.
std::string Forged(const std::string& record, bool with_digest) {
  nines::ledger::Record forged = *DecodeRecord(record);
  std::get<Declaration>(forged.fact.body).start_ms += 1;
  if (with_digest) return EncodeRecord(forged.fact, *forged.chain);
  std::string value = "\1" + EncodeFact(forged.fact);
  codec::AppendChecksum("", &value);
  return value;
}

TEST_F(ChainTest, AFactThatWasChangedWithItsChecksumIsFoundAndNamed) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20), Incident("a", "3", 30)});
  const std::string forged = Forged(RecordOf(2), /*with_digest=*/true);
  EXPECT_THAT(DamageWith(2, forged), HasSubstr("fact 2 is damaged: its digest does not follow from that of fact 1"));
  EXPECT_THAT(Verify().faults, ElementsAre(HasSubstr("fact 2 is damaged")));
  EXPECT_THAT(sound_, ElementsAre(1, 3));
}

TEST_F(ChainTest, AChangedFactWithItsDigestIsFoundByTheNext) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20), Incident("a", "3", 30)});
  nines::ledger::Record forged = *DecodeRecord(RecordOf(2));
  std::get<Declaration>(forged.fact.body).start_ms += 1;
  const std::string record = EncodeRecord(forged.fact, NextLink(ledger_->ChainAt(FactId(1)), EncodeFact(forged.fact)));
  EXPECT_THAT(DamageWith(2, record), HasSubstr("fact 3 is damaged: its digest does not follow from that of fact 2"));
}

TEST_F(ChainTest, ARecordWithoutADigestIsNoWayRoundTheChain) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20), Incident("a", "3", 30)});
  EXPECT_THAT(DamageWith(2, Forged(RecordOf(2), /*with_digest=*/false)),
              HasSubstr("fact 2 is damaged: it has no digest"));
}

TEST_F(ChainTest, FactsOfTheFormatWithoutDigestsAreChainedAllTheSame) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20), Incident("a", "3", 30)});
  for (uint64_t id = 1; id <= 2; ++id) {
    std::string older = "\1" + EncodeFact(*ledger_->Get(FactId(id)));
    codec::AppendChecksum("", &older);
    Put(rocks::Family::kFacts, FactKey(FactId(id)), older);
  }
  const Digest head = ledger_->ChainAt(FactId(3));
  Reopen();
  EXPECT_EQ(ledger_->ChainAt(FactId(3)), head);
  EXPECT_THAT(Verify().faults, IsEmpty());
}

TEST_F(ChainTest, EveryFaultHasAName) {
  Record({Incident("a", "1", 10), Incident("a", "2", 20), Incident("a", "3", 30), Incident("a", "4", 40),
          Incident("a", "5", 50), Incident("a", "6", 60), Incident("a", "7", 70), Incident("a", "8", 80)});
  Delete(rocks::Family::kFacts, FactKey(FactId(2)));
  Put(rocks::Family::kFacts, FactKey(FactId(4)), "rubbish");
  Delete(rocks::Family::kFacts, FactKey(FactId(6)));
  Delete(rocks::Family::kFacts, FactKey(FactId(7)));
  Put(rocks::Family::kFacts, "name", "value");
  EXPECT_THAT(
      Verify().faults,
      ElementsAre("ledger: fact 2 is missing", "ledger: fact 4 is damaged: the checksum is wrong",
                  "ledger: facts 6 to 7 are missing", "ledger: behind fact 8 there is a record that is no fact"));
  EXPECT_THAT(sound_, ElementsAre(1, 5));
}

TEST_F(ChainTest, EveryFlippedBitOfEveryRecordIsFoundAndNamed) {
  Record({Incident("a", "1", 10), Report("statement", {"report", "timelines"}), Incident("a", "2", 20)});
  ledger_->StagePosition({.provider = ProviderId("a"), .collector = "c1", .epoch = 9}, 4);
  ledger_->PublishPositions();
  rocks::Batch batch;
  ledger_->PutPositions(batch);
  ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
  ASSERT_THAT(Verify().faults, IsEmpty());
  int records = 0;
  for (const rocks::Family family : {rocks::Family::kFacts, rocks::Family::kDocuments, rocks::Family::kStreams}) {
    std::vector<std::pair<std::string, std::string>> all;
    ASSERT_TRUE(database_
                    ->Scan(family, "", "",
                           [&](std::string_view key, std::string_view value) {
                             all.emplace_back(key, value);
                             return true;
                           })
                    .ok());
    for (const auto& [key, value] : all) {
      ++records;
      const std::string name = family == rocks::Family::kFacts
                                   ? StrCat("fact ", static_cast<int>(key.back()), " is damaged")
                               : family == rocks::Family::kDocuments ? "document "
                                                                     : "position of stream ";
      for (size_t bit = 0; bit < value.size() * 8; ++bit) {
        std::string damaged = value;
        damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
        Put(family, key, damaged);
        ASSERT_THAT(Verify().faults, ElementsAre(HasSubstr(name))) << bit;
      }
      Put(family, key, value);
    }
  }
  EXPECT_EQ(records, 3 + 2 + 1);
  EXPECT_THAT(Verify().faults, IsEmpty());
}

TEST_F(ChainTest, DocumentsAreDurableWithTheirSeal) {
  const NewFact report = Report("statement", {"report", std::string(100'000, 'x')});
  EXPECT_EQ(ledger_->Document(Sha256Of("report")).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Record({report})[0].id, FactId(1));
  Reopen();
  EXPECT_EQ(*ledger_->Document(Sha256Of("report")), "report");
  EXPECT_EQ(ledger_->Document(Sha256Of(std::string(100'000, 'x')))->size(), 100'000u);
  EXPECT_EQ(std::get<Seal>(ledger_->Get(FactId(1))->body), std::get<Seal>(report.body));
  EXPECT_TRUE(Record({report})[0].unchanged);
  const Verification sound = Verify();
  EXPECT_THAT(sound.faults, IsEmpty());
  EXPECT_EQ(sound.facts, 1u);
  EXPECT_EQ(sound.documents, 2u);

  Delete(rocks::Family::kDocuments, DocumentKey(Sha256Of("report")));
  EXPECT_THAT(Verify().faults,
              ElementsAre(StrCat("ledger: document ", ToHex(Sha256Of("report")), " of fact 1 is missing")));
  Put(rocks::Family::kDocuments, DocumentKey(Sha256Of("report")), EncodeDocument(Sha256Of("report"), "forged"));
  EXPECT_THAT(Verify().faults, ElementsAre(HasSubstr(" is damaged: it is not the document that was stored")));
  EXPECT_EQ(ledger_->Document(Sha256Of("report")).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace nines::ledger
