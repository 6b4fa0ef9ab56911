#include "daemon/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/unit/daemon/http/client.h"

namespace nines::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr char kEcho[] = "/nines.v1.Test/Echo";
constexpr char kWait[] = "/nines.v1.Test/Wait";

// A server with a method that answers what it is sent, and one that waits until it is let go.
class ServerTest : public testing::Test {
 protected:
  ~ServerTest() override { LetGo(); }

  Routes TestRoutes() {
    return {.ready = [] { return absl::OkStatus(); },
            .metrics = [] { return std::string(3 << 20, 'm'); },
            .unary = [this](const std::string& path, bool, std::string body,
                            std::string) -> std::optional<absl::StatusOr<std::string>> {
              if (path == kWait) Wait();
              return absl::StatusOr<std::string>(std::move(body));
            }};
  }

  Server& Serve(const Options& options = {}) {
    auto server = Server::Create("127.0.0.1:0", TestRoutes(), options);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Start();
    return *server_;
  }

  void Wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return go_; });
  }
  void UntilWaiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= count; });
  }
  void LetGo() {
    std::lock_guard lock(mutex_);
    go_ = true;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool go_ = false;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AddressesThatCannotBe) {
  for (const char* wrong : {"", "9461", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:9461"}) {
    const auto server = Server::Create(wrong, {}, {});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kInvalidArgument) << wrong;
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("host:port")) << wrong;
  }
  const std::string taken = Serve().address();
  const auto second = Server::Create(taken, {}, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(taken));
}

TEST_F(ServerTest, NeverStartedCanBeStopped) {
  const auto server = Server::Create("127.0.0.1:0", {}, {});
  ASSERT_TRUE(server.ok());
  (*server)->Stop();
  (*server)->Stop();
}

TEST_F(ServerTest, StartsBeforeItsRoutes) {
  auto server = Server::Create("localhost:0", {}, {});
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->Start();
  Client client((*server)->address());
  EXPECT_EQ(client.Get("/-/healthy").result_int(), 200);
  EXPECT_EQ(client.Get("/-/ready").result_int(), 503);
  (*server)->SetRoutes(TestRoutes());
  EXPECT_EQ(client.Get("/-/ready").result_int(), 200);
}

TEST_F(ServerTest, EveryRouteOverOneConnection) {
  Client client(Serve().address());
  EXPECT_EQ(client.Get("/").result_int(), 200);
  EXPECT_EQ(client.Get("/metrics").body().size(), 3u << 20);
  EXPECT_EQ(client.Json(kEcho, "{\"a\":1}").body(), "{\"a\":1}");
  EXPECT_EQ(client.Get("/nowhere").result_int(), 404);
  const ServerStats stats = server_->stats();
  EXPECT_EQ(stats.connections, 1u);
  const std::map<std::pair<std::string, int>, uint64_t> expected{
      {{"/", 200}, 1}, {{"/metrics", 200}, 1}, {{kEcho, 200}, 1}, {{"other", 404}, 1}};
  EXPECT_EQ(stats.requests, expected);
}

TEST_F(ServerTest, HeadHasTheLengthWithoutTheBody) {
  Client client(Serve().address());
  const Response head = client.Call("HEAD", "/metrics");
  EXPECT_EQ(head["Content-Length"], std::to_string(3 << 20));
  EXPECT_EQ(client.Get("/-/healthy").body(), "healthy\n");  // the connection is not out of step
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  Client client(Serve().address());
  client.Send(
      "POST /nines.v1.Test/Echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\none"
      "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"
      "POST /nines.v1.Test/Echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n"
      "2\r\nth\r\n3\r\nree\r\n0\r\n\r\n");
  EXPECT_EQ(client.Receive().body(), "one");
  EXPECT_EQ(client.Receive().body(), "healthy\n");
  EXPECT_EQ(client.Receive().body(), "three");
}

TEST_F(ServerTest, ConnectionCloseAndHttp10AreHonoured) {
  Serve();
  Client close(server_->address());
  EXPECT_FALSE(close.Call("GET", "/-/healthy", {{"Connection", "close"}}).keep_alive());
  EXPECT_TRUE(close.Closed());
  Client old(server_->address());
  old.Send("GET /-/healthy HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.ReceiveAll(), StartsWith("HTTP/1.0 200 OK\r\n"));
}

TEST_F(ServerTest, ContinueIsSentBeforeTheBodyComes) {
  Client client(Serve().address());
  client.Send(
      "POST /nines.v1.Test/Echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  EXPECT_EQ(client.Receive().result_int(), 100);
  client.Send("{}");
  EXPECT_EQ(client.Receive().body(), "{}");
}

TEST_F(ServerTest, TooLargeABodyIsRefusedWhetherItSaysSoOrNot) {
  Serve({.body_bytes_max = 1000});
  EXPECT_EQ(Client(server_->address()).Json(kEcho, std::string(1000, 'x')).result_int(), 200);
  Client declared(server_->address());
  const Response refusal = declared.Json(kEcho, std::string(1001, 'x'));
  EXPECT_EQ(refusal.result_int(), 413);
  EXPECT_THAT(refusal.body(), HasSubstr("1000 bytes"));
  EXPECT_TRUE(declared.Closed());
  Client chunked(server_->address());
  chunked.Send(
      "POST /nines.v1.Test/Echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n" +
      std::string("3e9\r\n") + std::string(1001, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.Receive().result_int(), 413);
}

TEST_F(ServerTest, TooLargeAHeaderIsRefused) {
  Client client(Serve({.header_bytes_max = 1000}).address());
  EXPECT_EQ(client.Call("GET", "/", {{"X-Long", std::string(2000, 'x')}}).result_int(), 431);
}

TEST_F(ServerTest, WhatIsNotHttpIsToldSo) {
  Client client(Serve().address());
  client.Send("hello there\r\n\r\n");
  EXPECT_EQ(client.Receive().result_int(), 400);
  EXPECT_TRUE(client.Closed());
}

TEST_F(ServerTest, SlowAndIdleClientsAreLetGo) {
  Serve({.idle_timeout = absl::Milliseconds(30)});
  Client idle(server_->address());
  EXPECT_TRUE(idle.Closed());
  Client half_header(server_->address());
  half_header.Send("GET / HT");
  EXPECT_EQ(half_header.ReceiveAll(), "");
  Client half_body(server_->address());
  half_body.Send("POST /nines.v1.Test/Echo HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nab");
  EXPECT_EQ(half_body.ReceiveAll(), "");
  server_->Stop();  // what it has counted is final now
  // Those that had begun a request; the idle one has asked for nothing.
  EXPECT_EQ((server_->stats().requests[{"other", 408}]), 2u);
}

TEST_F(ServerTest, HealthAnswersWhileEveryWorkerIsBusy) {
  Serve({.threads = 2});
  std::vector<std::future<std::string>> busy;
  for (int i = 0; i < 3; ++i) {
    busy.push_back(
        std::async(std::launch::async, [this] { return Client(server_->address()).Json(kWait, "done").body(); }));
  }
  UntilWaiting(2);
  EXPECT_EQ(Client(server_->address()).Get("/-/healthy").result_int(), 200);
  EXPECT_EQ(Client(server_->address()).Get("/").result_int(), 200);
  LetGo();
  for (auto& answer : busy) EXPECT_EQ(answer.get(), "done");
}

TEST_F(ServerTest, BeyondTheCapConnectionsWaitTheirTurn) {
  Serve({.connections_max = 1});
  auto first = std::make_unique<Client>(server_->address());
  EXPECT_EQ(first->Get("/-/healthy").result_int(), 200);
  Client second(server_->address());
  auto answer = std::async(std::launch::async, [&] { return second.Get("/-/healthy").result_int(); });
  EXPECT_EQ(first->Get("/-/healthy").result_int(), 200);
  EXPECT_EQ(server_->stats().connections, 1u);
  first.reset();
  EXPECT_EQ(answer.get(), 200u);
}

TEST_F(ServerTest, ManyAtOnceGetTheirOwnAnswers) {
  Serve();
  std::vector<std::thread> clients;
  std::atomic<int> right{0};
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&, c] {
      Client client(server_->address());
      for (int i = 0; i < 50; ++i) {
        const std::string body = std::to_string(c) + ":" + std::string(static_cast<size_t>(i) * 500, 'b');
        if (client.Json(kEcho, body).body() == body) ++right;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 400);
}

TEST_F(ServerTest, StopLetsARunningRequestFinishAndClosesTheIdle) {
  Serve();
  Client idle(server_->address());
  EXPECT_EQ(idle.Get("/-/healthy").result_int(), 200);
  auto running = std::async(std::launch::async, [this] { return Client(server_->address()).Json(kWait, "late"); });
  UntilWaiting(1);
  auto stopped = std::async(std::launch::async, [this] { server_->Stop(); });
  EXPECT_TRUE(idle.Closed());
  LetGo();
  const Response response = running.get();
  EXPECT_EQ(response.body(), "late");
  EXPECT_FALSE(response.keep_alive());
  stopped.get();
  server_->Stop();
  EXPECT_THROW(Client{server_->address()}, boost::system::system_error);
}

TEST_F(ServerTest, StopDoesNotWaitForAClientThatDoesNotRead) {
  Serve({.drain_timeout = absl::Milliseconds(20)});
  Client client(server_->address());
  // More than the buffers of both sockets take.
  for (int i = 0; i < 20; ++i) client.Send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.Receive().result_int(), 200);
  server_->Stop();
  EXPECT_LT((server_->stats().requests[{"/metrics", 200}]), 20u);
}

}  // namespace
}  // namespace nines::http
