#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <filesystem>

#include "daemon/rpc/push_service.h"
#include "tests/unit/daemon/ingest/world.h"
#include "wire/channel.h"

namespace nines::rpc {
namespace {

using testing::HasSubstr;

// Keys and certificates of a throw-away authority, made by the openssl program.
class Authority {
 public:
  Authority() {
    std::string path = testing::TempDir() + "/nines-tls-XXXXXX";
    NINES_CHECK(mkdtemp(path.data()) != nullptr);
    directory_ = path;
    Run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=ca -keyout ca.key -out "
        "ca.pem");
  }
  ~Authority() { std::filesystem::remove_all(directory_); }

  v1::TlsConfig Issue(const std::string& name) {
    Run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " + name +
        ".key -out " + name + ".csr && printf subjectAltName=IP:127.0.0.1 > " + name +
        ".ext && openssl x509 -req -days 2 -in " + name + ".csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile " +
        name + ".ext -out " + name + ".pem");
    v1::TlsConfig tls;
    tls.set_cert_file(directory_ + "/" + name + ".pem");
    tls.set_key_file(directory_ + "/" + name + ".key");
    tls.set_ca_file(directory_ + "/ca.pem");
    return tls;
  }

 private:
  void Run(const std::string& commands) {
    NINES_CHECK(system(("cd " + directory_ + " && (" + commands + ") >out 2>&1").c_str()) == 0);
  }
  std::string directory_;
};

TEST(PushTlsTest, ACollectorWritesForTheProviderOfItsCertificateAlone) {
  Authority authority;
  ingest::World world;
  ingest::Ingest ingest(*world.database, *world.store, *world.ledger, *world.catalogue, world.clock, {});
  PushService service(ingest, *world.ledger, *world.catalogue, {});
  grpc::ServerBuilder builder;
  int port = 0;
  const auto credentials = wire::ServerCredentials(authority.Issue("daemon"));
  ASSERT_TRUE(credentials.ok()) << credentials.status();
  builder.AddListeningPort("127.0.0.1:0", *credentials, &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  ingest.Start();

  const auto channel = wire::Connect("127.0.0.1:" + std::to_string(port), authority.Issue("north"));
  ASSERT_TRUE(channel.ok()) << channel.status();
  const auto stub = v1::IngestService::NewStub(*channel);
  for (const std::string provider : {"north", "south"}) {
    grpc::ClientContext context;
    const auto stream = stub->Push(&context);
    v1::PushRequest request;
    request.mutable_hello()->set_collector_id("c-1");
    request.mutable_hello()->set_provider_id(provider);
    request.mutable_hello()->set_epoch(1);
    stream->Write(request);
    v1::PushResponse response;
    if (provider == "north") {
      EXPECT_TRUE(stream->Read(&response) && response.has_welcome());
      stream->WritesDone();
      EXPECT_TRUE(stream->Finish().ok());
    } else {
      EXPECT_FALSE(stream->Read(&response));
      const grpc::Status status = stream->Finish();
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
      EXPECT_THAT(status.error_message(), HasSubstr("the certificate is of 'north', the hello of provider 'south'"));
    }
  }

  // Somebody without a certificate does not even get to say hello.
  v1::TlsConfig nameless;
  nameless.set_ca_file(authority.Issue("x").ca_file());
  const auto stranger = wire::Connect("127.0.0.1:" + std::to_string(port), nameless);
  ASSERT_TRUE(stranger.ok()) << stranger.status();
  grpc::ClientContext context;
  v1::PushResponse response;
  const auto stream = v1::IngestService::NewStub(*stranger)->Push(&context);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);

  service.Stop();
  server->Shutdown();
  ingest.Stop();
}

}  // namespace
}  // namespace nines::rpc
