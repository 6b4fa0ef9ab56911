#include "daemon/ingest/batch.h"

#include "base/text.h"

namespace nines::ingest {

std::string_view RefusalReasonName(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kTooOld:
      return "too_old";
    case RefusalReason::kTooFarAhead:
      return "too_far_ahead";
    case RefusalReason::kMalformed:
      return "malformed";
    case RefusalReason::kInvalidFact:
      return "invalid_fact";
    case RefusalReason::kNotAllowed:
      return "not_allowed";
    case RefusalReason::kTooManySeries:
      return "too_many_series";
  }
  return "unspecified";
}

Refusal* RefusalList::Find(RefusalReason reason, std::string_view what) {
  for (auto it = refusals_.rbegin(); it != refusals_.rend(); ++it) {
    if (it->reason == reason && it->fact_id.empty() && std::string_view(it->message).substr(0, what.size()) == what) {
      return &*it;
    }
  }
  return nullptr;
}

void RefusalList::AddNew(RefusalReason reason, std::string_view what, uint64_t count, const std::string& detail) {
  refusals_.push_back(
      {.reason = reason, .count = count, .message = StrCat(what, ": ", detail), .fact_source = {}, .fact_id = {}});
}

}  // namespace nines::ingest
