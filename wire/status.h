#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace nines::wire {

// The codes of both are the same numbers.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace nines::wire
