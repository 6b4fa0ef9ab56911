#pragma once

#include "cli/context.h"

namespace nines::cli {

// Calls a paginated method of the daemon until its last page, and merges the pages into `all`, whose page token stays
// empty. False where it failed: the context has told then.
template <typename Stub, typename Request, typename Response>
bool FetchAll(Context& context, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              Request request, Response* all) {
  const auto channel = context.Channel();
  if (!channel.ok()) {
    context.Fail(channel.status());
    return false;
  }
  Stub stub(*channel);
  do {
    grpc::ClientContext call;
    context.SetDeadline(call);
    Response page;
    const grpc::Status status = (stub.*method)(&call, request, &page);
    if (!status.ok()) {
      context.Fail(status);
      return false;
    }
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all->MergeFrom(page);
  } while (!request.page_token().empty());
  return true;
}

// The same with a request made from flags: what is wrong with them is wrong usage.
template <typename Stub, typename Request, typename Response>
bool FetchAll(Context& context, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const absl::StatusOr<Request>& request, Response* all) {
  if (request.ok()) return FetchAll(context, method, *request, all);
  context.Fail(request.status());
  context.exit_code = kUsage;
  return false;
}

}  // namespace nines::cli
