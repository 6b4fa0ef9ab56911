#include "wire/channel.h"

#include <grpcpp/create_channel.h>

#include <fstream>
#include <sstream>

#include "base/status_macros.h"
#include "base/text.h"

namespace nines::wire {
namespace {

absl::StatusOr<std::string> ReadPem(const std::string& field, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream file(path);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::InvalidArgumentError(StrCat("tls.", field, ": cannot read '", path, "'"));
  }
  return text.str();
}

struct Pem {
  std::string cert, key, ca;
};

absl::StatusOr<Pem> ReadAll(const v1::TlsConfig& tls) {
  if (tls.cert_file().empty() != tls.key_file().empty()) {
    return absl::InvalidArgumentError("tls: cert_file and key_file go together; give both or neither");
  }
  Pem pem;
  NINES_ASSIGN_OR_RETURN(pem.cert, ReadPem("cert_file", tls.cert_file()));
  NINES_ASSIGN_OR_RETURN(pem.key, ReadPem("key_file", tls.key_file()));
  NINES_ASSIGN_OR_RETURN(pem.ca, ReadPem("ca_file", tls.ca_file()));
  return pem;
}

bool IsPlain(const v1::TlsConfig& tls) { return tls.cert_file().empty() && tls.key_file().empty() && tls.ca_file().empty(); }

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& address, const v1::TlsConfig& tls) {
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (!IsPlain(tls)) {
    NINES_ASSIGN_OR_RETURN(Pem pem, ReadAll(tls));
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = pem.ca;
    options.pem_private_key = pem.key;
    options.pem_cert_chain = pem.cert;
    credentials = grpc::SslCredentials(options);
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  // Also how long one attempt to connect may take: a busy daemon or a slow line is not a dead one.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 10'000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const v1::TlsConfig& tls) {
  if (IsPlain(tls)) return grpc::InsecureServerCredentials();
  NINES_ASSIGN_OR_RETURN(Pem pem, ReadAll(tls));
  if (pem.cert.empty()) return absl::InvalidArgumentError("tls: a server needs cert_file and key_file");
  grpc::SslServerCredentialsOptions options(pem.ca.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = pem.ca;
  options.pem_key_cert_pairs.push_back({pem.key, pem.cert});
  return grpc::SslServerCredentials(options);
}

}  // namespace nines::wire
