#include "daemon/config/config.h"

#include <gmock/gmock.h>

#include <fstream>

namespace nines::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string MistakesOf(const std::string& yaml, const Overrides& overrides = {}) {
  const auto config = ParseDaemonConfig(yaml, "etc/ninesd.yaml", overrides);
  return config.ok() ? "none" : std::string(config.status().message());
}

TEST(ConfigTest, NothingGivenIsAllDefaults) {
  const auto config = LoadDaemonConfig("", {});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc_listen, "127.0.0.1:9460");
  EXPECT_EQ(config->late_window_ms, 172'800'000);
  EXPECT_EQ(config->retention_samples_ms, 7'776'000'000);
  EXPECT_EQ(config->retention_five_minutes_ms, 34'560'000'000);
  EXPECT_EQ(config->retention_hours_ms, 316'224'000'000);
  EXPECT_EQ(config->retention_results_ms, 316'224'000'000);
  EXPECT_EQ(config->disk_bytes_max, 0);
  EXPECT_EQ(config->disk_reserve_bytes, 0);
  EXPECT_EQ(MistakesOf(""), "none");
}

TEST(ConfigTest, EverythingGiven) {
  const auto config = ParseDaemonConfig(R"(
grpc_listen: "[::1]:0"
http_listen: localhost:8080
data_dir: /var/lib/nines
catalogue_files: [catalogue.yaml, /abs/b.yaml]
log: {level: debug, format: json}
ingest:
  late_window: unlimited
  ahead_window: 0s
  queue_batches_max: 7
  batch_bytes_max: 65536
  series_per_provider_max: 9
storage:
  retention_samples: 24h
  retention_five_minutes: 2d
  retention_hours: 3d
  retention_results: unlimited
  disk_bytes_max: 67108864
  disk_reserve_bytes: 1048576
)",
                                        "etc/ninesd.yaml", {});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->grpc_listen, "[::1]:0");
  EXPECT_EQ(config->data_dir, "/var/lib/nines");
  EXPECT_THAT(config->catalogue_files, ElementsAre("etc/catalogue.yaml", "/abs/b.yaml"));
  EXPECT_EQ(config->log_level, "debug");
  EXPECT_EQ(config->log_format, "json");
  EXPECT_EQ(config->late_window_ms, 315'576'000'000'000);
  EXPECT_EQ(config->ahead_window_ms, 0);
  EXPECT_EQ(config->queue_batches_max, 7);
  EXPECT_EQ(config->batch_bytes_max, 65536);
  EXPECT_EQ(config->series_per_provider_max, 9);
  EXPECT_EQ(config->retention_samples_ms, 86'400'000);
  EXPECT_EQ(config->retention_five_minutes_ms, 172'800'000);
  EXPECT_EQ(config->retention_hours_ms, 259'200'000);
  EXPECT_EQ(config->retention_results_ms, 315'576'000'000'000);
  EXPECT_EQ(config->disk_bytes_max, 64 << 20);
  EXPECT_EQ(config->disk_reserve_bytes, 1 << 20);
}

TEST(ConfigTest, MistakesSayWhereAndWhatToDo) {
  EXPECT_THAT(
      MistakesOf("grpc_listen: nowhere\n"),
      HasSubstr("etc/ninesd.yaml:1:14: grpc_listen: 'nowhere' is not an address to listen on; write HOST:PORT"));
  EXPECT_THAT(MistakesOf("http_listen: 127.0.0.1:70000\n"), HasSubstr("etc/ninesd.yaml:1:14: http_listen: "));
  EXPECT_THAT(MistakesOf("\ngrpc_listen: 0.0.0.0:9460\n"),
              HasSubstr("etc/ninesd.yaml:2:14: grpc_listen 0.0.0.0:9460 can be reached from other machines; give tls"));
  EXPECT_THAT(MistakesOf("http_listen: 10.0.0.1:9461\n"), HasSubstr("HTTP is served without TLS"));
  EXPECT_THAT(MistakesOf("log:\n  level: loud\n"),
              HasSubstr("etc/ninesd.yaml:2:10: log.level 'loud' is unknown; use one of debug, info, warn, error"));
  EXPECT_THAT(MistakesOf("log: {format: xml}\n"), HasSubstr("use one of logfmt, json"));
  EXPECT_THAT(MistakesOf("ingest:\n  batch_bytes_max: -5\n"),
              HasSubstr("etc/ninesd.yaml:2:20: ingest.batch_bytes_max -5 is out of range"));
  EXPECT_THAT(MistakesOf("ingest: {queue_batches_max: 0}\n"), HasSubstr("queue_batches_max 0 is out of range"));
  EXPECT_THAT(MistakesOf("ingest: {series_per_provider_max: -1}\n"), HasSubstr("out of range"));
  EXPECT_THAT(MistakesOf("storage:\n  disk_bytes_max: 67108863\n"),
              HasSubstr("etc/ninesd.yaml:2:19: storage.disk_bytes_max 67108863 is out of range"));
  EXPECT_THAT(MistakesOf("storage: {disk_reserve_bytes: -1}\n"), HasSubstr("disk_reserve_bytes -1 is out of range"));
  EXPECT_THAT(MistakesOf("storage: {retention_samples: -1d}\n"), HasSubstr("etc/ninesd.yaml:1:"));
  EXPECT_THAT(MistakesOf("storage: {retention: 1d}\n"), HasSubstr("storage"));
  EXPECT_THAT(MistakesOf("data_dir: ''\n"), HasSubstr("data_dir is empty"));
  EXPECT_THAT(MistakesOf("tls: {cert_file: /nowhere/c.pem, key_file: /nowhere/k.pem}\n"),
              HasSubstr("cannot read '/nowhere/c.pem'"));
  EXPECT_THAT(MistakesOf("tls: {cert_file: c.pem}\n"), HasSubstr("cert_file and key_file go together"));
  EXPECT_THAT(MistakesOf("data_dri: x\n"), HasSubstr("data_dir")) << "did you mean";
  EXPECT_THAT(MistakesOf("- a\n"), HasSubstr("etc/ninesd.yaml:1:1"));
}

TEST(ConfigTest, AllMistakesAtOnce) {
  const std::string mistakes = MistakesOf("grpc_listen: x\nlog: {level: y}\ningest: {batch_bytes_max: 1}\n");
  EXPECT_THAT(mistakes, HasSubstr("ninesd.yaml:1:"));
  EXPECT_THAT(mistakes, HasSubstr("\netc/ninesd.yaml:2:"));
  EXPECT_THAT(mistakes, HasSubstr("\netc/ninesd.yaml:3:"));
}

TEST(ConfigTest, TheCommandLineStandsAboveTheFile) {
  const auto config = ParseDaemonConfig("grpc_listen: 127.0.0.1:1\ndata_dir: a\n", "f",
                                        {.grpc_listen = "127.0.0.1:2", .http_listen = {}, .data_dir = "b"});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->grpc_listen, "127.0.0.1:2");
  EXPECT_EQ(config->data_dir, "b");
  EXPECT_THAT(MistakesOf("", {.grpc_listen = "x", .http_listen = {}, .data_dir = {}}),
              HasSubstr("the command line's grpc_listen"));
}

TEST(ConfigTest, OtherMachinesNeedCertificates) {
  const std::string folder = testing::TempDir();
  for (const char* name : {"c.pem", "k.pem", "ca.pem"}) std::ofstream(folder + "/" + name) << "pem";
  const std::string pair = "grpc_listen: 0.0.0.0:9460\ntls: {cert_file: c.pem, key_file: k.pem";
  EXPECT_THAT(ParseDaemonConfig(pair + "}\n", folder + "/ninesd.yaml", {}).status().ToString(), HasSubstr("ca_file"));
  const auto config = ParseDaemonConfig(pair + ", ca_file: ca.pem}\n", folder + "/ninesd.yaml", {});
  EXPECT_TRUE(config.ok()) << config.status();
}

TEST(ConfigTest, AFileThatIsNotThere) {
  EXPECT_THAT(LoadDaemonConfig("/nowhere/ninesd.yaml", {}).status().ToString(),
              HasSubstr("/nowhere/ninesd.yaml: cannot be read"));
  EXPECT_THAT(LoadDaemonConfig(testing::TempDir(), {}).status().ToString(), HasSubstr("cannot be read"));
}

TEST(ListenAddressTest, HostsAndPorts) {
  EXPECT_TRUE(ParseListenAddress("127.9.9.9:1")->loopback);
  EXPECT_TRUE(ParseListenAddress("[::1]:65535")->loopback);
  EXPECT_FALSE(ParseListenAddress("[::]:1")->loopback);
  EXPECT_FALSE(ParseListenAddress("192.168.1.1:1")->loopback);
  EXPECT_EQ(ParseListenAddress("localhost:80")->port, 80);
  for (const char* bad :
       {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:9460", "host:1", "[::1:1", "1:-1"}) {
    EXPECT_FALSE(ParseListenAddress(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace nines::config
