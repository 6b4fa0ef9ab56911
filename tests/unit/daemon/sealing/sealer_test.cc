#include "daemon/sealing/sealer.h"

#include <gmock/gmock.h>

#include <filesystem>

#include "daemon/sealing/sealed_form.h"
#include "tests/unit/daemon/report/supervised_world.h"

namespace nines::sealing {
namespace {

using report::kDown;
using report::kUp;
using report::Ms;
using report::Must;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Subject kJanuary = {{report::PeriodKind::kMonth, "2025-01", {}}, {seal::Scope::Kind::kProvider, "north"}};
constexpr int64_t kMinute = 60'000;

// The month of January 2025 in Asia/Shanghai, with one hour down; it is February.
class SealerTest : public testing::Test {
 protected:
  SealerTest() {
    world_.clock.SetWall(absl::FromUnixMillis(Ms("2025-02-03 00:00:00")));
    v1::Contract contract;
    contract.set_id("gold");
    contract.set_basis("either");
    world_.Record({world_.Entry("contract", contract), world_.Entry("target", world_.Target("portal", "gold")),
                   world_.Entry("check", world_.Check("web", "portal", -1))});
    world_.Store(
        "web",
        {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2025-01-10 08:00:00"), kDown}, {Ms("2025-01-10 09:00:00"), kUp}});
    ingest_.Start();
  }
  ~SealerTest() override { ingest_.Stop(); }

  Sealer::Outcome Seal(const std::string& reason = "", Sealer::Mode mode = Sealer::Mode::kSeal) {
    return Must(sealer_.Seal(kJanuary, "li", reason, mode));
  }
  std::string ErrorOf(const Subject& subject, const std::string& reason = "") {
    const absl::Status status = sealer_.Seal(subject, "li", reason, Sealer::Mode::kSeal).status();
    EXPECT_FALSE(status.ok());
    return std::string(status.message());
  }
  void Declare(const std::string& id, const std::string& from, const std::string& to, bool withdrawn = false) {
    world_.Record({world_.Incident(id, "portal", Ms(from), Ms(to), ledger::Impact::kDown, withdrawn)});
  }
  int64_t DownMs(uint64_t version) { return Must(sealer_.Read(kJanuary, version)).report.targets.at(0).down_ms; }
  std::vector<std::string> Faults() { return Must(sealer_.Verify()).faults; }

  report::SupervisedWorld world_;
  report::Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
  ingest::Ingest ingest_{*world_.database, *world_.store, *world_.ledger, *world_.catalogue, world_.clock, {}};
  Sealer sealer_{reporter_,
                 *world_.ledger,
                 ingest_,
                 world_.clock,
                 {.key_file = world_.directory + "/seal.key", .results_kept_ms = 3660 * 86'400'000LL}};
};

TEST_F(SealerTest, ASealStaysWhateverComesLater) {
  const Sealer::Outcome first = Seal();
  EXPECT_EQ(first.statement.version, 1u);
  EXPECT_EQ(first.statement.number, 1u);
  EXPECT_EQ(first.statement.previous, std::nullopt);
  EXPECT_EQ(first.statement.contracts.at(0).id, "gold");
  EXPECT_EQ(first.fact, world_.ledger->LastPosition());
  EXPECT_EQ(first.statement.ledger_position, first.fact.value() - 1);
  EXPECT_EQ(DownMs(0), 60 * kMinute);

  Declare("T-1", "2025-01-20 00:00:00", "2025-01-20 00:30:00");
  EXPECT_EQ(DownMs(1), 60 * kMinute);
  const Sealer::Outcome second = Seal("told late");
  EXPECT_EQ(second.statement.version, 2u);
  EXPECT_EQ(second.statement.number, 2u);
  EXPECT_EQ(DownMs(1), 60 * kMinute);
  EXPECT_EQ(DownMs(2), 90 * kMinute);
  EXPECT_EQ(DownMs(0), 90 * kMinute);
  EXPECT_THAT(Faults(), IsEmpty());
  EXPECT_EQ(Must(sealer_.List()).size(), 2u);
}

TEST_F(SealerTest, WithoutADifferenceNothingIsRecorded) {
  const Sealer::Outcome first = Seal();
  Declare("T-1", "2025-02-01 00:00:00", "2025-02-01 00:30:00");  // of another month
  const FactId last = world_.ledger->LastPosition();
  const Sealer::Outcome again = Seal("because");
  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(again.fact, first.fact);
  EXPECT_EQ(world_.ledger->LastPosition(), last);
}

TEST_F(SealerTest, ARestatementNeedsAReasonAndAPreviewRecordsNothing) {
  Seal("", Sealer::Mode::kPreview);
  EXPECT_FALSE(std::filesystem::exists(world_.directory + "/seal.key"));
  EXPECT_THAT(Must(sealer_.List()), IsEmpty());
  EXPECT_THAT(ErrorOf(kJanuary, "a reason"), HasSubstr("belongs to a restatement alone"));
  Seal();
  Declare("T-1", "2025-01-20 00:00:00", "2025-01-20 00:30:00");
  const std::string error = ErrorOf(kJanuary);
  EXPECT_THAT(error, HasSubstr("portal 99.8655 % → 99.7983 %"));
  EXPECT_THAT(error, HasSubstr("give a reason to make version 2"));
  const Sealer::Outcome preview = Seal("", Sealer::Mode::kPreview);
  EXPECT_EQ(preview.changes->targets.at(0).after->down_ms, 90 * kMinute);
  EXPECT_EQ(Must(sealer_.List()).size(), 1u);
}

TEST_F(SealerTest, CausesAreTheFactsThatConcernTheTargetInThePeriod) {
  Declare("T-0", "2025-01-25 00:00:00", "2025-01-25 00:10:00");
  Seal();
  Declare("T-1", "2025-02-01 00:00:00", "2025-02-01 00:30:00");  // of another month
  Declare("T-0", "2025-02-02 00:00:00", "2025-02-02 00:10:00");  // moved out of this one
  world_.Record({world_.Entry("target", world_.Target("other"))});
  world_.Record({world_.Incident("T-2", "other", Ms("2025-01-20 00:00:00"), Ms("2025-01-20 00:30:00"))});
  Seal("moved");
  const seal::Changes changes = *Must(sealer_.Read(kJanuary, 2)).changes;
  ASSERT_EQ(changes.targets.size(), 2u);
  EXPECT_EQ(changes.targets[0].target, "other");
  EXPECT_FALSE(changes.targets[0].before.has_value());
  EXPECT_THAT(changes.targets[1].causes, ElementsAre(seal::Cause{10, "declaration tickets/T-0 by test"}));
  EXPECT_FALSE(changes.targets[1].results_changed);
}

TEST_F(SealerTest, LateResultsMakeARestatementThatSaysSo) {
  Seal();
  world_.Store("web", {{Ms("2025-01-11 08:00:00"), kDown}, {Ms("2025-01-11 08:01:00"), kUp}});
  Seal("the spool was late");
  const seal::TargetChange change = Must(sealer_.Read(kJanuary, 2)).changes->targets.at(0);
  EXPECT_TRUE(change.results_changed);
  EXPECT_THAT(change.causes, IsEmpty());
  EXPECT_EQ(DownMs(2), 61 * kMinute);
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(SealerTest, AnotherContractIsACauseAndAVersion) {
  Seal();
  v1::Contract contract;
  contract.set_id("gold");
  contract.set_basis("declared");
  contract.set_effective_from("2025-01");
  world_.Record({world_.Entry("contract", contract)});
  Seal("the contract says declared");
  const seal::TargetChange change = Must(sealer_.Read(kJanuary, 2)).changes->targets.at(0);
  EXPECT_EQ(change.after->down_ms, 0);
  EXPECT_THAT(change.causes.at(0).what, "contract gold by test");
  EXPECT_EQ(DownMs(1), 60 * kMinute);
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(SealerTest, WhenTheResultsAreGoneTheSealedTimelinesStand) {
  Seal();
  world_.clock.SetWall(absl::FromUnixMillis(Ms("2036-02-03 00:00:00")));  // past what is kept
  // Whatever stands in the store now is not looked at.
  world_.Store("web", {{Ms("2025-01-11 08:00:00"), kDown}, {Ms("2025-01-11 20:00:00"), kUp}});
  EXPECT_TRUE(Seal().unchanged);
  Declare("T-1", "2025-01-20 00:00:00", "2025-01-20 00:30:00");
  Seal("told very late");
  EXPECT_EQ(DownMs(2), 90 * kMinute);
  EXPECT_THAT(Faults(), IsEmpty());
}

TEST_F(SealerTest, WhatIsNotClosedOrEmptyIsNotSealed) {
  EXPECT_THAT(ErrorOf({{report::PeriodKind::kMonth, "2025-02", {}}, {}}),
              HasSubstr("is not over before 2025-02-28T16:00"));
  EXPECT_THAT(ErrorOf({{report::PeriodKind::kMonth, "2025-13", {}}, {}}), HasSubstr("2025-13"));
  EXPECT_THAT(ErrorOf({kJanuary.period, {seal::Scope::Kind::kAgency, "health"}}), HasSubstr("nothing to seal"));
  EXPECT_THAT(ErrorOf({kJanuary.period, {seal::Scope::Kind::kAgency, "nobody"}}), HasSubstr("nobody"));
  EXPECT_THAT(ErrorOf({{report::PeriodKind::kSpan, "", {0, 1}}, {}}), HasSubstr("span"));
  EXPECT_THAT(std::string(sealer_.Read(kJanuary, 0).status().message()), HasSubstr("is not sealed"));
  Seal();
  EXPECT_THAT(std::string(sealer_.Read(kJanuary, 2).status().message()), HasSubstr("the newest is 1"));
}

TEST_F(SealerTest, AKeyThatIsLostIsNotMadeAnew) {
  Seal();
  std::filesystem::remove(world_.directory + "/seal.key");
  Declare("T-1", "2025-01-20 00:00:00", "2025-01-20 00:30:00");
  EXPECT_THAT(ErrorOf(kJanuary, "late"), HasSubstr("put the key back"));
  EXPECT_FALSE(std::filesystem::exists(world_.directory + "/seal.key"));
}

TEST_F(SealerTest, ABundleProvesEveryVersion) {
  Seal();
  Declare("T-1", "2025-01-20 00:00:00", "2025-01-20 00:30:00");
  Seal("told late");
  for (const uint64_t version : {1, 2}) {
    const seal::Files files = Must(sealer_.Bundle(kJanuary, version));
    const seal::PublicKey key = Must(sealer_.Key());
    const seal::BundleVerdict verdict = seal::VerifyBundle(files, {&key, 1});
    EXPECT_THAT(verdict.faults, IsEmpty());
    EXPECT_EQ(verdict.statement->version, version);
    EXPECT_EQ(verdict.seals, version);
    EXPECT_EQ(files.contains(std::string(seal::kChangesFile)), version == 2);
  }
}

TEST_F(SealerTest, ASealThatItsFactsDoNotGiveIsNamed) {
  Seal();
  // Signed with the right key, and wrong.
  const SealedVersion sound = Must(sealer_.Read(kJanuary, 1));
  seal::SealedReport report = sound.report;
  report.targets.at(0).down_ms = 0;
  const std::string text = seal::WriteReport(report);
  const std::string timelines = Must(world_.ledger->Document(sound.seal.statement.timelines.sha256));
  seal::Statement statement = sound.seal.statement;
  statement.number = 2;
  statement.previous = Sha256Of(sound.seal.text);
  statement.report = seal::NameOf(text);
  ledger::Seal body;
  body.statement = seal::WriteStatement(statement);
  body.signature = Must(seal::PrivateKey::Load(world_.directory + "/seal.key")).Sign(body.statement);
  body.documents = {statement.report.sha256, statement.timelines.sha256};
  world_.Record({{"li", ProviderId(), body, {text, timelines}}});
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("seal 2 (2025-01 of provider/north, version 1): its facts and timelines "
                                              "give another report now, from line")));
  statement.number = 4;
  body.statement = seal::WriteStatement(statement);
  body.signature[0] ^= 1;
  world_.Record({{"li", ProviderId(), body, {text, timelines}}});
  EXPECT_THAT(Faults(), ElementsAre(HasSubstr("seal 2"),
                                    HasSubstr("seal 3 (2025-01 of provider/north, version 1): does "
                                              "not follow"),
                                    HasSubstr("its signature does not hold")));
}

TEST(SealedFormTest, LabelsAreReadBack) {
  using report::PeriodKind;
  for (const auto& [kind, label] :
       {std::pair(PeriodKind::kMonth, "2026-05"), std::pair(PeriodKind::kQuarter, "2026-Q2"),
        std::pair(PeriodKind::kYear, "2026"), std::pair(PeriodKind::kFeeYear, "FY2026")}) {
    const report::Period period = Must(PeriodOf(label));
    EXPECT_EQ(period.kind, kind);
    EXPECT_EQ(report::LabelOf(period), label);
  }
  EXPECT_FALSE(PeriodOf("2026-5").ok());
  EXPECT_FALSE(PeriodOf("").ok());
}

}  // namespace
}  // namespace nines::sealing
