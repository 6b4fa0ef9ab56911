#pragma once

#include <boost/asio/awaitable.hpp>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collectors/agent/source.h"
#include "collectors/sources/tcp_deadline.h"
#include "collectors/sources/tls_context.h"
#include "nines/v1/config.pb.h"

namespace nines::collector {

// What one attempt found out.
struct ProbeOutcome {
  v1::ResultState state = v1::RESULT_STATE_UP;
  std::string reason;  // why it is not up
  std::optional<int> http_status;
  std::optional<absl::Time> certificate_end;
};

// One way of asking a target whether it is there. Confined to the executor's thread.
class Probe {
 public:
  virtual ~Probe() = default;

  // For logs: the URL, address or name.
  virtual std::string item() const = 0;
  // Ends by the deadline. An error means down, unless IsOwnFailure: then nothing is known.
  virtual boost::asio::awaitable<absl::StatusOr<ProbeOutcome>> Attempt(Deadline& deadline) = 0;
};

// Errors name the field within the target ("http.url: …").
absl::StatusOr<std::unique_ptr<Probe>> MakeProbe(const v1::ProbeTarget& target, const SourceContext& context,
                                                 TlsContexts& contexts);

// One for each kind. Errors name the field within the kind's message.
absl::StatusOr<std::unique_ptr<Probe>> MakeHttpProbe(const v1::HttpProbe&, const SourceContext&, TlsContexts&);
absl::StatusOr<std::unique_ptr<Probe>> MakeTcpProbe(const v1::TcpProbe&, const SourceContext&);
absl::StatusOr<std::unique_ptr<Probe>> MakeTlsProbe(const v1::TlsProbe&, const SourceContext&, TlsContexts&);
absl::StatusOr<std::unique_ptr<Probe>> MakeIcmpProbe(const v1::IcmpProbe&);
absl::StatusOr<std::unique_ptr<Probe>> MakeDnsProbe(const v1::DnsProbe&);

// Makes `outcome` degraded if its certificate ends sooner than `warning` from now. No warning = nothing to do.
void WarnOfExpiry(std::optional<absl::Duration> warning, absl::Time now, ProbeOutcome* outcome);

}  // namespace nines::collector
