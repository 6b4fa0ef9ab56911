#include "daemon/ingest/ingest.h"

#include <gmock/gmock.h>

#include <future>

#include "tests/unit/daemon/ingest/world.h"

namespace nines::ingest {
namespace {

using testing::HasSubstr;

class IngestTest : public testing::Test {
 protected:
  void Make() {
    ingest =
        std::make_unique<Ingest>(*world.database, *world.store, *world.ledger, *world.catalogue, world.clock, options);
  }
  // Submits, waiting for room, and returns what will become of it.
  std::future<Outcome> Submit(Batch batch) {
    auto answer = std::make_shared<std::promise<Outcome>>();
    std::future<Outcome> future = answer->get_future();
    while (true) {
      auto room = std::make_shared<std::promise<void>>();
      const bool taken = ingest->Submit(
          batch, [answer](Outcome outcome) { answer->set_value(std::move(outcome)); }, [room] { room->set_value(); });
      if (taken) return future;
      ++times_full;
      room->get_future().wait();
    }
  }
  Batch OneResult(uint64_t sequence) {
    Batch batch = world.StreamBatch(session, sequence);
    if (sequence == 1) batch.register_checks.push_back({.check = CheckId("web"), .refused = {}});
    batch.results.push_back({0, {{world.now_ms + static_cast<int64_t>(sequence), 1}}});
    return batch;
  }

  World world;
  Options options;
  std::shared_ptr<Session> session = std::make_shared<Session>(ProviderId("north"));
  std::unique_ptr<Ingest> ingest;
  int times_full = 0;
};

TEST_F(IngestTest, AFullQueueMakesTheSenderWaitAndLosesNothing) {
  options.queue_batches_max = 2;
  Make();
  std::vector<std::future<Outcome>> answers;
  answers.push_back(Submit(OneResult(1)));
  answers.push_back(Submit(OneResult(2)));
  Batch third = OneResult(3);
  bool told = false;
  std::promise<void> told_promise;
  ASSERT_FALSE(ingest->Submit(
      third, [](Outcome) { FAIL() << "it was not taken"; },
      [&] {
        told = true;
        told_promise.set_value();
      }));
  EXPECT_FALSE(told);
  EXPECT_EQ(third.results.size(), 1u) << "the batch is left to the sender";
  ingest->Start();
  told_promise.get_future().wait();
  for (uint64_t sequence = 3; sequence <= 200; ++sequence) answers.push_back(Submit(OneResult(sequence)));
  for (auto& answer : answers) EXPECT_TRUE(answer.get().status.ok());
  ingest->Stop();
  EXPECT_EQ(world.Read(series::CheckResultLabels(ProviderId("north"), CheckId("web"))).size(), 200u);
  EXPECT_EQ(ingest->stats().results, 200u);
  EXPECT_EQ(ingest->stats().sequence_gaps, 0u);
}

TEST_F(IngestTest, StopCommitsWhatIsQueuedAndRefusesTheRest) {
  Make();
  auto queued = Submit(OneResult(1));
  ingest->Start();
  ingest->Stop();
  ingest->Stop();
  EXPECT_TRUE(queued.get().status.ok());
  EXPECT_EQ(Submit(OneResult(2)).get().status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ingest->RecordFacts({World::Incident("i", "portal", 1, 2)}).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(IngestTest, ManySendersShareCommits) {
  Make();
  std::vector<std::future<Outcome>> answers;
  for (int sender = 0; sender < 50; ++sender) {
    Batch batch = world.StreamBatch(std::make_shared<Session>(ProviderId("north")), 1);
    batch.stream.collector = "c-" + std::to_string(sender);
    batch.register_checks.push_back({.check = CheckId("web"), .refused = {}});
    batch.results.push_back({0, {{world.now_ms + sender, 1}}});
    answers.push_back(Submit(std::move(batch)));
  }
  ingest->Start();
  for (auto& answer : answers) EXPECT_TRUE(answer.get().status.ok());
  ingest->Stop();
  EXPECT_EQ(ingest->stats().batches, 50u);
  EXPECT_EQ(ingest->stats().commits, 1u);
}

TEST_F(IngestTest, FactsOfPeopleAreAllOrNothing) {
  Make();
  ingest->Start();
  ledger::NewFact good = World::Incident("i-1", "shop", 1000, 2000);
  good.provider = ProviderId();
  ledger::NewFact bad = World::Incident("i-2", "shop", 2000, 1000);
  bad.provider = ProviderId();
  ledger::NewFact nobody = World::Incident("i-3", "nobody", 1000, 2000);
  nobody.provider = ProviderId();
  const auto refused = ingest->RecordFacts({good, bad, nobody});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("declaration tickets/i-2 ends"));
  EXPECT_THAT(std::string(refused.status().message()),
              HasSubstr("\ndeclaration tickets/i-3 names the target 'nobody'"));
  EXPECT_EQ(world.ledger->Current(ledger::FactKind::kDeclaration).size(), 0u);
  const auto recorded = ingest->RecordFacts({good, good});
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_FALSE(recorded->at(0).unchanged);
  EXPECT_TRUE(recorded->at(1).unchanged);
  EXPECT_EQ(world.ledger->Current(ledger::FactKind::kDeclaration).size(), 1u);
}

TEST_F(IngestTest, FactsBehindACatalogueChangeSeeIt) {
  Make();
  v1::Target target;
  target.set_id("fresh");
  target.set_provider("north");
  ingest->Start();
  const auto applied = ingest->RecordFacts(
      {{"someone", ProviderId(), ledger::CatalogueChange{"target", "fresh", target.SerializeAsString()}}});
  ASSERT_TRUE(applied.ok()) << applied.status();
  Batch batch = world.StreamBatch(session, 1);
  batch.facts = {World::Incident("i-1", "fresh", 1000, 2000)};
  const Outcome outcome = Submit(std::move(batch)).get();
  EXPECT_EQ(outcome.recorded.size(), 1u);
  EXPECT_TRUE(outcome.refusals.empty());
}

TEST_F(IngestTest, CollectorsAreRememberedAfterTheyLeave) {
  Make();
  ingest->board().Connected(ProviderId("north"), "c-1", "0.1");
  ingest->board().Connected(ProviderId("north"), "c-1", "0.2");  // its second stream, before the first is gone
  ingest->board().Disconnected(ProviderId("north"), "c-1");
  EXPECT_TRUE(ingest->collectors().at(0).connected);
  EXPECT_EQ(ingest->stats().streams, 1u);
  ingest->board().Disconnected(ProviderId("north"), "c-1");
  ASSERT_EQ(ingest->collectors().size(), 1u);
  EXPECT_FALSE(ingest->collectors()[0].connected);
  EXPECT_EQ(ingest->collectors()[0].version, "0.2");
}

}  // namespace
}  // namespace nines::ingest
