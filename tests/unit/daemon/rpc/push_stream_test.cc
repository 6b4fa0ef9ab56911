#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include "daemon/ingest/ingest.h"
#include "daemon/rpc/push_service.h"
#include "tests/unit/daemon/ingest/world.h"

namespace nines::rpc {
namespace {

using testing::HasSubstr;

// One collector's end of a stream.
class Client {
 public:
  explicit Client(const std::shared_ptr<grpc::Channel>& channel)
      : stub_(v1::IngestService::NewStub(channel)), stream_(stub_->Push(&context_)) {}
  ~Client() { context_.TryCancel(); }

  void Send(const v1::PushRequest& request) { stream_->Write(request); }
  void Hello(const std::string& collector = "c-1", const std::string& provider = "north", uint64_t epoch = 7) {
    v1::PushRequest request;
    request.mutable_hello()->set_collector_id(collector);
    request.mutable_hello()->set_provider_id(provider);
    request.mutable_hello()->set_epoch(epoch);
    request.mutable_hello()->set_version("0.1");
    Send(request);
  }
  void Result(uint64_t sequence, int64_t time_ms) {
    v1::PushRequest request;
    v1::Batch* batch = request.mutable_batch();
    batch->set_sequence(sequence);
    if (!registered_) batch->add_register_checks("web");
    registered_ = true;
    auto* results = batch->add_results();
    results->add_time_delta_ms(time_ms);
    results->add_states(v1::RESULT_STATE_UP);
    Send(request);
  }
  std::optional<v1::PushResponse> Read() {
    v1::PushResponse response;
    if (!stream_->Read(&response)) return std::nullopt;
    return response;
  }
  v1::Welcome Welcome() {
    const auto response = Read();
    EXPECT_TRUE(response && response->has_welcome());
    return response ? response->welcome() : v1::Welcome();
  }
  // Reads until `sequence` is acknowledged; the refusals on the way.
  std::vector<v1::Refusal> AwaitSequence(uint64_t sequence) {
    std::vector<v1::Refusal> refusals;
    while (const auto response = Read()) {
      EXPECT_GE(response->acknowledgement().sequence(), last_) << "acknowledgements only grow";
      last_ = response->acknowledgement().sequence();
      for (const auto& refusal : response->acknowledgement().refusals()) refusals.push_back(refusal);
      if (last_ >= sequence) return refusals;
    }
    ADD_FAILURE() << "the stream ended before " << sequence
                  << " was acknowledged: " << stream_->Finish().error_message();
    return refusals;
  }
  void HalfClose() { stream_->WritesDone(); }
  grpc::Status End() {
    while (Read()) {
    }
    return stream_->Finish();
  }
  void ExpectEnd(grpc::StatusCode code, const std::string& words) {
    const grpc::Status status = End();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(words));
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::IngestService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::PushRequest, v1::PushResponse>> stream_;
  bool registered_ = false;
  uint64_t last_ = 0;
};

class PushStreamTest : public testing::Test {
 protected:
  void SetUp() override { Serve(); }
  void TearDown() override { StopServing(); }

  void Serve() {
    ingest = std::make_unique<ingest::Ingest>(*world.database, *world.store, *world.ledger, *world.catalogue,
                                              world.clock, ingest_options);
    service = std::make_unique<PushService>(*ingest, *world.ledger, *world.catalogue, options);
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(16 << 20);
    builder.RegisterService(service.get());
    server = builder.BuildAndStart();
    ingest->Start();
    channel = server->InProcessChannel({});
  }
  void StopServing() {
    if (server == nullptr) return;
    service->Stop();
    server->Shutdown();
    ingest->Stop();
    server.reset();
    service.reset();
  }
  size_t ResultsOf(const std::string& check) {
    return world.Read(series::CheckResultLabels(ProviderId("north"), CheckId(check))).size();
  }

  ingest::World world;
  ingest::Options ingest_options;
  PushService::Options options;
  std::unique_ptr<ingest::Ingest> ingest;
  std::unique_ptr<PushService> service;
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<grpc::Channel> channel;
};

TEST_F(PushStreamTest, WelcomeThenAcknowledgements) {
  Client client(channel);
  client.Hello();
  const v1::Welcome welcome = client.Welcome();
  EXPECT_EQ(welcome.last_sequence(), 0u);
  EXPECT_EQ(welcome.batch_bytes_max(), 4u << 20);
  for (uint64_t sequence = 1; sequence <= 100; ++sequence)
    client.Result(sequence, world.now_ms + static_cast<int64_t>(sequence));
  EXPECT_TRUE(client.AwaitSequence(100).empty());
  EXPECT_EQ(ResultsOf("web"), 100u);
  client.HalfClose();
  client.ExpectEnd(grpc::StatusCode::OK, "");
}

TEST_F(PushStreamTest, AnAnswerToTheLastBatchComesAlsoAfterTheHalfClose) {
  Client client(channel);
  client.Hello();
  client.Result(1, world.now_ms);
  client.HalfClose();
  client.Welcome();
  client.AwaitSequence(1);
  client.ExpectEnd(grpc::StatusCode::OK, "");
}

TEST_F(PushStreamTest, AReconnectGoesOnWhereItStood) {
  {
    Client client(channel);
    client.Hello();
    client.Welcome();
    client.Result(1, 1000);
    client.Result(2, 2000);
    client.AwaitSequence(2);
  }
  Client client(channel);
  client.Hello();
  EXPECT_EQ(client.Welcome().last_sequence(), 2u);
  client.Result(2, 999'000);  // comes twice: nothing happens, but its registrations count
  client.Result(3, 3000);
  client.AwaitSequence(3);
  EXPECT_EQ(ResultsOf("web"), 3u);
  Client other(channel);
  other.Hello("c-1", "north", 8);
  EXPECT_EQ(other.Welcome().last_sequence(), 0u) << "another epoch";
}

TEST_F(PushStreamTest, ASecondStreamEndsTheFirst) {
  Client first(channel);
  first.Hello();
  first.Welcome();
  Client second(channel);
  second.Hello();
  second.Welcome();
  first.ExpectEnd(grpc::StatusCode::ABORTED, "another stream of collector 'c-1'");
  second.Result(1, 1000);
  second.AwaitSequence(1);
  Client other(channel);
  other.Hello("c-2");
  other.Welcome();
  second.Result(2, 2000);
  second.AwaitSequence(2);
  EXPECT_EQ(ingest->stats().streams, 2u);
}

TEST_F(PushStreamTest, WhatIsRefusedIsSaidAndTheRestIsTaken) {
  Client client(channel);
  client.Hello();
  client.Welcome();
  v1::PushRequest request;
  v1::Batch* batch = request.mutable_batch();
  batch->set_sequence(1);
  auto* label = batch->add_register_series()->add_labels();
  label->set_name("__name__");
  label->set_value("up");
  auto* row = batch->add_rows();
  row->set_time_ms(world.now_ms);
  row->add_values(1);
  row->add_values(2);
  batch->add_rows()->set_time_ms(5);
  batch->mutable_rows(1)->add_values(3);
  client.Send(request);
  const auto refusals = client.AwaitSequence(1);
  ASSERT_EQ(refusals.size(), 2u);
  EXPECT_EQ(refusals[0].reason(), v1::REFUSAL_REASON_MALFORMED);
  EXPECT_EQ(refusals[0].sequence(), 1u);
  EXPECT_EQ(refusals[1].reason(), v1::REFUSAL_REASON_TOO_OLD);
  EXPECT_EQ(world.Read(ingest::World::LabelsOf("up")).size(), 1u);
}

TEST_F(PushStreamTest, ManyRefusalsComeInSeveralMessages) {
  Client client(channel);
  client.Hello();
  client.Welcome();
  v1::PushRequest request;
  request.mutable_batch()->set_sequence(1);
  for (int i = 0; i < 1201; ++i) {
    auto* declaration = request.mutable_batch()->add_declarations();
    declaration->set_source("t");
    declaration->set_id(std::to_string(i));
  }
  client.Send(request);
  EXPECT_EQ(client.AwaitSequence(1).size(), 1201u);
}

TEST_F(PushStreamTest, OpeningWithTheWrongWords) {
  const auto expect = [&](auto say, grpc::StatusCode code, const std::string& words) {
    Client client(channel);
    say(client);
    client.ExpectEnd(code, words);
  };
  using enum grpc::StatusCode;
  expect([&](Client& c) { c.Result(1, 1000); }, INVALID_ARGUMENT, "a batch before hello; send hello first");
  expect([&](Client& c) { c.Send({}); }, INVALID_ARGUMENT, "neither hello nor batch");
  expect([&](Client& c) { c.Hello("", "north"); }, INVALID_ARGUMENT, "hello.collector_id is empty");
  expect([&](Client& c) { c.Hello(std::string(201, 'c'), "north"); }, INVALID_ARGUMENT, "longer than 200 bytes");
  expect([&](Client& c) { c.Hello("c\n1", "north"); }, INVALID_ARGUMENT, "control characters");
  expect([&](Client& c) { c.Hello("c-1", ""); }, INVALID_ARGUMENT, "hello.provider_id is empty");
  expect([&](Client& c) { c.Hello("c-1", "north", 0); }, INVALID_ARGUMENT, "hello.epoch is 0");
  expect([&](Client& c) { c.Hello("c-1", "west"); }, FAILED_PRECONDITION,
         "provider 'west' is not in the catalogue; add it with ninesctl");
}

TEST_F(PushStreamTest, GoingOnWithTheWrongWords) {
  const auto expect = [&](auto say, grpc::StatusCode code, const std::string& words) {
    Client client(channel);
    client.Hello();
    say(client);
    client.ExpectEnd(code, words);
  };
  using enum grpc::StatusCode;
  expect([&](Client& c) { c.Hello(); }, INVALID_ARGUMENT, "a second hello");
  expect([&](Client& c) { c.Send({}); }, INVALID_ARGUMENT, "neither hello nor batch");
  expect([&](Client& c) { c.Result(0, 1000); }, INVALID_ARGUMENT, "batch.sequence 0 after 0");
  expect(
      [&](Client& c) {
        c.Result(5, 1000);
        c.Result(5, 2000);
      },
      INVALID_ARGUMENT, "batch.sequence 5 after 5");
  expect(
      [&](Client& c) {
        v1::PushRequest request;
        request.mutable_batch()->set_sequence(1);
        request.mutable_batch()->add_register_checks(std::string(5 << 20, 'x'));
        c.Send(request);
      },
      RESOURCE_EXHAUSTED, "send at most 4194304 in one");
}

TEST_F(PushStreamTest, AFullQueueSlowsTheSenderAndDropsNothing) {
  StopServing();
  ingest_options.queue_batches_max = 1;
  options.batches_in_flight_max = 2;
  Serve();
  Client one(channel), two(channel);
  one.Hello("c-1");
  two.Hello("c-2");
  one.Welcome();
  two.Welcome();
  for (uint64_t sequence = 1; sequence <= 200; ++sequence) {
    one.Result(sequence, world.now_ms + static_cast<int64_t>(2 * sequence));
    two.Result(sequence, world.now_ms + static_cast<int64_t>(2 * sequence + 1));
  }
  one.AwaitSequence(200);
  two.AwaitSequence(200);
  EXPECT_EQ(ResultsOf("web"), 400u);
}

TEST_F(PushStreamTest, StopAcknowledgesAndThenSaysUnavailable) {
  Client client(channel);
  client.Hello();
  client.Welcome();
  client.Result(1, 1000);
  client.AwaitSequence(1);
  service->Stop();
  client.ExpectEnd(grpc::StatusCode::UNAVAILABLE, "the daemon is stopping");
  Client late(channel);
  late.Hello();
  late.ExpectEnd(grpc::StatusCode::UNAVAILABLE, "the daemon is stopping");
}

TEST_F(PushStreamTest, ClientsThatVanishLeaveNothingBehind) {
  for (int i = 0; i < 20; ++i) {
    Client client(channel);
    client.Hello("c-" + std::to_string(i));
    if (i % 2 == 0) client.Welcome();
    client.Result(1, 1000);
  }
  StopServing();
  EXPECT_EQ(ingest->stats().streams, 0u);
}

}  // namespace
}  // namespace nines::rpc
