#include <re2/re2.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/status_macros.h"
#include "collectors/sources/http_request.h"
#include "collectors/sources/probe.h"
#include "collectors/sources/tcp_address.h"
#include "collectors/sources/tcp_connection.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

namespace asio = boost::asio;

constexpr size_t kBodyBytesLookedAt = 1 << 20;

class HttpProbe final : public Probe {
 public:
  HttpProbe(const v1::HttpProbe& config, HttpUrl url, const SourceContext& context)
      : config_(config), url_(std::move(url)), io_(context.io), clock_(context.clock) {}

  absl::Status Init(const SourceContext& context, TlsContexts& contexts) {
    const std::string method = config_.method().empty() ? "GET" : config_.method();
    expect_body_ = method != "HEAD";
    HttpHeaders headers(config_.headers().begin(), config_.headers().end());
    headers.emplace_back("Connection", "close");
    absl::StatusOr<std::string> request = RequestText(method, url_, headers);
    if (!request.ok()) return Annotate(request.status(), "method and headers");
    request_ = *std::move(request);
    for (int status : config_.status()) {
      if (status < 100 || status > 599) {
        return absl::InvalidArgumentError(StrCat("status: ", status, " is not an HTTP status; expected 100 to 599"));
      }
    }
    if (!config_.body_match().empty()) {
      RE2::Options options;
      options.set_log_errors(false);
      body_match_ = std::make_unique<RE2>(config_.body_match(), options);
      if (!body_match_->ok()) {
        return absl::InvalidArgumentError(
            StrCat("body_match: not a regular expression of RE2: ", body_match_->error()));
      }
      if (!expect_body_) return absl::InvalidArgumentError("body_match: the answer to HEAD has no body; use GET");
    }
    if (config_.has_cert_expiry_warning()) warning_ = absl::Milliseconds(wire::ToMs(config_.cert_expiry_warning()));
    if (!url_.tls) return absl::OkStatus();
    NINES_ASSIGN_OR_RETURN(tls_, contexts.Get(config_.ca_file().empty() ? "" : context.config_dir / config_.ca_file(),
                                              config_.insecure_skip_verify() ? TlsVerify::kNothing : TlsVerify::kPeer));
    return absl::OkStatus();
  }

  std::string item() const override { return config_.url(); }

  asio::awaitable<absl::StatusOr<ProbeOutcome>> Attempt(Deadline& deadline) override {
    Connection connection(io_.get_executor(), tls_, url_.address.host);
    ProbeOutcome outcome;
    absl::Status opened = co_await connection.Open(url_.address, deadline);
    if (!opened.ok()) co_return opened;
    outcome.certificate_end = connection.certificate_end();
    std::string body;
    HttpReading reading;
    reading.body_bytes_max = kBodyBytesLookedAt;
    reading.expect_body = expect_body_;
    reading.body = body_match_ == nullptr ? nullptr : &body;
    absl::StatusOr<HttpAnswer> answer = co_await connection.Exchange(request_, reading, deadline);
    if (!answer.ok()) {
      // What the handshake told about the certificate is known all the same.
      if (IsOwnFailure(answer.status())) co_return answer.status();
      outcome.state = v1::RESULT_STATE_DOWN;
      outcome.reason = std::string(FromAbsl(answer.status().message()));
      co_return outcome;
    }
    outcome.http_status = answer->status;
    Judge(answer->status, body, &outcome);
    co_return outcome;
  }

 private:
  bool Accepts(int status) const {
    if (config_.status().empty()) return status >= 200 && status <= 299;
    return std::find(config_.status().begin(), config_.status().end(), status) != config_.status().end();
  }

  void Judge(int status, const std::string& body, ProbeOutcome* outcome) const {
    if (!Accepts(status)) {
      outcome->state = v1::RESULT_STATE_DOWN;
      outcome->reason = StrCat("HTTP status ", status);
    } else if (body_match_ != nullptr && !RE2::PartialMatch(body, *body_match_)) {
      outcome->state = v1::RESULT_STATE_DOWN;
      outcome->reason = "the body does not contain body_match";
    } else {
      WarnOfExpiry(warning_, clock_.Now(), outcome);
    }
  }

  const v1::HttpProbe config_;
  const HttpUrl url_;
  asio::io_context& io_;
  const Clock& clock_;
  std::string request_;
  bool expect_body_ = true;
  std::unique_ptr<RE2> body_match_;
  std::optional<absl::Duration> warning_;
  std::shared_ptr<asio::ssl::context> tls_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Probe>> MakeHttpProbe(const v1::HttpProbe& config, const SourceContext& context,
                                                     TlsContexts& contexts) {
  absl::StatusOr<HttpUrl> url = ParseHttpUrl(config.url());
  if (!url.ok()) return Annotate(url.status(), "url");
  auto probe = std::make_unique<HttpProbe>(config, *std::move(url), context);
  NINES_RETURN_IF_ERROR(probe->Init(context, contexts));
  return probe;
}

}  // namespace nines::collector
