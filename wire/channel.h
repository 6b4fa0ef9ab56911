#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "nines/v1/config.pb.h"

namespace nines::wire {

// A channel to the daemon at host:port; without `tls` in plain text. Errors name the file that cannot be read.
// Keep-alive finds a dead connection within half a minute.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& address, const v1::TlsConfig& tls);

// Server side of the same: mutual TLS if a ca_file is given, plain text if nothing is.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> ServerCredentials(const v1::TlsConfig& tls);

}  // namespace nines::wire
