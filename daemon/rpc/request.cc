#include "daemon/rpc/request.h"

#include "daemon/ingest/batch.h"
#include "storage/series/rows.h"
#include "wire/time.h"

namespace nines::rpc {

absl::StatusOr<int64_t> TimeMs(const google::protobuf::Timestamp& time, std::string_view field) {
  const bool sane = time.seconds() >= 0 && time.seconds() < series::kEndTimeMs / 1000 && time.nanos() >= 0 &&
                    time.nanos() < 1'000'000'000;
  if (!sane) return absl::InvalidArgumentError(StrCat(field, " is not a time between 1970 and 9999"));
  return wire::ToMs(time);
}

absl::StatusOr<report::AsOf> AsOfOf(const v1::AsOf& as_of) {
  report::AsOf out;
  if (as_of.has_position()) out.position = FactId(as_of.position());
  if (as_of.has_time()) {
    NINES_ASSIGN_OR_RETURN(out.time_ms, TimeMs(as_of.time(), "as_of.time"));
  }
  return out;
}

absl::Status CheckAuthor(const std::string& author) {
  if (!author.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError("author is missing; give the name of the person who records this");
}

}  // namespace nines::rpc
