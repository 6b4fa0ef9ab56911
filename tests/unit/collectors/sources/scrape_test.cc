#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <sstream>

#include "collectors/agent/source.h"
#include "collectors/sources/http_request.h"
#include "collectors/sources/tcp_address.h"
#include "tests/unit/collectors/sources/local_server.h"
#include "tests/unit/collectors/sources/source_fixture.h"

namespace nines::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr uint64_t kStale = 0x7ff0000000000002;

class Scrape : public SourceTest {
 protected:
  std::unique_ptr<Source> Make(const std::string& url, const std::string& more = "",
                               const std::string& timeout = "seconds: 5") {
    auto sources = MakeScrapeSources(
        Config(StrCat("name: 'nodes' timeout { ", timeout, " } scrape { urls: '", url, "' ", more, " }")), Context());
    EXPECT_TRUE(sources.ok()) << sources.status();
    return std::move(sources->front());
  }
  std::string Refusal(const std::string& config) {
    return std::string(FromAbsl(MakeScrapeSources(Config(config), Context()).status().message()));
  }
};

std::string Gzip(const std::string& text) {
  std::ostringstream packed;
  {
    boost::iostreams::filtering_ostream stream;
    stream.push(boost::iostreams::gzip_compressor());
    stream.push(packed);
    stream << text;
  }
  return packed.str();
}

TEST_F(Scrape, OnePage) {
  LocalServer server(io_, {Http("200 OK", "a 1\na{job=\"own\"} 2\nlate 3 500000\n", "Content-Type: text/plain\r\n")});
  auto source = Make(server.url("/metrics?x=1"), "labels { key: 'room' value: '7' } check: 'node {instance}'");
  EXPECT_EQ(source->name(), "nodes");
  EXPECT_EQ(source->item(), server.url("/metrics?x=1"));
  FakeRecorder recorder;
  ASSERT_TRUE(Run(*source, recorder).ok());
  const std::string labels = "instance=" + server.address() + ",job=nodes,room=7}";
  EXPECT_THAT(recorder.Values(), ElementsAre(Pair("a{exported_job=own," + labels, 2), Pair("a{" + labels, 1),
                                             Pair("late{" + labels, 3), Pair("scrape_duration_seconds{" + labels, 0),
                                             Pair("scrape_samples_scraped{" + labels, 3), Pair("up{" + labels, 1)));
  ASSERT_EQ(recorder.rows.size(), 3u);
  EXPECT_EQ(recorder.rows[0].time_ms, 1'000'000);
  EXPECT_EQ(recorder.rows[1].time_ms, 500'000);
  EXPECT_EQ(recorder.rows[2].time_ms, 1'000'000);
  EXPECT_THAT(recorder.results, ElementsAre("node " + server.address() + " 1000000 UP"));
  EXPECT_GE(recorder.flushes, 1);
  ASSERT_EQ(server.requests.size(), 1u);
  EXPECT_THAT(server.requests[0], ::testing::StartsWith("GET /metrics?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(server.requests[0], HasSubstr("Accept: application/openmetrics-text;version=1.0.0"));
  EXPECT_THAT(server.requests[0], HasSubstr("Host: " + server.address() + "\r\n"));
}

TEST_F(Scrape, VanishedSeriesAndFailedScrapesAreMarkedStale) {
  LocalServer server(io_, {Http("200 OK", "a 1\nb 1\n"), Http("200 OK", "a 2\n"), Http("500 Oops", "a 3\n")});
  auto source = Make(server.url(), "check: 'c'");
  const std::string labels = "{instance=" + server.address() + ",job=nodes}";
  FakeRecorder first, second, third;
  ASSERT_TRUE(Run(*source, first).ok());
  ASSERT_TRUE(Run(*source, second).ok());
  EXPECT_EQ(std::bit_cast<uint64_t>(second.Values()["b" + labels]), kStale);
  EXPECT_EQ(second.Values()["a" + labels], 2);
  EXPECT_EQ(second.Values()["scrape_samples_scraped" + labels], 1);
  EXPECT_THAT(Run(*source, third).message(), HasSubstr("HTTP status 500"));
  EXPECT_EQ(std::bit_cast<uint64_t>(third.Values()["a" + labels]), kStale);
  EXPECT_EQ(third.Values().count("b" + labels), 0u);
  EXPECT_EQ(third.Values()["up" + labels], 0);
  EXPECT_THAT(third.results, ElementsAre("c 1000000 DOWN"));
}

TEST_F(Scrape, KeepsItsConnection) {
  LocalServer server(io_, {Http("200 OK", "a 1\n", "", Reply::Then::kKeep)});
  auto source = Make(server.url());
  FakeRecorder recorder;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Run(*source, recorder).ok());
  EXPECT_EQ(server.connections, 1);
  EXPECT_EQ(server.requests.size(), 3u);
}

TEST_F(Scrape, ConnectsAnewWhenTheServerHasClosed) {
  // Says nothing of closing, and closes: the next request meets a dead connection.
  LocalServer server(io_, {Http("200 OK", "a 1\n")});
  auto source = Make(server.url());
  FakeRecorder recorder;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Run(*source, recorder).ok());
  EXPECT_EQ(server.connections, 3);
}

TEST_F(Scrape, OpenMetricsByContentType) {
  const std::string type = "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n";
  LocalServer server(io_, {Http("200 OK", "a 1 2000\n# EOF\n", type), Http("200 OK", "a 1\n", type)});
  auto source = Make(server.url());
  FakeRecorder recorder;
  ASSERT_TRUE(Run(*source, recorder).ok());
  EXPECT_EQ(recorder.rows[0].time_ms, 2'000'000);
  EXPECT_THAT(Run(*source, recorder).message(), HasSubstr("line 2, column 1: the page ends without '# EOF'"));
}

TEST_F(Scrape, Gzip) {
  const std::string packed = Gzip("a 1\n");
  LocalServer server(io_, {Http("200 OK", packed, "Content-Encoding: gzip\r\n"),
                           Http("200 OK", Gzip(std::string(100'000, '#')), "Content-Encoding: gzip\r\n"),
                           Http("200 OK", "no gzip", "Content-Encoding: gzip\r\n")});
  auto source = Make(server.url(), "body_bytes_max: 5000");
  FakeRecorder recorder;
  ASSERT_TRUE(Run(*source, recorder).ok());
  EXPECT_EQ(recorder.rows[0].values.begin()->second, 1);
  EXPECT_THAT(Run(*source, recorder).message(), HasSubstr("inflated body is larger than 5000 bytes"));
  EXPECT_THAT(Run(*source, recorder).message(), HasSubstr("not gzip"));
}

TEST_F(Scrape, ServersThatMisbehave) {
  struct Case {
    Reply reply;
    std::string message;
  };
  const Case cases[] = {
      {Http("200 OK", std::string(2000, '#')), "larger than 1000 bytes"},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n", Reply::Then::kClose}, "read the body"},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n", Reply::Then::kHang}, "timed out after 100ms"},
      {{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(900, '#'), Reply::Then::kDrip},
       "timed out after 100ms"},
      {{"", Reply::Then::kClose}, "read the answer"},
      {{"no HTTP at all\r\n\r\n", Reply::Then::kClose}, "read the answer"},
      {{"HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", Reply::Then::kClose}, "read the answer"},
      {Http("302 Found", "", "Location: /elsewhere\r\n"), "redirects are not followed"},
      {Http("200 OK", "<html>"), "line 1, column 1"},
  };
  for (const Case& test : cases) {
    SCOPED_TRACE(test.message);
    LocalServer server(io_, {test.reply});
    auto source = Make(server.url(), "body_bytes_max: 1000 check: 'c'", "nanos: 100000000");
    FakeRecorder recorder;
    EXPECT_THAT(Run(*source, recorder).message(), HasSubstr(test.message));
    EXPECT_THAT(recorder.results, ElementsAre("c 1000000 DOWN"));
    source.reset();
    while (server.open > 0 && io_.run_one() > 0) {
    }
    EXPECT_EQ(server.open, 0) << "the connection is closed";
  }
}

TEST_F(Scrape, NobodyListens) {
  LocalServer server(io_, {Http("200 OK", "")});
  auto source = Make(server.url(), "check: 'c'");
  server.Stop();
  FakeRecorder recorder;
  EXPECT_THAT(Run(*source, recorder).message(), HasSubstr("Connection refused"));
  EXPECT_THAT(recorder.results, ElementsAre("c 1000000 DOWN"));
}

TEST_F(Scrape, LargePagesAreAddedInParts) {
  std::string page;
  for (int i = 0; i < 2500; ++i) StrAppend(&page, "m{i=\"", i, "\"} ", i, "\n");
  LocalServer server(io_, {Http("200 OK", page)});
  auto source = Make(server.url());
  FakeRecorder recorder;
  ASSERT_TRUE(Run(*source, recorder).ok());
  for (const auto& row : recorder.rows) EXPECT_LE(row.values.size(), 1000u);
  EXPECT_EQ(recorder.Values().size(), 2503u);
  EXPECT_GE(recorder.flushes, 3);
}

TEST_F(Scrape, ConfigErrorsNameTheField) {
  EXPECT_THAT(Refusal("name: 's' scrape { }"), HasSubstr("source s: scrape.urls: empty"));
  EXPECT_THAT(Refusal("name: 's' scrape { urls: 'ftp://h/' }"),
              HasSubstr("scrape.urls[0]: 'ftp://h/': expected a URL like"));
  EXPECT_THAT(Refusal("name: 's' scrape { urls: 'http://h:99999/' }"), HasSubstr("scrape.urls[0]"));
  EXPECT_THAT(Refusal("name: 's' scrape { urls: 'http://h/' urls: 'http://h/' }"),
              HasSubstr("scrape.urls[1]: 'http://h/' is given twice"));
  EXPECT_THAT(Refusal("name: 's' scrape { urls: 'http://h/' urls: 'http://i/' check: 'c' }"),
              HasSubstr("put {instance} into"));
  EXPECT_THAT(Refusal("name: 's' scrape { urls: 'http://h/' labels { key: 'a-b' value: '1' } }"),
              HasSubstr("'a-b' is not a label name"));
  EXPECT_THAT(Refusal("name: 's' interval { seconds: 5 } timeout { seconds: 6 } scrape { urls: 'http://h/' }"),
              HasSubstr("source s: timeout: must be"));
  EXPECT_EQ(Refusal("name: 's' scrape { urls: 'http://h/' urls: 'http://[::1]:9100/metrics' check: '{instance}' }"),
            "");
}

TEST_F(Scrape, UrlsAndAddresses) {
  auto url = ParseHttpUrl("https://user:p%20w@[::1]:8443/a/b?c=%20d#frag");
  ASSERT_TRUE(url.ok()) << url.status();
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->address.Text(), "[::1]:8443");
  EXPECT_EQ(url->target, "/a/b?c=%20d");
  EXPECT_EQ(url->user_info, "user:p w");
  EXPECT_THAT(*RequestText("GET", *url, {}), HasSubstr("Authorization: Basic dXNlcjpwIHc=\r\n"));
  EXPECT_FALSE(RequestText("GET", *url, {{"X", "a\r\nInjected: 1"}}).ok());
  url = ParseHttpUrl("http://example.org");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->address.Text(), "example.org:80");
  EXPECT_EQ(url->target, "/");
  EXPECT_EQ(url->host_header, "example.org");
  for (const char* bad : {"h", "h:0", "h:65536", ":80", "::1:80", "h:8o", "a b:80", "h:"})
    EXPECT_FALSE(ParseHostPort(bad).ok()) << bad;
  EXPECT_EQ(ParseHostPort("[fe80::1]:80")->host, "fe80::1");
}

}  // namespace
}  // namespace nines::collector
