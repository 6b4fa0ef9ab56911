#include "daemon/ingest/queue.h"

#include <gtest/gtest.h>

namespace nines::ingest {
namespace {

class QueueTest : public testing::Test {
 protected:
  Queue::Pushed Push(Queue& queue, size_t bytes, ledger::FactBody* fact = nullptr) {
    Batch batch;
    batch.bytes = bytes;
    if (fact != nullptr) batch.facts.push_back({"someone", ProviderId(), *fact});
    std::function<void(Outcome)> done = [](Outcome) {};
    std::function<void()> room = [this] { ++told; };
    return queue.Push(batch, done, room);
  }
  size_t Take(Queue& queue) {
    std::vector<Item> group;
    std::vector<std::function<void()>> room;
    queue.Take(group, room);
    for (const auto& call : room) call();
    return group.size();
  }
  int told = 0;
};

TEST_F(QueueTest, FullByBatchesTellsOnceWhenThereIsRoom) {
  Queue queue(2, 1000);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kYes);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kYes);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kFull);
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(told, 0);
  EXPECT_EQ(Take(queue), 2u);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kYes);
  Take(queue);
  EXPECT_EQ(told, 1);
}

TEST_F(QueueTest, FullByBytesButOneTooLargePassesAlone) {
  Queue queue(100, 1000);
  EXPECT_EQ(Push(queue, 5000), Queue::Pushed::kYes);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kFull);
  EXPECT_EQ(Take(queue), 1u);
  EXPECT_EQ(Push(queue, 999), Queue::Pushed::kYes);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kYes);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kFull);
}

TEST_F(QueueTest, GroupsAreBounded) {
  Queue queue(1000, 1 << 30);
  for (size_t i = 0; i < Queue::kGroupBatches + 3; ++i) Push(queue, 1);
  EXPECT_EQ(Take(queue), Queue::kGroupBatches);
  EXPECT_EQ(Take(queue), 3u);
  for (int i = 0; i < 3; ++i) Push(queue, Queue::kGroupBytes / 2);
  EXPECT_EQ(Take(queue), 2u);
}

TEST_F(QueueTest, ACatalogueChangeEndsItsGroup) {
  Queue queue(100, 1000);
  ledger::FactBody change = ledger::CatalogueChange{"provider", "p", "x"};
  Push(queue, 1);
  Push(queue, 1, &change);
  Push(queue, 1);
  EXPECT_EQ(Take(queue), 2u);
  EXPECT_EQ(Take(queue), 1u);
}

TEST_F(QueueTest, ClosedGivesOutWhatItHasAndTellsWhoWaits) {
  Queue queue(1, 1000);
  Push(queue, 1);
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kFull);
  queue.Close();
  EXPECT_EQ(Push(queue, 1), Queue::Pushed::kClosed);
  EXPECT_FALSE(queue.PushUnbounded({}));
  EXPECT_EQ(Take(queue), 1u);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(Take(queue), 0u);
}

}  // namespace
}  // namespace nines::ingest
