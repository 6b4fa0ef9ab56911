#include "daemon/http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "daemon/http/assets.h"
#include "daemon/http/connect.h"

namespace nines::http {
namespace {

using testing::Eq;
using testing::HasSubstr;

constexpr char kMethod[] = "/nines.v1.AvailabilityService/ListTargets";

struct Call {
  std::string method = "GET";
  std::string target = "/";
  std::map<std::string, std::string> headers = {};
  std::string body = {};
};

class RouterTest : public testing::Test {
 protected:
  Routes Complete() {
    return {.ready = [this] { return ready_; },
            .metrics = [] { return std::string("up 1\n"); },
            .unary = [this](const std::string& path, bool json, std::string body,
                            std::string peer) -> std::optional<absl::StatusOr<std::string>> {
              ++calls_;
              if (path != kMethod) return std::nullopt;
              if (throws_) throw std::runtime_error("secret");
              if (!failure_.ok()) return absl::StatusOr<std::string>(failure_);
              return absl::StatusOr<std::string>((json ? "json " : "proto ") + body + " from " + peer);
            }};
  }

  Reply Answer(const Call& call) {
    Request request(boost::beast::http::string_to_verb(call.method), call.target, 11);
    for (const auto& [name, value] : call.headers) request.set(name, value);
    request.body() = call.body;
    return router_.Answer(request, "10.0.0.1:5", arrived_);
  }
  int Status(const Call& call) { return static_cast<int>(Answer(call).response.result_int()); }
  Reply Unary(std::map<std::string, std::string> headers) {
    headers.try_emplace("Content-Type", "application/json");
    return Answer({"POST", kMethod, std::move(headers), "{}"});
  }

  ManualClock clock_{absl::UnixEpoch()};
  absl::Duration arrived_ = clock_.Monotonic();
  absl::Status ready_;
  absl::Status failure_;
  bool throws_ = false;
  int calls_ = 0;
  Router router_{Complete(), clock_};
};

TEST_F(RouterTest, OnlyHealthIsGoodWhileStarting) {
  router_.SetRoutes({});
  EXPECT_EQ(Status({.target = "/-/healthy"}), 200);
  for (const char* path : {"/", "/metrics", "/-/ready", "/nowhere"}) {
    const Reply reply = Answer({.target = path});
    EXPECT_EQ(reply.response.result_int(), 503) << path;
    EXPECT_EQ(reply.response.body(), "starting\n");
  }
  const Reply call = Unary({});
  EXPECT_EQ(call.response.result_int(), 503);
  EXPECT_EQ(call.response.body(), R"({"code":"unavailable","message":"starting"})");
  router_.SetRoutes(Complete());
  EXPECT_EQ(Status({.target = "/"}), 200);
}

TEST_F(RouterTest, ReadySaysWhyNot) {
  EXPECT_EQ(Status({.target = "/-/ready"}), 200);
  ready_ = absl::UnavailableError("the disk is full");
  const Reply reply = Answer({.target = "/-/ready"});
  EXPECT_EQ(reply.response.result_int(), 503);
  EXPECT_EQ(reply.response.body(), "not ready: the disk is full\n");
}

TEST_F(RouterTest, MetricsHaveTheTypeOfTheTextFormat) {
  const Reply reply = Answer({.target = "/metrics?x=1"});
  EXPECT_EQ(reply.response.body(), "up 1\n");
  EXPECT_EQ(reply.response["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(reply.route, "/metrics");
}

TEST_F(RouterTest, PageMayLoadNothingFromElsewhere) {
  const Reply reply = Answer({.target = "/"});
  EXPECT_EQ(reply.response.result_int(), 200);
  EXPECT_EQ(reply.response["Content-Type"], "text/html; charset=utf-8");
  EXPECT_THAT(std::string(reply.response["Content-Security-Policy"]), testing::StartsWith("default-src 'self';"));
  EXPECT_EQ(reply.response["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(Answer({.target = "/page.js"}).response["Content-Type"], "text/javascript; charset=utf-8");
  EXPECT_EQ(Answer({.target = "/page.css"}).response["Content-Type"], "text/css; charset=utf-8");
}

TEST(AssetsTest, NoFileOfThePageNamesAnotherSiteOrWritesMarkup) {
  EXPECT_EQ(Assets().size(), 5u);
  for (const Asset& asset : Assets()) {
    std::string body(asset.body);
    // A name of a namespace is not fetched.
    for (size_t at; (at = body.find("http://www.w3.org/2000/svg")) != std::string::npos;) body.erase(at, 26);
    EXPECT_THAT(body, testing::Not(HasSubstr("://"))) << asset.path;
    EXPECT_THAT(body, testing::Not(HasSubstr("innerHTML"))) << asset.path;
    EXPECT_THAT(body, testing::Not(HasSubstr("style="))) << asset.path;
  }
}

TEST_F(RouterTest, WhatDoesNotExistSaysWhatDoes) {
  const Reply reply = Answer({.target = "/graph"});
  EXPECT_EQ(reply.response.result_int(), 404);
  EXPECT_THAT(reply.response.body(), HasSubstr("/metrics"));
  EXPECT_EQ(reply.route, "other");
}

TEST_F(RouterTest, WrongMethodSaysTheRightOnes) {
  const Reply post = Answer({.method = "POST", .target = "/metrics"});
  EXPECT_EQ(post.response.result_int(), 405);
  EXPECT_EQ(post.response["Allow"], "GET, HEAD");
  const Reply get = Answer({.target = kMethod});
  EXPECT_EQ(get.response.result_int(), 405);
  EXPECT_EQ(get.response["Allow"], "POST");
  EXPECT_EQ(Status({.method = "OPTIONS", .target = kMethod}), 405);
  EXPECT_EQ(Status({.method = "POST", .target = "/-/healthy"}), 405);
  EXPECT_EQ(calls_, 0);
}

TEST_F(RouterTest, UnaryAnswersInTheFormItWasAsked) {
  const Reply json = Unary({{"Content-Type", "Application/JSON; charset=utf-8"}, {"Connect-Protocol-Version", "1"}});
  EXPECT_EQ(json.response.result_int(), 200);
  EXPECT_EQ(json.response.body(), "json {} from 10.0.0.1:5");
  EXPECT_EQ(json.response["Content-Type"], "application/json");
  EXPECT_EQ(json.route, kMethod);
  const Reply proto = Unary({{"Content-Type", "application/proto"}});
  EXPECT_EQ(proto.response.body(), "proto {} from 10.0.0.1:5");
  EXPECT_EQ(proto.response["Content-Type"], "application/proto");
}

TEST_F(RouterTest, OtherMediaTypesAreRefusedBeforeTheMethodRuns) {
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""}) {
    EXPECT_EQ(Unary({{"Content-Type", type}}).response.result_int(), 415) << type;
  }
  EXPECT_EQ(Status({.method = "POST", .target = kMethod}), 415);
  EXPECT_EQ(calls_, 0);
}

TEST_F(RouterTest, PagesOfOtherSitesAreRefused) {
  EXPECT_EQ(Unary({{"Sec-Fetch-Site", "cross-site"}}).response.result_int(), 403);
  EXPECT_EQ(Unary({{"Sec-Fetch-Site", "same-site"}}).response.result_int(), 403);
  EXPECT_EQ(Unary({{"Sec-Fetch-Site", "same-origin"}}).response.result_int(), 200);
  EXPECT_EQ(calls_, 1);
}

TEST_F(RouterTest, ProtocolVersionAndEncodingAreChecked) {
  const Reply version = Unary({{"Connect-Protocol-Version", "2"}});
  EXPECT_EQ(version.response.result_int(), 400);
  EXPECT_THAT(version.response.body(), HasSubstr(R"("code":"invalid_argument")"));
  EXPECT_EQ(Unary({{"Content-Encoding", "gzip"}}).response.result_int(), 501);
  EXPECT_EQ(Unary({{"Content-Encoding", "identity"}}).response.result_int(), 200);
}

TEST_F(RouterTest, TimeoutIsADecimalNumberOfMilliseconds) {
  for (const char* wrong : {"", "-1", "1.5", "abc", "12345678901"}) {
    EXPECT_EQ(Unary({{"Connect-Timeout-Ms", wrong}}).response.result_int(), 400) << wrong;
  }
  EXPECT_EQ(calls_, 0);
}

TEST_F(RouterTest, CallWhoseTimeIsOverIsNotBegun) {
  clock_.Advance(absl::Milliseconds(100));
  EXPECT_EQ(Unary({{"Connect-Timeout-Ms", "101"}}).response.result_int(), 200);
  EXPECT_EQ(calls_, 1);
  const Reply late = Unary({{"Connect-Timeout-Ms", "100"}});
  EXPECT_EQ(late.response.result_int(), 504);
  EXPECT_THAT(late.response.body(), HasSubstr(R"("code":"deadline_exceeded")"));
  EXPECT_EQ(calls_, 1);
}

TEST_F(RouterTest, ErrorsOfAMethodAreJsonWithTheirCode) {
  failure_ = absl::NotFoundError("no target \"a\"\n");
  const Reply reply = Unary({{"Content-Type", "application/proto"}});
  EXPECT_EQ(reply.response.result_int(), 404);
  EXPECT_EQ(reply.response["Content-Type"], "application/json");
  EXPECT_EQ(reply.response.body(), R"({"code":"not_found","message":"no target \"a\"\n"})");
}

TEST_F(RouterTest, UnknownMethodIsNotCountedByItsPath) {
  const Reply reply = Answer({"POST", "/nines.v1.Nothing/At", {{"Content-Type", "application/json"}}, "{}"});
  EXPECT_EQ(reply.response.result_int(), 404);
  EXPECT_THAT(reply.response.body(), HasSubstr(R"("code":"unimplemented")"));
  EXPECT_EQ(reply.route, "other");
}

TEST_F(RouterTest, ExceptionsStayInside) {
  throws_ = true;
  const Reply reply = Unary({});
  EXPECT_EQ(reply.response.result_int(), 500);
  EXPECT_THAT(reply.response.body(), HasSubstr(R"("code":"internal")"));
  EXPECT_THAT(reply.response.body(), testing::Not(HasSubstr("secret")));
}

TEST(ConnectTest, HttpStatusOfEveryCode) {
  const std::map<std::string, int> expected{{"canceled", 499},
                                            {"unknown", 500},
                                            {"invalid_argument", 400},
                                            {"deadline_exceeded", 504},
                                            {"not_found", 404},
                                            {"already_exists", 409},
                                            {"permission_denied", 403},
                                            {"resource_exhausted", 429},
                                            {"failed_precondition", 400},
                                            {"aborted", 409},
                                            {"out_of_range", 400},
                                            {"unimplemented", 501},
                                            {"internal", 500},
                                            {"unavailable", 503},
                                            {"data_loss", 500},
                                            {"unauthenticated", 401}};
  std::map<std::string, int> actual;
  for (int code = 1; code <= 16; ++code) {
    const auto status = static_cast<absl::StatusCode>(code);
    actual[std::string(ConnectCode(status))] = ConnectHttpStatus(status);
  }
  EXPECT_THAT(actual, Eq(expected));
}

}  // namespace
}  // namespace nines::http
