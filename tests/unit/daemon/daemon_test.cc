#include "daemon/daemon.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "nines/v1/catalogue.grpc.pb.h"

namespace nines {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class DaemonTest : public testing::Test {
 protected:
  DaemonTest() {
    std::string path = testing::TempDir() + "/nines-daemon-XXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    directory = path;
    config.file = directory + "/ninesd.yaml";
    config.grpc_listen = "127.0.0.1:0";
    config.http_listen = "127.0.0.1:0";
    config.data_dir = directory + "/data";
    options.port_file = directory + "/ports";
  }
  ~DaemonTest() override { std::filesystem::remove_all(directory); }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(directory + "/" + name) << text;
    return directory + "/" + name;
  }
  static std::string Read(const std::string& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::string Refusal() {
    const auto daemon = Daemon::Create(config, clock, options);
    return daemon.ok() ? "none" : std::string(daemon.status().message());
  }
  static std::vector<std::string> Providers(const std::string& address) {
    const auto stub = v1::CatalogueService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    v1::ListEntriesRequest request;
    request.set_kind("provider");
    v1::ListEntriesResponse response;
    const grpc::Status status = stub->ListEntries(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> ids;
    for (const auto& entry : response.entries()) ids.push_back(entry.id() + " by " + entry.author());
    return ids;
  }

  const SystemClock clock;
  std::string directory;
  config::DaemonConfig config;
  Daemon::Options options;
};

TEST_F(DaemonTest, AnswersStopsAndStartsAgainWithWhatItKnew) {
  config.catalogue_files = {Write("a.yaml", "providers: [{id: north}]\n")};
  {
    auto daemon = Daemon::Create(config, clock, options);
    ASSERT_TRUE(daemon.ok()) << daemon.status();
    EXPECT_EQ(Read(options.port_file),
              "grpc=" + (*daemon)->grpc_address() + "\nhttp=" + (*daemon)->http_address() + "\n");
    EXPECT_THAT((*daemon)->grpc_address(), StartsWith("127.0.0.1:"));
    EXPECT_THAT(Providers((*daemon)->grpc_address()), testing::ElementsAre("north by config:ninesd.yaml"));
    std::thread runner([&] { EXPECT_TRUE((*daemon)->Run().ok()); });
    (*daemon)->Stop();
    runner.join();
  }
  config.catalogue_files.clear();
  const auto again = Daemon::Create(config, clock, options);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(Providers((*again)->grpc_address()).size(), 1u);
}

TEST_F(DaemonTest, AWrongCatalogueFileIsRefusedWithItsMistakes) {
  config.catalogue_files = {Write("a.yaml", "targets:\n  - {id: portal, provider: nowhere}\n")};
  EXPECT_THAT(Refusal(), HasSubstr(directory + "/a.yaml:2:"));
  EXPECT_THAT(Refusal(), HasSubstr("'nowhere'"));
  config.catalogue_files = {directory + "/missing.yaml"};
  EXPECT_THAT(Refusal(), HasSubstr("missing.yaml: cannot be read"));
  EXPECT_FALSE(std::filesystem::exists(options.port_file));
}

TEST_F(DaemonTest, WhatIsTakenIsRefusedByName) {
  const auto first = Daemon::Create(config, clock, options);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_THAT(Refusal(), HasSubstr("is in use by another ninesd"));
  config.data_dir = directory + "/other";
  config.grpc_listen = (*first)->grpc_address();
  EXPECT_THAT(Refusal(), HasSubstr("cannot listen on grpc_listen " + config.grpc_listen));
  config.grpc_listen = "127.0.0.1:0";
  config.http_listen = (*first)->http_address();
  EXPECT_THAT(Refusal(), HasSubstr(config.http_listen));
}

}  // namespace
}  // namespace nines
