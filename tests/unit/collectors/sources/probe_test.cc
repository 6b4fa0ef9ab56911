#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/agent/source.h"
#include "tests/unit/collectors/sources/dns_responder.h"
#include "tests/unit/collectors/sources/local_server.h"
#include "tests/unit/collectors/sources/source_fixture.h"
#include "tests/unit/collectors/sources/test_certificate.h"

namespace nines::collector {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr long kDay = 86'400;

class ProbeTest : public SourceTest {
 protected:
  std::string Refusal(const std::string& targets) {
    return std::string(
        FromAbsl(MakeProbeSources(Config(StrCat("name: 's' probe { ", targets, " }")), Context()).status().message()));
  }

  // Probes once, within a tenth of a second; "UP", "DOWN", …
  std::string Probe(const std::string& target, const std::string& timeout = "seconds: 5") {
    auto sources = MakeProbeSources(
        Config(StrCat("name: 's' timeout { ", timeout, " } probe { targets { check: 'c' ", target, " } }")), Context());
    if (!sources.ok()) return sources.status().ToString();
    recorder_ = FakeRecorder();
    absl::Status status = Run(*sources->front(), recorder_);
    if (!status.ok()) return status.ToString();
    EXPECT_EQ(recorder_.results.size(), 1u);
    EXPECT_THAT(recorder_.results[0], ::testing::StartsWith("c 1000000 "));
    return recorder_.results[0].substr(10);
  }
  std::string ProbeShortly(const std::string& target) { return Probe(target, "nanos: 100000000"); }

  double Value(const std::string& name) { return recorder_.Values()[name + "{check=c}"]; }

  FakeRecorder recorder_;
};

TEST_F(ProbeTest, HttpStatus) {
  LocalServer server(
      io_, {Http("204 No Content", ""), Http("404 Not Found", "x"), Http("404 Not Found", "x"), Http("200 OK", "x")});
  const std::string http = StrCat("http { url: '", server.url("/health"), "' ");
  EXPECT_EQ(Probe(http + "}"), "UP");
  EXPECT_THAT(recorder_.Values(),
              ElementsAre(Pair("nines_probe_duration_seconds{check=c}", 0),
                          Pair("nines_probe_http_status_code{check=c}", 204), Pair("nines_probe_success{check=c}", 1)));
  EXPECT_EQ(recorder_.rows[0].time_ms, 1'000'000);
  EXPECT_EQ(Probe(http + "}"), "DOWN");
  EXPECT_EQ(Value("nines_probe_http_status_code"), 404);
  EXPECT_EQ(Value("nines_probe_success"), 0);
  EXPECT_EQ(Probe(http + "status: [401, 404] }"), "UP");
  EXPECT_EQ(Probe(http + "status: 404 }"), "DOWN") << "200 is not in the list";
}

TEST_F(ProbeTest, HttpRequest) {
  LocalServer server(io_, {Http("200 OK", "hello")});
  EXPECT_EQ(Probe(StrCat("http { url: '", server.url("/a?b=c"), "' headers { key: 'Host' value: 'site.test' } }")),
            "UP");
  EXPECT_THAT(server.requests[0], ::testing::StartsWith("GET /a?b=c HTTP/1.1\r\nHost: site.test\r\n"));
  EXPECT_EQ(Probe(StrCat("http { url: '", server.url(), "' method: 'POST' }")), "UP");
  EXPECT_THAT(server.requests[1], HasSubstr("Content-Length: 0\r\n"));
}

TEST_F(ProbeTest, HeadHasNoBody) {
  LocalServer server(io_, {{"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", Reply::Then::kHang}});
  EXPECT_EQ(Probe(StrCat("http { url: '", server.url(), "' method: 'HEAD' }")), "UP");
}

TEST_F(ProbeTest, InterimAnswersAreSkipped) {
  LocalServer server(
      io_, {{"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Reply::Then::kClose}});
  EXPECT_EQ(Probe(StrCat("http { url: '", server.url(), "' }")), "UP");
}

TEST_F(ProbeTest, BodyMatch) {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nstat\r\n6\r\nus: ok\r\n0\r\n\r\n";
  LocalServer server(io_, {{chunked, Reply::Then::kClose},
                           Http("200 OK", "status: bad"),
                           Http("200 OK", std::string(1 << 20, ' ') + "status: ok"),
                           {"HTTP/1.1 200 OK\r\n\r\nstatus: ok", Reply::Then::kClose}});
  const std::string target = StrCat("http { url: '", server.url(), "' body_match: 'status: (ok|fine)' }");
  EXPECT_EQ(Probe(target), "UP");
  EXPECT_EQ(Probe(target), "DOWN");
  EXPECT_EQ(Probe(target), "DOWN") << "behind the first MiB";
  EXPECT_EQ(Probe(target), "UP") << "a body that ends with the connection";
}

TEST_F(ProbeTest, ServersThatMisbehave) {
  const Reply replies[] = {
      {"", Reply::Then::kHang},
      {"", Reply::Then::kClose},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Reply::Then::kClose},
      {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Reply::Then::kHang},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Reply::Then::kDrip},
      {"SSH-2.0-OpenSSH\r\n\r\n", Reply::Then::kClose},
  };
  for (const Reply& reply : replies) {
    SCOPED_TRACE(reply.bytes);
    LocalServer server(io_, {reply});
    EXPECT_EQ(ProbeShortly(StrCat("http { url: '", server.url(), "' }")), "DOWN");
    while (server.open > 0 && io_.run_one() > 0) {
    }
    EXPECT_EQ(server.open, 0) << "the connection is closed";
  }
}

// Moves the clock on while the probe is under way.
TEST_F(ProbeTest, SlowIsDegradedAndTheTimeIsTheStart) {
  LocalServer server(io_, {Http("200 OK", "")});
  auto sources = MakeProbeSources(
      Config(StrCat("name: 's' probe { targets { check: 'c' degraded_over { seconds: 2 } http { url: '", server.url(),
                    "' } } }")),
      Context());
  ASSERT_TRUE(sources.ok());
  for (auto [seconds, expected] : {std::pair(2, "c 1000000 UP"), std::pair(3, "c 1002000 DEGRADED")}) {
    recorder_ = FakeRecorder();
    boost::asio::post(io_, [this, seconds = seconds] {
      boost::asio::post(io_, [this, seconds] { clock_.Advance(absl::Seconds(seconds)); });
    });
    ASSERT_TRUE(Run(*sources->front(), recorder_).ok());
    EXPECT_THAT(recorder_.results, ElementsAre(expected));
    EXPECT_EQ(Value("nines_probe_duration_seconds"), seconds);
    EXPECT_EQ(Value("nines_probe_success"), 1);
  }
}

TEST_F(ProbeTest, Tcp) {
  LocalServer server(io_, {{"", Reply::Then::kHang}});
  const std::string target = StrCat("tcp { address: '", server.address(), "' }");
  EXPECT_EQ(Probe(target), "UP");
  server.Stop();
  EXPECT_EQ(Probe(target), "DOWN");
}

TEST_F(ProbeTest, HostNames) {
  LocalServer server(io_, {Http("200 OK", "")});
  const std::string port = server.address().substr(server.address().find(':'));
  EXPECT_EQ(Probe(StrCat("tcp { address: 'localhost", port, "' }")), "UP");
}

class TlsProbeTest : public ProbeTest {
 protected:
  std::string Against(const TestCertificate& certificate, const std::string& more, bool trust = true) {
    clock_.SetWall(absl::Now());  // certificates are verified by the machine's clock
    certificate.WritePem(directory_ / "ca.pem");
    LocalServer server(io_, {Http("200 OK", "")}, certificate.ServerContext());
    const std::string ca = trust ? "ca_file: 'ca.pem' " : "";
    const std::string tls = ProbeNow(StrCat("tls { address: '", server.address(), "' ", ca, more, " }"));
    const std::string https = ProbeNow(StrCat("http { url: '", server.url(), "' ", ca, more, " }"));
    EXPECT_EQ(tls, https);
    return https;
  }
  std::string ProbeNow(const std::string& target) {
    auto sources =
        MakeProbeSources(Config(StrCat("name: 's' probe { targets { check: 'c' ", target, " } }")), Context());
    if (!sources.ok()) return sources.status().ToString();
    recorder_ = FakeRecorder();
    absl::Status status = Run(*sources->front(), recorder_);
    if (!status.ok()) return status.ToString();
    return recorder_.results[0].substr(recorder_.results[0].rfind(' ') + 1);
  }
};

TEST_F(TlsProbeTest, ValidCertificate) {
  const int64_t end = absl::ToUnixSeconds(absl::Now()) + 30 * kDay;
  EXPECT_EQ(Against(TestCertificate(-kDay, 30 * kDay), "cert_expiry_warning { seconds: 86400 }"), "UP");
  EXPECT_NEAR(Value("nines_probe_cert_expiry_timestamp_seconds"), static_cast<double>(end), 60);
}

TEST_F(TlsProbeTest, ExpiringSoonIsDegraded) {
  EXPECT_EQ(Against(TestCertificate(-kDay, 5 * kDay), "cert_expiry_warning { seconds: 864000 }"), "DEGRADED");
  EXPECT_EQ(Value("nines_probe_success"), 1);
}

TEST_F(TlsProbeTest, ExpiredIsDown) { EXPECT_EQ(Against(TestCertificate(-10 * kDay, -kDay), ""), "DOWN"); }

TEST_F(TlsProbeTest, UntrustedIsDown) { EXPECT_EQ(Against(TestCertificate(-kDay, kDay), "", false), "DOWN"); }

TEST_F(TlsProbeTest, UntrustedIsUpWhereNothingIsVerified) {
  EXPECT_EQ(Against(TestCertificate(-kDay, 30 * kDay), "insecure_skip_verify: true", false), "UP");
  EXPECT_GT(Value("nines_probe_cert_expiry_timestamp_seconds"), 0);
}

TEST_F(TlsProbeTest, ServerNameIsVerified) {
  TestCertificate certificate(-kDay, kDay);
  certificate.WritePem(directory_ / "ca.pem");
  LocalServer server(io_, {{"", Reply::Then::kHang}}, certificate.ServerContext());
  const std::string tls = StrCat("tls { address: '", server.address(), "' ca_file: 'ca.pem' server_name: ");
  EXPECT_EQ(ProbeNow(tls + "'site.test' }"), "UP");
  EXPECT_EQ(ProbeNow(tls + "'other.test' }"), "DOWN");
}

TEST_F(TlsProbeTest, PlainServerIsDown) {
  LocalServer server(io_, {{"", Reply::Then::kHang}});
  EXPECT_EQ(ProbeShortly(StrCat("tls { address: '", server.address(), "' }")), "DOWN");
}

TEST_F(ProbeTest, IcmpToLoopback) {
  const std::string outcome = Probe("icmp { host: '127.0.0.1' }");
  if (outcome.starts_with("PERMISSION_DENIED")) GTEST_SKIP() << "this machine does not permit ICMP: " << outcome;
  EXPECT_EQ(outcome, "UP");
}

TEST_F(ProbeTest, IcmpWithoutAnAnswerIsDown) {
  // A multicast group of this site that nobody is in; without a network, the kernel says at once that there is no way.
  const std::string outcome = ProbeShortly("icmp { host: '239.255.255.250' }");
  if (outcome.starts_with("PERMISSION_DENIED")) GTEST_SKIP() << "this machine does not permit ICMP: " << outcome;
  EXPECT_EQ(outcome, "DOWN");
}

TEST_F(ProbeTest, Dns) {
  DnsResponder dns(io_);
  const std::string target = StrCat("dns { name: 'www.example.org' server: '", dns.address(), "' ");
  dns.addresses = {{192, 0, 2, 7}, {192, 0, 2, 8}};
  EXPECT_EQ(Probe(target + "}"), "UP");
  EXPECT_EQ(Probe(target + "expect: '192.0.2.8' }"), "UP");
  EXPECT_EQ(Probe(target + "expect: '192.0.2.9' }"), "DOWN");
  EXPECT_EQ(Probe(target + "type: 'aaaa' }"), "DOWN") << "the answer has no AAAA record";
  dns.addresses.clear();
  EXPECT_EQ(Probe(target + "}"), "DOWN") << "no record";
  dns.code = DnsResponder::kNoSuchName;
  EXPECT_EQ(Probe(target + "}"), "DOWN");
  dns.code = DnsResponder::kServerFailure;
  EXPECT_EQ(ProbeShortly(target + "}"), "DOWN");
  dns.silent = true;
  dns.questions = 0;
  EXPECT_EQ(ProbeShortly(target + "}"), "DOWN");
  EXPECT_GE(dns.questions, 2) << "a lost packet is asked for again";
}

TEST_F(ProbeTest, ConfigErrorsNameTheField) {
  EXPECT_THAT(Refusal(""), HasSubstr("source s: probe.targets: empty"));
  EXPECT_THAT(Refusal("targets { tcp { address: 'h:1' } }"), HasSubstr("probe.targets[0].check: missing"));
  EXPECT_THAT(Refusal("targets { check: 'c' }"), HasSubstr("probe.targets[0].kind missing: give exactly one of"));
  EXPECT_THAT(Refusal("targets { check: 'c' tcp { address: 'h:1' } } targets { check: 'c' tcp { address: 'h:2' } }"),
              HasSubstr("probe.targets[1].check: 'c' has a target already"));
  EXPECT_THAT(Refusal("targets { check: 'c' http { url: 'example.org' } }"),
              HasSubstr("probe.targets[0].http.url: 'example.org': expected a URL"));
  EXPECT_THAT(Refusal("targets { check: 'c' http { url: 'http://h' body_match: '(' } }"),
              HasSubstr("http.body_match: not a regular expression"));
  EXPECT_THAT(Refusal("targets { check: 'c' http { url: 'http://h' status: 20 } }"),
              HasSubstr("http.status: 20 is not"));
  EXPECT_THAT(Refusal("targets { check: 'c' http { url: 'http://h' method: 'G T' } }"),
              HasSubstr("'G T' is not an HTTP method"));
  EXPECT_THAT(Refusal("targets { check: 'c' http { url: 'https://h' ca_file: 'none.pem' } }"),
              HasSubstr("none.pem cannot be read"));
  EXPECT_THAT(Refusal("targets { check: 'c' tcp { address: 'h' } }"),
              HasSubstr("tcp.address: 'h': expected host:port"));
  EXPECT_THAT(Refusal("targets { check: 'c' tls { address: '::1:443' } }"), HasSubstr("tls.address"));
  EXPECT_THAT(Refusal("targets { check: 'c' icmp { } }"), HasSubstr("icmp.host: missing"));
  EXPECT_THAT(Refusal("targets { check: 'c' dns { } }"), HasSubstr("dns.name: missing"));
  EXPECT_THAT(Refusal("targets { check: 'c' dns { name: 'n' type: 'PTRX' } }"),
              HasSubstr("dns.type: unknown DNS type 'PTRX'"));
  EXPECT_THAT(Refusal("targets { check: 'c' dns { name: 'n' type: 'AAAA' expect: '1.2.3.4' } }"),
              HasSubstr("dns.expect"));
}

}  // namespace
}  // namespace nines::collector
