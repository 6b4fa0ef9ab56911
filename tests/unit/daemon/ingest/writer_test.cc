#include "daemon/ingest/writer.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <bit>

#include "tests/unit/daemon/ingest/world.h"

namespace nines::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WriterTest : public testing::Test {
 protected:
  void MakeWriter() {
    writer =
        std::make_unique<Writer>(*world.database, *world.store, *world.ledger, *world.catalogue, world.clock, options);
  }
  // Commits the batches as one group.
  std::vector<Outcome> Commit(std::vector<Batch> batches) {
    std::vector<Outcome> outcomes;
    std::vector<Item> group;
    for (Batch& batch : batches) {
      group.push_back(
          {std::move(batch), false, [&outcomes](Outcome outcome) { outcomes.push_back(std::move(outcome)); }});
    }
    writer->Commit(group);
    EXPECT_EQ(outcomes.size(), batches.size());
    return outcomes;
  }
  Outcome CommitOne(Batch batch) {
    std::vector<Batch> one;
    one.push_back(std::move(batch));
    return Commit(std::move(one)).at(0);
  }
  static void AddSample(Batch& batch, uint32_t number, int64_t time_ms, double value) {
    batch.rows.Add(SeriesId(number), time_ms, value);
  }
  // One sample of the series `name`, which the batch registers.
  Batch Sample(uint64_t sequence, const std::string& name, int64_t time_ms, double value) {
    Batch batch = world.StreamBatch(session, sequence);
    batch.register_series.push_back({.labels = World::LabelsOf(name), .refused = {}});
    AddSample(batch, registered++, time_ms, value);
    return batch;
  }
  Batch Result(uint64_t sequence, const std::string& check, int64_t time_ms, double value) {
    Batch batch = world.StreamBatch(session, sequence);
    batch.register_checks.push_back({.check = CheckId(check), .refused = {}});
    batch.results.push_back({checks++, {{time_ms, value}}});
    return batch;
  }
  std::vector<double> Values(const series::Labels& labels) {
    std::vector<double> values;
    for (const series::Sample& sample : world.Read(labels)) values.push_back(sample.value);
    return values;
  }

  World world;
  Options options;
  std::shared_ptr<Session> session = std::make_shared<Session>(ProviderId("north"));
  uint32_t registered = 0;
  uint32_t checks = 0;
  const ledger::StreamKey key{ProviderId("north"), "c-1", 7};
  std::unique_ptr<Writer> writer;
};

TEST_F(WriterTest, AcknowledgedIsOnDisk) {
  MakeWriter();
  EXPECT_TRUE(CommitOne(Sample(1, "up", world.now_ms, 1.5)).status.ok());
  world.Reopen();
  EXPECT_THAT(Values(World::LabelsOf("up")), ElementsAre(1.5));
  EXPECT_EQ(world.ledger->LastSequence(key), 1u);
}

// What is cut from the log takes the positions of its streams into the database.
TEST_F(WriterTest, PositionsOutliveTheLog) {
  MakeWriter();
  EXPECT_TRUE(CommitOne(Sample(3, "up", world.now_ms, 1.5)).status.ok());
  ASSERT_TRUE(world.store->Close().ok());
  EXPECT_TRUE(CommitOne(Sample(4, "up", world.now_ms + 1, 2.5)).status.ok());
  world.Reopen();
  EXPECT_EQ(world.ledger->LastSequence(key), 4u);
  EXPECT_THAT(Values(World::LabelsOf("up")), ElementsAre(1.5, 2.5));
  ASSERT_TRUE(world.store->Close().ok());
  world.Reopen();
  EXPECT_EQ(world.ledger->LastSequence(key), 4u);
  EXPECT_THAT(Values(World::LabelsOf("up")), ElementsAre(1.5, 2.5));
}

TEST_F(WriterTest, ARowIsTakenWhole) {
  MakeWriter();
  Batch batch = world.StreamBatch(session, 1);
  for (const char* name : {"a", "b", "c"}) {
    batch.register_series.push_back({.labels = World::LabelsOf(name), .refused = {}});
  }
  batch.rows.rows = {{world.now_ms, 3}, {world.now_ms - options.late_window_ms - 1, 2}, {world.now_ms + 1, 2}};
  batch.rows.series = {0, 1, 2, 0, 1, 2, 0};
  batch.rows.values = {1, 2, 3, 4, 5, 6, 7};
  const Outcome outcome = CommitOne(std::move(batch));
  ASSERT_EQ(outcome.refusals.size(), 1u);
  EXPECT_EQ(outcome.refusals[0].reason, RefusalReason::kTooOld);
  EXPECT_EQ(outcome.refusals[0].count, 2u);
  EXPECT_EQ(writer->stats().samples, 5u);
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1, 7));
  EXPECT_THAT(Values(World::LabelsOf("b")), ElementsAre(2));
  EXPECT_THAT(Values(World::LabelsOf("c")), ElementsAre(3, 6));
}

// A session that holds the id of a series which was removed must not write to it.
TEST_F(WriterTest, ASessionWhoseSeriesWasRemovedIsToldToBeginAgain) {
  constexpr int64_t kDayMs = 86'400'000;
  world.store_options.retention = {
      .samples_ms = kDayMs, .five_minutes_ms = kDayMs, .hours_ms = kDayMs, .results_ms = kDayMs};
  world.Reopen();
  MakeWriter();
  EXPECT_TRUE(CommitOne(Sample(1, "a", world.now_ms, 1)).status.ok());
  ASSERT_TRUE(world.store->Close().ok());
  world.clock.Advance(absl::Hours(24 * 10));
  ASSERT_TRUE(world.store->Tend([] { return false; }).ok());
  ASSERT_TRUE(world.store->Maintain().ok());
  ASSERT_EQ(world.store->removals(), 1u);
  const int64_t later_ms = world.now_ms + 10 * kDayMs;
  Batch next = world.StreamBatch(session, 2);
  AddSample(next, 0, later_ms, 2);
  EXPECT_EQ(CommitOne(std::move(next)).status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(world.ledger->LastSequence(key), 1u);
  session = std::make_shared<Session>(ProviderId("north"));
  registered = 0;
  EXPECT_TRUE(CommitOne(Sample(2, "a", later_ms, 2)).status.ok());
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(2));
}

TEST_F(WriterTest, DuplicatesChangeNothingOverGroupsAndWithinOne) {
  MakeWriter();
  CommitOne(Sample(5, "a", world.now_ms, 1));
  std::vector<Batch> group;
  group.push_back(Sample(5, "a", world.now_ms, 2));
  group.push_back(Sample(6, "a", world.now_ms + 1, 3));
  group.push_back(Sample(6, "a", world.now_ms + 1, 4));
  const auto outcomes = Commit(std::move(group));
  EXPECT_TRUE(outcomes[0].duplicate && outcomes[0].status.ok());
  EXPECT_FALSE(outcomes[1].duplicate);
  EXPECT_TRUE(outcomes[2].duplicate);
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1, 3));
  EXPECT_EQ(writer->stats().duplicate_batches, 2u);
  EXPECT_EQ(writer->stats().samples, 2u);
}

TEST_F(WriterTest, RegistrationsOfADuplicateCount) {
  MakeWriter();
  CommitOne(Sample(1, "a", world.now_ms, 1));
  session = std::make_shared<Session>(ProviderId("north"));  // the stream is opened again
  registered = 0;
  EXPECT_TRUE(CommitOne(Sample(1, "a", world.now_ms, 1)).duplicate);
  Batch next = world.StreamBatch(session, 2);
  AddSample(next, 0, world.now_ms + 1, 2);
  EXPECT_TRUE(CommitOne(std::move(next)).status.ok());
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1, 2));
}

TEST_F(WriterTest, EpochsAreCountedApart) {
  MakeWriter();
  CommitOne(Sample(9, "a", world.now_ms, 1));
  Batch batch = Sample(1, "a", world.now_ms + 1, 2);
  batch.stream.epoch = 8;
  EXPECT_FALSE(CommitOne(std::move(batch)).duplicate);
  EXPECT_EQ(world.ledger->LastSequence(key), 9u);
}

TEST_F(WriterTest, GapsAreCounted) {
  MakeWriter();
  CommitOne(Sample(1, "a", world.now_ms, 1));
  CommitOne(Sample(2, "a", world.now_ms + 1, 1));
  EXPECT_EQ(writer->stats().sequence_gaps, 0u);
  CommitOne(Sample(9, "a", world.now_ms + 2, 1));
  EXPECT_EQ(writer->stats().sequence_gaps, 1u);
}

TEST_F(WriterTest, WindowsRefuseJustOutsideAndTakeTheEdge) {
  options.late_window_ms = 1000;
  options.ahead_window_ms = 100;
  MakeWriter();
  Batch batch = Sample(1, "a", world.now_ms - 1000, 1);
  for (const int64_t offset : {-1002, -1001, 100, 101}) AddSample(batch, 0, world.now_ms + offset, 2);
  const Outcome outcome = CommitOne(std::move(batch));
  ASSERT_EQ(outcome.refusals.size(), 2u);
  EXPECT_EQ(outcome.refusals[0].reason, RefusalReason::kTooOld);
  EXPECT_EQ(outcome.refusals[0].count, 2u);
  EXPECT_EQ(outcome.refusals[0].sequence, 1u);
  EXPECT_THAT(outcome.refusals[0].message, HasSubstr("is before 2026-"));
  EXPECT_THAT(outcome.refusals[0].message, HasSubstr("widen ingest.late_window (now 1s)"));
  EXPECT_EQ(outcome.refusals[1].reason, RefusalReason::kTooFarAhead);
  EXPECT_THAT(outcome.refusals[1].message, HasSubstr("widen ingest.ahead_window"));
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1, 2));
  EXPECT_EQ(writer->stats().refused[static_cast<int>(RefusalReason::kTooOld)], 2u);
}

TEST_F(WriterTest, ResultsAreNeverTooOldAndFutureOnesAreKept) {
  MakeWriter();
  EXPECT_THAT(CommitOne(Result(1, "web", 1'000, 0)).refusals, IsEmpty());
  EXPECT_THAT(CommitOne(Result(2, "web", world.now_ms + 86'400'000, 1)).refusals, IsEmpty());
  EXPECT_THAT(Values(series::CheckResultLabels(ProviderId("north"), CheckId("web"))), ElementsAre(0, 1));
  EXPECT_EQ(writer->stats().results, 2u);
}

TEST_F(WriterTest, SeriesLimitIsTheProvidersOwn) {
  options.series_per_provider_max = 2;
  MakeWriter();
  CommitOne(Sample(1, "a", world.now_ms, 1));
  CommitOne(Sample(2, "b", world.now_ms, 1));
  Batch third = Sample(3, "c", world.now_ms, 1);
  AddSample(third, 0, world.now_ms + 1, 5);  // a known series goes on
  const Outcome outcome = CommitOne(std::move(third));
  ASSERT_EQ(outcome.refusals.size(), 1u);
  EXPECT_EQ(outcome.refusals[0].reason, RefusalReason::kTooManySeries);
  EXPECT_THAT(outcome.refusals[0].message, HasSubstr("provider 'north' has its 2 series"));
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1, 5));
  EXPECT_FALSE(world.store->Find(World::LabelsOf("c")).has_value());

  options.series_per_provider_max = 3;
  writer->SetOptions(options);
  Batch again = world.StreamBatch(session, 4);
  AddSample(again, 2, world.now_ms, 7);
  EXPECT_THAT(CommitOne(std::move(again)).refusals, IsEmpty());
  EXPECT_THAT(Values(World::LabelsOf("c")), ElementsAre(7));
}

TEST_F(WriterTest, ARefusedRegistrationRefusesItsSamplesAlone) {
  MakeWriter();
  Batch batch = world.StreamBatch(session, 1);
  batch.register_series.push_back({.labels = {}, .reason = RefusalReason::kNotAllowed, .refused = "not yours"});
  batch.register_series.push_back({.labels = World::LabelsOf("fine"), .refused = {}});
  // In one row, in the way that a scrape comes; and once more by itself.
  batch.rows.rows = {{world.now_ms, 2}};
  batch.rows.series = {0, 1};
  batch.rows.values = {1, 2};
  AddSample(batch, 0, world.now_ms, 3);
  const Outcome outcome = CommitOne(std::move(batch));
  ASSERT_EQ(outcome.refusals.size(), 1u);
  EXPECT_EQ(outcome.refusals[0].reason, RefusalReason::kNotAllowed);
  EXPECT_EQ(outcome.refusals[0].count, 2u);
  EXPECT_THAT(outcome.refusals[0].message, HasSubstr("not yours"));
  EXPECT_THAT(Values(World::LabelsOf("fine")), ElementsAre(2));
}

TEST_F(WriterTest, FactsAreTakenOneByOne) {
  MakeWriter();
  Batch batch = world.StreamBatch(session, 1);
  batch.facts = {World::Incident("i-1", "portal", 1000, 2000), World::Incident("i-2", "portal", 2000, 2000),
                 World::Incident("i-3", "shop", 1000, 2000), World::Incident("i-4", "nowhere", 1000, 2000)};
  const Outcome outcome = CommitOne(std::move(batch));
  ASSERT_EQ(outcome.recorded.size(), 1u);
  ASSERT_EQ(outcome.refusals.size(), 3u);
  EXPECT_EQ(outcome.refusals[0].reason, RefusalReason::kInvalidFact);
  EXPECT_EQ(outcome.refusals[0].fact_source, "tickets");
  EXPECT_EQ(outcome.refusals[0].fact_id, "i-2");
  EXPECT_EQ(outcome.refusals[1].reason, RefusalReason::kNotAllowed);
  EXPECT_EQ(outcome.refusals[2].reason, RefusalReason::kInvalidFact);
  world.Reopen();
  EXPECT_EQ(world.ledger->Current(ledger::FactKind::kDeclaration).size(), 1u);
}

TEST_F(WriterTest, TheSameFactTwiceIsOne) {
  MakeWriter();
  Batch batch = world.StreamBatch(session, 1);
  batch.facts = {World::Incident("i-1", "portal", 1000, 2000), World::Incident("i-1", "portal", 1000, 2000)};
  const Outcome outcome = CommitOne(std::move(batch));
  ASSERT_EQ(outcome.recorded.size(), 2u);
  EXPECT_FALSE(outcome.recorded[0].unchanged);
  EXPECT_TRUE(outcome.recorded[1].unchanged);
  EXPECT_EQ(writer->stats().facts, 1u);
}

TEST_F(WriterTest, ListenersHearBeforeTheAnswer) {
  MakeWriter();
  std::vector<std::string> heard;
  writer->SetListener(
      {.on_results =
           [&](const ProviderId& provider, const CheckId& check, std::span<const series::Sample> samples) {
             heard.push_back(provider.value() + "/" + check.value() + "/" + std::to_string(samples.size()));
           },
       .on_facts = [&] { heard.push_back("facts"); }});
  Batch batch = Result(1, "web", world.now_ms, 1);
  batch.facts = {World::Incident("i-1", "portal", 1000, 2000)};
  std::vector<Item> group;
  group.push_back({std::move(batch), false, [&](const Outcome&) { heard.push_back("answer"); }});
  writer->Commit(group);
  EXPECT_THAT(heard, ElementsAre("north/web/1", "facts", "answer"));
  heard.clear();
  Batch again = world.StreamBatch(session, 2);
  again.facts = {World::Incident("i-1", "portal", 1000, 2000)};
  CommitOne(std::move(again));
  EXPECT_THAT(heard, IsEmpty()) << "an unchanged fact is no news";
}

TEST_F(WriterTest, HealthIsKeptForTheBoard) {
  MakeWriter();
  Batch batch = world.StreamBatch(session, 1);
  batch.health =
      CollectorHealth{.spool_bytes = 11, .spool_bytes_max = 12, .spool_dropped_records = 13, .source_errors = 14};
  CommitOne(std::move(batch));
  const auto all = writer->board().All();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].collector, "c-1");
  EXPECT_EQ(all[0].last_batch_ms, world.now_ms);
  EXPECT_EQ(all[0].spool_bytes, 11u);
  EXPECT_EQ(all[0].spool_dropped_records, 13u);
  EXPECT_EQ(all[0].source_errors, 14u);
}

// A disk that takes nothing more: files may not grow past where they are now.
class FullDisk {
 public:
  FullDisk() {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    NINES_CHECK(setrlimit(RLIMIT_FSIZE, &none) == 0);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_;
};

TEST_F(WriterTest, AFailedWriteLosesTheWholeGroupAndNothingOfItIsSeen) {
  MakeWriter();
  CommitOne(Sample(1, "a", world.now_ms, 1));
  Batch facts = world.StreamBatch(session, 3);
  facts.facts = {World::Incident("i-1", "portal", 1000, 2000)};
  {
    FullDisk full;
    std::vector<Batch> group;
    group.push_back(Sample(2, "b", world.now_ms, 2));
    group.push_back(std::move(facts));
    for (const Outcome& outcome : Commit(std::move(group))) {
      EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable);
      EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("send it again"));
    }
  }
  EXPECT_FALSE(writer->healthy().ok());
  EXPECT_EQ(writer->stats().failed_commits, 1u);
  EXPECT_THAT(Values(World::LabelsOf("b")), IsEmpty());
  EXPECT_EQ(world.ledger->Current(ledger::FactKind::kDeclaration).size(), 0u);
  EXPECT_EQ(world.ledger->LastSequence(key), 1u);
  // A later batch of the same stream must not jump the queue, or the lost ones would never be sent again.
  EXPECT_EQ(CommitOne(Sample(4, "c", world.now_ms, 3)).status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(world.ledger->LastSequence(key), 1u);

  // A restart finds what was acknowledged and nothing else; the stream sends from there.
  world.Reopen();
  EXPECT_EQ(world.ledger->LastSequence(key), 1u);
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1));
  EXPECT_THAT(Values(World::LabelsOf("b")), IsEmpty());
  EXPECT_EQ(world.ledger->Current(ledger::FactKind::kDeclaration).size(), 0u);
  session = std::make_shared<Session>(ProviderId("north"));
  registered = 0;
  MakeWriter();
  EXPECT_TRUE(CommitOne(Sample(2, "b", world.now_ms, 2)).status.ok());
  EXPECT_THAT(Values(World::LabelsOf("b")), ElementsAre(2));
}

// As above where there is nothing to write but to the log.
TEST_F(WriterTest, ALogThatTakesNothingLosesTheGroupAndGoesOnWhenThereIsRoom) {
  MakeWriter();
  CommitOne(Sample(1, "a", world.now_ms, 1));
  const auto next = [&](uint64_t sequence, int64_t offset, double value) {
    Batch batch = world.StreamBatch(session, sequence);
    AddSample(batch, 0, world.now_ms + offset, value);
    return batch;
  };
  {
    FullDisk full;
    const Outcome outcome = CommitOne(next(2, 1, 2));
    EXPECT_EQ(outcome.status.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(outcome.status.message()), HasSubstr("send it again"));
  }
  EXPECT_FALSE(writer->healthy().ok());
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1));
  EXPECT_EQ(world.ledger->LastSequence(key), 1u);
  session = std::make_shared<Session>(ProviderId("north"));
  registered = 0;
  EXPECT_TRUE(CommitOne(Sample(2, "a", world.now_ms + 1, 3)).status.ok());
  EXPECT_TRUE(writer->healthy().ok());
  world.Reopen();
  EXPECT_THAT(world.store->recovery_damage(), IsEmpty());
  EXPECT_THAT(Values(World::LabelsOf("a")), ElementsAre(1, 3));
  EXPECT_EQ(world.ledger->LastSequence(key), 2u);
}

TEST_F(WriterTest, NoBatchOfAStreamPassesALostOne) {
  MakeWriter();
  // A catalogue that cannot be read loses batches with facts, and those alone.
  rocks::Batch batch;
  world.ledger->Stage(std::vector<ledger::NewFact>{{"x", ProviderId(), ledger::CatalogueChange{"target", "t", "\xff"}}},
                      0, batch);
  ASSERT_TRUE(world.database->Write(batch, rocks::Durability::kSync).ok());
  world.ledger->PublishFacts();
  Batch lost = world.StreamBatch(session, 1);
  lost.facts = {World::Incident("i-1", "portal", 1000, 2000)};
  EXPECT_FALSE(CommitOne(std::move(lost)).status.ok());
  EXPECT_FALSE(CommitOne(Sample(2, "a", world.now_ms, 1)).status.ok());
  EXPECT_EQ(world.ledger->LastSequence(key), 0u);
  session = std::make_shared<Session>(ProviderId("north"));
  registered = 0;
  EXPECT_TRUE(CommitOne(Sample(2, "a", world.now_ms, 1)).status.ok());
}

TEST_F(WriterTest, ValuesKeepEveryBit) {
  MakeWriter();
  Batch batch = world.StreamBatch(session, 1);
  batch.register_series.push_back({.labels = World::LabelsOf("a"), .refused = {}});
  const uint64_t patterns[] = {series::kStaleBits, 0x8000000000000000, 0x7ff0000000000000, 0xfff8000000000001};
  for (int i = 0; i < 4; ++i) {
    AddSample(batch, 0, world.now_ms + i, std::bit_cast<double>(patterns[i]));
  }
  CommitOne(std::move(batch));
  const auto samples = world.Read(World::LabelsOf("a"));
  ASSERT_EQ(samples.size(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(std::bit_cast<uint64_t>(samples[i].value), patterns[i]);
}

}  // namespace
}  // namespace nines::ingest
