#include "daemon/rpc/push_service.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/auth_context.h>
#include <spdlog/spdlog.h>

#include <vector>

#include "base/text.h"
#include "daemon/rpc/push_stream.h"

namespace nines::rpc {
namespace {

absl::Status Stopping() { return absl::UnavailableError("the daemon is stopping; connect again"); }

std::optional<std::string> CommonName(const grpc::CallbackServerContext& context) {
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return std::nullopt;
  const auto names = auth->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  // A certificate without a name, or with two, names nobody.
  if (names.size() != 1) return std::string();
  return std::string(names[0].data(), names[0].size());
}

}  // namespace

PushService::PushService(ingest::Ingest& ingest, const ledger::Ledger& ledger, catalogue::Cache& catalogue,
                         const Options& options)
    : ingest_(ingest), ledger_(ledger), catalogue_(catalogue), options_(options) {}

PushService::~PushService() = default;

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* PushService::Push(grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<PushStream>(*this, context->peer(), CommonName(*context));
  bool stopping = false;
  {
    MutexLock lock(mutex_);
    streams_.insert(stream);
    stopping = stopping_;
  }
  if (stopping) stream->Close(Stopping());
  stream->Open();
  return stream.get();
}

void PushService::Stop() {
  std::set<std::shared_ptr<PushStream>> streams;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    streams = streams_;
  }
  for (const auto& stream : streams) stream->Close(Stopping());
}

void PushService::Enter(const std::shared_ptr<PushStream>& stream, const ledger::StreamKey& key) {
  std::shared_ptr<PushStream> before;
  {
    MutexLock lock(mutex_);
    before = std::exchange(current_[{key.provider, key.collector}], stream);
  }
  if (before == nullptr) return;
  spdlog::warn("a second stream of collector {} of provider {} ends the first", key.collector, key.provider.value());
  before->Close(
      absl::AbortedError(StrCat("another stream of collector '", key.collector,
                                "' was opened; if that was not this collector, give each its own collector_id")));
}

void PushService::Leave(const std::shared_ptr<PushStream>& stream, const ledger::StreamKey& key) {
  MutexLock lock(mutex_);
  streams_.erase(stream);
  const auto it = current_.find({key.provider, key.collector});
  if (it != current_.end() && it->second == stream) current_.erase(it);
}

}  // namespace nines::rpc
