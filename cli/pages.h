#pragma once

#include "cli/context.h"

namespace nines::cli {

// Calls a paginated method until its last page, and merges the pages into `all`, whose page token stays empty.
template <typename Stub, typename Request, typename Response>
grpc::Status FetchAll(const Context& context, Stub& stub,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request,
                      Response* all) {
  do {
    grpc::ClientContext call;
    context.SetDeadline(call);
    Response page;
    const grpc::Status status = (stub.*method)(&call, request, &page);
    if (!status.ok()) return status;
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    all->MergeFrom(page);
  } while (!request.page_token().empty());
  return grpc::Status::OK;
}

}  // namespace nines::cli
