#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/text.h"

namespace nines {

// The same error with `where` in front of its message: "catalogue.yaml: unknown field".
inline absl::Status Annotate(const absl::Status& status, std::string_view where) {
  if (status.ok()) return status;
  return absl::Status(status.code(), StrCat(where, ": ", FromAbsl(status.message())));
}

}  // namespace nines

#define NINES_CONCAT_INNER_(a, b) a##b
#define NINES_CONCAT_(a, b) NINES_CONCAT_INNER_(a, b)

// Returns from the calling function if `expr`, a Status, is not OK.
#define NINES_RETURN_IF_ERROR(expr)                  \
  do {                                               \
    absl::Status nines_status_ = (expr);             \
    if (!nines_status_.ok()) return nines_status_;   \
  } while (false)

// NINES_ASSIGN_OR_RETURN(auto value, Function()); returns the error of a StatusOr from the calling function.
#define NINES_ASSIGN_OR_RETURN(lhs, expr) NINES_ASSIGN_OR_RETURN_IMPL_(NINES_CONCAT_(nines_or_, __LINE__), lhs, expr)
#define NINES_ASSIGN_OR_RETURN_IMPL_(var, lhs, expr) \
  auto var = (expr);                                 \
  if (!var.ok()) return var.status();                \
  lhs = *std::move(var)
