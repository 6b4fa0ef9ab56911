#include "collectors/agent/stream_client.h"

#include <gmock/gmock.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <functional>
#include <map>
#include <random>

#include "base/mutex.h"
#include "tests/unit/collectors/agent/temporary_directory.h"

namespace nines::collector {
namespace {

// A daemon that keeps what it is sent in memory, breaks streams when told, and answers when it likes.
class FakeDaemon final : public v1::IngestService::Service {
 public:
  struct Behaviour {
    uint32_t seed = 1;
    int break_one_in = 0;         // batches; 0: never
    int answer_one_in = 1;        // the others wait for a later answer
    grpc::Status refuse;          // every stream, at Hello
    std::string refuse_fact;      // id of it
    uint64_t claim_sequence = 0;  // Welcome, for the first epoch that is seen
  };
  struct Kept {
    std::vector<uint64_t> sequences;     // as they came, without those that are known
    std::map<std::string, int> results;  // check → how many
    std::vector<double> values;
    std::vector<std::string> names;  // of the series of `values`
    std::vector<std::string> facts;
    std::vector<uint64_t> epochs;
    int streams = 0, healths = 0, misnumbered = 0;
  };

  explicit FakeDaemon(Behaviour behaviour) : behaviour_(behaviour), random_(behaviour.seed) {
    grpc::ServerBuilder builder;
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeDaemon() override { server_->Shutdown(); }

  std::shared_ptr<grpc::Channel> channel() { return server_->InProcessChannel({}); }
  Kept kept() {
    MutexLock lock(mutex_);
    return kept_;
  }
  void SetBehaviour(Behaviour behaviour) {
    MutexLock lock(mutex_);
    behaviour_ = behaviour;
  }
  void Forget() {
    MutexLock lock(mutex_);
    last_.clear();
  }

 private:
  using Push_ = grpc::ServerReaderWriter<v1::PushResponse, v1::PushRequest>;

  grpc::Status Push(grpc::ServerContext*, Push_* stream) override {
    v1::PushRequest request;
    if (!stream->Read(&request) || !request.has_hello()) return {grpc::StatusCode::INVALID_ARGUMENT, "no Hello"};
    const uint64_t epoch = request.hello().epoch();
    v1::PushResponse response;
    {
      MutexLock lock(mutex_);
      ++kept_.streams;
      if (!behaviour_.refuse.ok()) return behaviour_.refuse;
      if (kept_.epochs.empty() || kept_.epochs.back() != epoch) kept_.epochs.push_back(epoch);
      if (kept_.epochs.size() == 1 && behaviour_.claim_sequence > 0) last_[epoch] = behaviour_.claim_sequence;
      response.mutable_welcome()->set_last_sequence(last_[epoch]);
    }
    stream->Write(response);
    std::vector<std::string> series, checks;
    while (stream->Read(&request)) {
      response.Clear();
      bool answer = false;
      {
        MutexLock lock(mutex_);
        Keep(request.batch(), epoch, &series, &checks);
        if (behaviour_.break_one_in > 0 && random_() % behaviour_.break_one_in == 0) {
          return {grpc::StatusCode::UNAVAILABLE, "broken on purpose"};
        }
        answer = random_() % behaviour_.answer_one_in == 0 || request.batch().sequence() % 10 == 0;
        response.mutable_acknowledgement()->set_sequence(last_[epoch]);
        for (const auto& fact : request.batch().declarations()) {
          if (fact.id() != behaviour_.refuse_fact) continue;
          v1::Refusal* refusal = response.mutable_acknowledgement()->add_refusals();
          refusal->set_sequence(request.batch().sequence());
          refusal->set_reason(v1::REFUSAL_REASON_INVALID_FACT);
          refusal->set_count(1);
          refusal->set_fact_source(fact.source());
          refusal->set_fact_id(fact.id());
          refusal->set_message("names nobody");
          answer = true;
        }
      }
      if (answer) stream->Write(response);
    }
    return grpc::Status::OK;
  }

  void Keep(const v1::Batch& batch, uint64_t epoch, std::vector<std::string>* series, std::vector<std::string>* checks)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const auto& registration : batch.register_series()) series->push_back(registration.labels(0).value());
    for (const auto& check : batch.register_checks()) checks->push_back(check);
    kept_.healths += batch.has_health();
    if (batch.sequence() <= last_[epoch]) return;
    last_[epoch] = batch.sequence();
    kept_.sequences.push_back(batch.sequence());
    for (const auto& results : batch.results()) {
      if (results.check() >= checks->size()) {
        ++kept_.misnumbered;
      } else {
        kept_.results[(*checks)[results.check()]] += results.states_size();
      }
    }
    for (const auto& row : batch.rows()) {
      for (int i = 0; i < row.values_size(); ++i) {
        const size_t number = row.series_size() > 0 ? row.series(i) : row.first_series() + static_cast<size_t>(i);
        kept_.values.push_back(row.values(i));
        kept_.names.push_back(number < series->size() ? (*series)[number] : "misnumbered");
      }
    }
    for (const auto& fact : batch.declarations()) kept_.facts.push_back(fact.id());
  }

  Mutex mutex_;
  Behaviour behaviour_ ABSL_GUARDED_BY(mutex_);
  std::minstd_rand random_ ABSL_GUARDED_BY(mutex_);
  Kept kept_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, uint64_t> last_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_;
};

class StreamClientTest : public ::testing::Test {
 protected:
  using Body = std::function<boost::asio::awaitable<void>(SpoolRecorder&, StreamClient&)>;

  // Runs an agent until `body` is done.
  void Run(FakeDaemon& daemon, Body body) {
    SpoolOptions options;
    options.directory = directory_.path();
    options.segment_bytes = segment_bytes_;
    auto spool = Spool::Open(options, clock_);
    ASSERT_TRUE(spool.ok()) << spool.status();
    boost::asio::io_context io;
    SpoolRecorder recorder(io, **spool);
    StreamOptions stream;
    stream.collector_id = "c1";
    stream.provider_id = "p1";
    stream.window_bytes = 2000;
    stream.backoff_min = stream.backoff_max = std::chrono::milliseconds(1);
    StreamClient client(io, **spool, recorder, clock_, daemon.channel(), stream);
    const auto check = [](std::exception_ptr error) { EXPECT_FALSE(error); };
    boost::asio::co_spawn(io, recorder.Run(), check);
    boost::asio::co_spawn(io, client.Run(), check);
    boost::asio::co_spawn(io, body(recorder, client), [&](std::exception_ptr error) {
      EXPECT_FALSE(error);
      recorder.Stop();
      client.Stop();
    });
    io.run();
    last_sequence_ = (*spool)->last_sequence();
    acked_sequence_ = (*spool)->acked_sequence();
  }

  // 300 records, each with one result of one of seven checks and one row of two series.
  static boost::asio::awaitable<void> Add300(SpoolRecorder& recorder, StreamClient&) {
    std::vector<LabelSetPtr> series;
    for (int i = 0; i < 10; ++i) {
      series.push_back(std::make_shared<const LabelSet>(LabelSet{{"__name__", std::to_string(i)}}));
    }
    for (int i = 0; i < 300; ++i) {
      recorder.AddResult("check" + std::to_string(i % 7), i * 1000, v1::RESULT_STATE_UP);
      const int number = i % 10, other = (i * 3) % 10;
      recorder.AddRow(i * 1000, std::vector<RowSample>{{series[number], number * 1.0}, {series[other], other * 1.0}});
      const absl::Status flushed = co_await recorder.Flush();
      EXPECT_TRUE(flushed.ok());
    }
    const auto acknowledged = co_await recorder.Acknowledged();
    EXPECT_TRUE(acknowledged.ok()) << acknowledged.status();
  }
  static void ExpectAll300(const FakeDaemon::Kept& kept) {
    EXPECT_TRUE(std::is_sorted(kept.sequences.begin(), kept.sequences.end()));
    int results = 0;
    for (const auto& [check, count] : kept.results) results += count;
    EXPECT_EQ(results, 300);
    EXPECT_EQ(kept.results.size(), 7u);
    EXPECT_EQ(kept.misnumbered, 0);
    ASSERT_EQ(kept.values.size(), 600u);
    for (size_t i = 0; i < kept.values.size(); ++i) {
      EXPECT_EQ(kept.names[i], std::to_string(static_cast<int>(kept.values[i])));
    }
  }
  static v1::Declaration Fact(const std::string& id) {
    v1::Declaration fact;
    fact.set_source("tickets");
    fact.set_id(id);
    return fact;
  }

  TemporaryDirectory directory_;
  ManualClock clock_{absl::FromUnixSeconds(1'700'000'000)};
  int64_t segment_bytes_ = 16 << 20;
  uint64_t last_sequence_ = 0, acked_sequence_ = 0;
};

TEST_F(StreamClientTest, SendsEverythingInOrder) {
  FakeDaemon daemon({});
  Run(daemon, Add300);
  ExpectAll300(daemon.kept());
  EXPECT_EQ(daemon.kept().streams, 1);
  EXPECT_EQ(daemon.kept().healths, 1) << "the clock stood still";
  EXPECT_EQ(acked_sequence_, last_sequence_);
}

TEST_F(StreamClientTest, SurvivesBreaksAndLateAnswersOverManySegments) {
  segment_bytes_ = 500;
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    std::filesystem::remove_all(directory_.path());
    FakeDaemon daemon({.seed = seed, .break_one_in = 15, .answer_one_in = 4, .refuse = {}, .refuse_fact = ""});
    Run(daemon, Add300);
    ExpectAll300(daemon.kept());
    EXPECT_GT(daemon.kept().streams, 1);
  }
}

TEST_F(StreamClientTest, GoesOnAfterARestart) {
  FakeDaemon daemon({.seed = 1,
                     .break_one_in = 0,
                     .answer_one_in = 1,
                     .refuse = {grpc::StatusCode::FAILED_PRECONDITION, "unknown provider"},
                     .refuse_fact = ""});
  Run(daemon, [](SpoolRecorder& recorder, StreamClient&) -> boost::asio::awaitable<void> {
    recorder.AddResult("a", 1000, v1::RESULT_STATE_UP);
    const absl::Status flushed = co_await recorder.Flush();
    EXPECT_TRUE(flushed.ok());
  });
  EXPECT_TRUE(daemon.kept().sequences.empty());
  daemon.SetBehaviour({});
  Run(daemon, [](SpoolRecorder& recorder, StreamClient&) -> boost::asio::awaitable<void> {
    recorder.AddResult("b", 1000, v1::RESULT_STATE_UP);
    const auto acknowledged = co_await recorder.Acknowledged();
    EXPECT_TRUE(acknowledged.ok());
  });
  EXPECT_EQ(daemon.kept().results, (std::map<std::string, int>{{"a", 1}, {"b", 1}}));
  EXPECT_EQ(daemon.kept().epochs.size(), 1u);
}

TEST_F(StreamClientTest, GivesRefusalsOfFactsToWhoWaits) {
  FakeDaemon daemon({.seed = 1, .break_one_in = 0, .answer_one_in = 1, .refuse = {}, .refuse_fact = "bad"});
  Run(daemon, [](SpoolRecorder& recorder, StreamClient& client) -> boost::asio::awaitable<void> {
    recorder.AddDeclaration(Fact("good"));
    recorder.AddDeclaration(Fact("bad"));
    const auto refusals = co_await recorder.Acknowledged();
    EXPECT_TRUE(refusals.ok());
    EXPECT_EQ(refusals->size(), 1u);
    if (refusals->size() == 1) {
      EXPECT_EQ(refusals->front().fact_id(), "bad");
    }
    EXPECT_EQ(client.refused(), 1u);
  });
}

TEST_F(StreamClientTest, AFactWhoseAnswerWasLostIsToBeAddedAgain) {
  FakeDaemon daemon({.seed = 1, .break_one_in = 1, .answer_one_in = 1, .refuse = {}, .refuse_fact = ""});
  Run(daemon, [&](SpoolRecorder& recorder, StreamClient&) -> boost::asio::awaitable<void> {
    recorder.AddDeclaration(Fact("x"));
    const auto refusals = co_await recorder.Acknowledged();
    EXPECT_TRUE(refusals.ok());
    EXPECT_EQ(refusals->size(), 1u);
    if (refusals->size() == 1) {
      EXPECT_EQ(refusals->front().reason(), v1::REFUSAL_REASON_UNSPECIFIED);
    }
    daemon.SetBehaviour({});
    recorder.AddDeclaration(Fact("x"));
    const auto again = co_await recorder.Acknowledged();
    EXPECT_TRUE(again.ok());
    EXPECT_EQ(again->size(), 0u);
  });
  EXPECT_THAT(daemon.kept().facts, ::testing::ElementsAre("x", "x"));
}

// The daemon knows more of this epoch than the spool has: numbers would stand for two records.
TEST_F(StreamClientTest, ASpoolThatLostItsEndGoesOnUnderANewEpoch) {
  FakeDaemon daemon(
      {.seed = 1, .break_one_in = 0, .answer_one_in = 1, .refuse = {}, .refuse_fact = "", .claim_sequence = 1000});
  Run(daemon, Add300);
  EXPECT_EQ(daemon.kept().epochs.size(), 2u);
  ExpectAll300(daemon.kept());
}

TEST_F(StreamClientTest, SendsAgainWhatTheDaemonLost) {
  FakeDaemon daemon({});
  const auto add = [](SpoolRecorder& recorder, StreamClient&) -> boost::asio::awaitable<void> {
    recorder.AddResult("a", 1000, v1::RESULT_STATE_UP);
    const auto acknowledged = co_await recorder.Acknowledged();
    EXPECT_TRUE(acknowledged.ok());
  };
  Run(daemon, add);
  daemon.Forget();
  Run(daemon, add);
  EXPECT_EQ(daemon.kept().sequences.front(), 1u);
  EXPECT_EQ(acked_sequence_, last_sequence_);
}

}  // namespace
}  // namespace nines::collector
