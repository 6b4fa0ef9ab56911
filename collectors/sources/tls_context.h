#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace nines::collector {

enum class TlsVerify { kPeer, kNothing };

// Client contexts, one for each way of trusting: to read the system's roots takes longer than a handshake. TLS 1.2 or
// newer.
class TlsContexts {
 public:
  // `ca_file` empty = the system's roots. Errors name the file.
  absl::StatusOr<std::shared_ptr<boost::asio::ssl::context>> Get(const std::filesystem::path& ca_file,
                                                                 TlsVerify verify);

 private:
  std::map<std::pair<std::string, TlsVerify>, std::shared_ptr<boost::asio::ssl::context>> contexts_;
};

// Before the handshake: the name to ask for and, as the context verifies, to insist on. An address is verified as one.
absl::Status SetServerName(SSL* ssl, const std::string& server_name);

// Why a handshake failed: what is wrong with the certificate, if that is it, else `error`.
std::string HandshakeError(SSL* ssl, const std::string& error);

// When the first certificate of the verified chain ends; without a verified chain, the server's own. None before the
// handshake.
std::optional<absl::Time> CertificateEnd(SSL* ssl);

}  // namespace nines::collector
