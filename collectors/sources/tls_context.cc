#include "collectors/sources/tls_context.h"

#include <openssl/x509v3.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <ctime>

#include "base/status_macros.h"

namespace nines::collector {
namespace {

namespace ssl = boost::asio::ssl;

std::optional<absl::Time> EndOf(const X509* certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return std::nullopt;
  return absl::FromTM(end, absl::UTCTimeZone());
}

}  // namespace

absl::StatusOr<std::shared_ptr<ssl::context>> TlsContexts::Get(const std::filesystem::path& ca_file, TlsVerify verify) {
  std::shared_ptr<ssl::context>& context = contexts_[{ca_file.string(), verify}];
  if (context != nullptr) return context;
  auto made = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(made->native_handle(), TLS1_2_VERSION);
  made->set_verify_mode(verify == TlsVerify::kPeer ? ssl::verify_peer : ssl::verify_none);
  boost::system::error_code error;
  if (verify == TlsVerify::kPeer && ca_file.empty()) {
    made->set_default_verify_paths(error);
    if (error) return absl::InternalError(StrCat("the system's trusted roots cannot be read: ", error.message()));
  } else if (!ca_file.empty()) {
    made->load_verify_file(ca_file.string(), error);
    if (error) {
      return absl::InvalidArgumentError(
          StrCat("ca_file ", ca_file.string(), " cannot be read as PEM certificates: ", error.message()));
    }
  }
  context = std::move(made);
  return context;
}

absl::Status SetServerName(SSL* ssl, const std::string& server_name) {
  boost::system::error_code not_address;
  boost::asio::ip::make_address(server_name, not_address);
  bool good = false;
  if (!not_address) {
    good = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1;
  } else {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    good = SSL_set_tlsext_host_name(ssl, server_name.c_str()) == 1 && SSL_set1_host(ssl, server_name.c_str()) == 1;
  }
  if (!good) return absl::InternalError(StrCat("'", server_name, "' cannot be used as a TLS server name"));
  return absl::OkStatus();
}

std::string HandshakeError(SSL* ssl, const std::string& error) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified == X509_V_OK) return StrCat("TLS handshake: ", error);
  return StrCat("TLS certificate: ", X509_verify_cert_error_string(verified));
}

std::optional<absl::Time> CertificateEnd(SSL* ssl) {
  const STACK_OF(X509)* chain = SSL_get_verify_result(ssl) == X509_V_OK ? SSL_get0_verified_chain(ssl) : nullptr;
  std::optional<absl::Time> earliest;
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const std::optional<absl::Time> end = EndOf(sk_X509_value(chain, i));
    if (end.has_value()) earliest = std::min(earliest.value_or(*end), *end);
  }
  if (earliest.has_value()) return earliest;
  const X509* own = SSL_get0_peer_certificate(ssl);
  return own == nullptr ? std::nullopt : EndOf(own);
}

}  // namespace nines::collector
