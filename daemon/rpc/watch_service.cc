#include "daemon/rpc/watch_service.h"

#include <charconv>
#include <string>

#include "base/status_macros.h"
#include "daemon/rpc/render.h"
#include "daemon/rpc/request.h"
#include "wire/status.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

constexpr size_t kChangesAtOnce = 1000;
constexpr absl::Duration kLookForTheCaller = absl::Milliseconds(500);
constexpr int kSignOfLifeEvery = 20;  // looks without news

// "1.RUN.SEQUENCE.TIME"
constexpr std::string_view kTokenVersion = "1.";

std::string TokenOf(const watch::Cursor& cursor) {
  return StrCat(kTokenVersion, cursor.run, ".", cursor.sequence, ".", cursor.time_ms);
}

template <typename Int>
bool TakeNumber(std::string_view& text, Int& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(stop - text.data()));
  if (text.starts_with('.')) text.remove_prefix(1);
  return true;
}

absl::StatusOr<watch::Cursor> CursorOf(std::string_view token) {
  watch::Cursor cursor;
  std::string_view rest = token;
  const bool known = rest.starts_with(kTokenVersion);
  if (known) rest.remove_prefix(kTokenVersion.size());
  if (known && TakeNumber(rest, cursor.run) && TakeNumber(rest, cursor.sequence) && TakeNumber(rest, cursor.time_ms) &&
      TokenOf(cursor) == token) {
    return cursor;
  }
  return absl::InvalidArgumentError(
      "resume_token is not one that this method gave; pass it on as it is, or nothing to begin anew");
}

// In pieces: only the last one has the token behind them all, so that whoever breaks off in between gets them again.
bool Write(const watch::Batch& batch, const std::string& token_before, int64_t now_ms,
           grpc::ServerWriter<v1::WatchStatesResponse>& writer) {
  size_t at = 0;
  do {
    v1::WatchStatesResponse response;
    for (; at < batch.changes.size() && response.changes_size() < static_cast<int>(kChangesAtOnce); ++at) {
      const watch::Change& change = batch.changes[at];
      v1::StateChange& out = *response.add_changes();
      out.set_target_id(change.target.value());
      out.set_state(rpc::ToProto(change.state));
      *out.mutable_since_time() = wire::FromMs(change.since_ms);
    }
    response.set_resume_token(at == batch.changes.size() ? TokenOf(batch.cursor) : token_before);
    *response.mutable_now() = wire::FromMs(now_ms);
    if (!writer.Write(response)) return false;
  } while (at < batch.changes.size());
  return true;
}

absl::Status Watch(watch::Feed& feed, const grpc::ServerContext& context, const v1::WatchStatesRequest& request,
                   grpc::ServerWriter<v1::WatchStatesResponse>& writer) {
  const report::Filter filter = FilterOf(request);
  watch::Cursor cursor;
  if (request.resume_token().empty()) {
    NINES_ASSIGN_OR_RETURN(const watch::Batch batch, feed.Begin(filter));
    // Until they are all told there is nothing to resume from but the beginning.
    if (!Write(batch, "", batch.cursor.time_ms, writer)) return absl::OkStatus();
    cursor = batch.cursor;
  } else {
    NINES_ASSIGN_OR_RETURN(cursor, CursorOf(request.resume_token()));
  }
  for (int quiet = 0; !context.IsCancelled();) {
    NINES_ASSIGN_OR_RETURN(const watch::Batch batch, feed.After(cursor, filter, kChangesAtOnce));
    if (!batch.changes.empty() || ++quiet == kSignOfLifeEvery) {
      quiet = 0;
      if (!Write(batch, TokenOf(cursor), batch.cursor.time_ms, writer)) return absl::OkStatus();
    }
    cursor = batch.cursor;
    if (!feed.Wait(cursor, kLookForTheCaller))
      return absl::UnavailableError("the daemon stops; resume when it is back");
  }
  return absl::OkStatus();
}

}  // namespace

grpc::Status WatchService::WatchStates(grpc::ServerContext* context, const v1::WatchStatesRequest* request,
                                       grpc::ServerWriter<v1::WatchStatesResponse>* writer) {
  if (watchers_.fetch_add(1) >= kWatchersMax) {
    watchers_.fetch_sub(1);
    return wire::ToGrpc(absl::ResourceExhaustedError(
        StrCat("there are ", kWatchersMax, " watchers already; end one, or ask ListTargets now and then")));
  }
  const absl::Status status = Watch(feed_, *context, *request, *writer);
  watchers_.fetch_sub(1);
  return wire::ToGrpc(status);
}

}  // namespace nines::rpc
