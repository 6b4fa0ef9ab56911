#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "collectors/sources/dns_lookup.h"
#include "collectors/sources/icmp_echo.h"
#include "collectors/sources/probe.h"
#include "collectors/sources/tcp_address.h"
#include "collectors/sources/tcp_connection.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

namespace asio = boost::asio;
using Addresses = std::vector<asio::ip::address>;

// TCP connect, and with a context the TLS handshake after it.
class ConnectProbe final : public Probe {
 public:
  ConnectProbe(HostPort address, const SourceContext& context)
      : address_(std::move(address)), io_(context.io), clock_(context.clock) {}

  void UseTls(std::shared_ptr<asio::ssl::context> tls, std::string server_name, std::optional<absl::Duration> warning) {
    tls_ = std::move(tls);
    server_name_ = std::move(server_name);
    warning_ = warning;
  }

  std::string item() const override { return StrCat(tls_ == nullptr ? "tcp " : "tls ", address_.Text()); }

  asio::awaitable<absl::StatusOr<ProbeOutcome>> Attempt(Deadline& deadline) override {
    Connection connection(io_.get_executor(), tls_, server_name_);
    absl::Status opened = co_await connection.Open(address_, deadline);
    if (!opened.ok()) co_return opened;
    ProbeOutcome outcome;
    outcome.certificate_end = connection.certificate_end();
    WarnOfExpiry(warning_, clock_.Now(), &outcome);
    co_return outcome;
  }

 private:
  const HostPort address_;
  asio::io_context& io_;
  const Clock& clock_;
  std::shared_ptr<asio::ssl::context> tls_;
  std::string server_name_;
  std::optional<absl::Duration> warning_;
};

class IcmpProbe final : public Probe {
 public:
  explicit IcmpProbe(std::string host) : host_(std::move(host)) {}

  std::string item() const override { return StrCat("icmp ", host_); }

  asio::awaitable<absl::StatusOr<ProbeOutcome>> Attempt(Deadline& deadline) override {
    absl::StatusOr<Addresses> addresses = co_await LookupHost(host_, deadline);
    if (!addresses.ok()) co_return addresses.status();
    absl::Status echoed = co_await SendEcho(addresses->front(), deadline);
    if (!echoed.ok()) co_return echoed;
    co_return ProbeOutcome();
  }

 private:
  const std::string host_;
};

class DnsProbe final : public Probe {
 public:
  DnsProbe(DnsQuestion question, std::optional<asio::ip::address> expect)
      : question_(std::move(question)), expect_(std::move(expect)) {}

  std::string item() const override {
    return question_.server.has_value() ? StrCat("dns ", question_.name, " at ", question_.server->Text())
                                        : StrCat("dns ", question_.name);
  }

  asio::awaitable<absl::StatusOr<ProbeOutcome>> Attempt(Deadline& deadline) override {
    absl::StatusOr<Addresses> answer = co_await AskDns(question_, deadline);
    if (!answer.ok()) co_return answer.status();
    ProbeOutcome outcome;
    if (expect_.has_value() && std::find(answer->begin(), answer->end(), *expect_) == answer->end()) {
      outcome.state = v1::RESULT_STATE_DOWN;
      outcome.reason = StrCat("the answer is not ", expect_->to_string(), " but");
      for (const asio::ip::address& address : *answer) StrAppend(&outcome.reason, " ", address.to_string());
    }
    co_return outcome;
  }

 private:
  const DnsQuestion question_;
  const std::optional<asio::ip::address> expect_;
};

}  // namespace

void WarnOfExpiry(std::optional<absl::Duration> warning, absl::Time now, ProbeOutcome* outcome) {
  if (!warning.has_value() || !outcome->certificate_end.has_value()) return;
  if (*outcome->certificate_end >= now + *warning) return;
  outcome->state = v1::RESULT_STATE_DEGRADED;
  outcome->reason =
      StrCat("the certificate ends at ", absl::FormatTime(*outcome->certificate_end, absl::UTCTimeZone()));
}

absl::StatusOr<std::unique_ptr<Probe>> MakeTcpProbe(const v1::TcpProbe& config, const SourceContext& context) {
  absl::StatusOr<HostPort> address = ParseHostPort(config.address());
  if (!address.ok()) return Annotate(address.status(), "address");
  return std::make_unique<ConnectProbe>(*std::move(address), context);
}

absl::StatusOr<std::unique_ptr<Probe>> MakeTlsProbe(const v1::TlsProbe& config, const SourceContext& context,
                                                    TlsContexts& contexts) {
  absl::StatusOr<HostPort> address = ParseHostPort(config.address());
  if (!address.ok()) return Annotate(address.status(), "address");
  std::string server_name = config.server_name().empty() ? address->host : config.server_name();
  std::optional<absl::Duration> warning;
  if (config.has_cert_expiry_warning()) warning = absl::Milliseconds(wire::ToMs(config.cert_expiry_warning()));
  NINES_ASSIGN_OR_RETURN(auto tls,
                         contexts.Get(config.ca_file().empty() ? "" : context.config_dir / config.ca_file(),
                                      config.insecure_skip_verify() ? TlsVerify::kNothing : TlsVerify::kPeer));
  auto probe = std::make_unique<ConnectProbe>(*std::move(address), context);
  probe->UseTls(std::move(tls), std::move(server_name), warning);
  return probe;
}

absl::StatusOr<std::unique_ptr<Probe>> MakeIcmpProbe(const v1::IcmpProbe& config) {
  if (config.host().empty()) return absl::InvalidArgumentError("host: missing; give a host name or address");
  return std::make_unique<IcmpProbe>(config.host());
}

absl::StatusOr<std::unique_ptr<Probe>> MakeDnsProbe(const v1::DnsProbe& config) {
  DnsQuestion question;
  question.name = config.name();
  if (question.name.empty()) return absl::InvalidArgumentError("name: missing; give the name to ask for");
  const std::optional<DnsType> type = ParseDnsType(config.type().empty() ? "A" : config.type());
  if (!type.has_value()) {
    return absl::InvalidArgumentError(
        StrCat("type: unknown DNS type '", config.type(), "': expected A, AAAA, CNAME, MX, NS, TXT or SOA"));
  }
  question.type = *type;
  if (!config.server().empty()) {
    absl::StatusOr<HostPort> server = ParseHostPort(config.server());
    if (!server.ok()) return Annotate(server.status(), "server");
    question.server = *std::move(server);
  }
  std::optional<asio::ip::address> expect;
  if (!config.expect().empty()) {
    boost::system::error_code error;
    expect = asio::ip::make_address(config.expect(), error);
    const bool fits =
        !error && ((*type == DnsType::kA && expect->is_v4()) || (*type == DnsType::kAaaa && expect->is_v6()));
    if (!fits) {
      return absl::InvalidArgumentError(StrCat(
          "expect: '", config.expect(), "' is not an address of the type asked for (IPv4 for A, IPv6 for AAAA)"));
    }
  }
  return std::make_unique<DnsProbe>(std::move(question), std::move(expect));
}

}  // namespace nines::collector
