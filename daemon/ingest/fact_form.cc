#include "daemon/ingest/fact_form.h"

#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>

#include "base/status_macros.h"
#include "daemon/ingest/batch.h"
#include "wire/time.h"
#include "storage/series/rows.h"

namespace nines::ingest {
namespace {

using google::protobuf::Timestamp;

// Reads the fields of one fact; remembers the first mistake.
class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  int64_t Required(bool present, const Timestamp& time, std::string_view field) {
    if (!present) Fail(StrCat(field, " is missing"));
    return present ? Time(time, field) : 0;
  }
  std::optional<int64_t> Optional(bool present, const Timestamp& time, std::string_view field) {
    if (!present) return std::nullopt;
    return Time(time, field);
  }
  ledger::Scope Scope(const v1::Scope& scope) {
    switch (scope.of_case()) {
      case v1::Scope::kTargetId:
        return {ledger::ScopeKind::kTarget, scope.target_id()};
      case v1::Scope::kProviderId:
        return {ledger::ScopeKind::kProvider, scope.provider_id()};
      case v1::Scope::kRegionId:
        return {ledger::ScopeKind::kRegion, scope.region_id()};
      case v1::Scope::kService:
        return {ledger::ScopeKind::kService, scope.service()};
      case v1::Scope::OF_NOT_SET:
        break;
    }
    Fail("scope is missing; give one of target_id, provider_id, region_id, service");
    return {};
  }
  void Fail(const std::string& what) {
    if (status_.ok()) status_ = absl::InvalidArgumentError(StrCat(name_, ": ", what));
  }
  const absl::Status& status() const { return status_; }

 private:
  int64_t Time(const Timestamp& time, std::string_view field) {
    const bool sane =
        time.seconds() >= 0 && time.seconds() < series::kEndTimeMs / 1000 && time.nanos() >= 0 && time.nanos() < 1'000'000'000;
    if (!sane) Fail(StrCat(field, " is not a time between 1970 and 9999"));
    return sane ? wire::ToMs(time) : 0;
  }

  std::string name_;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<ledger::Declaration> ReadDeclaration(const v1::Declaration& in) {
  Reader reader(StrCat("declaration ", in.source(), "/", in.id()));
  ledger::Declaration out;
  out.source = in.source();
  out.id = in.id();
  out.scope = reader.Scope(in.scope());
  out.start_ms = reader.Required(in.has_start_time(), in.start_time(), "start_time");
  out.end_ms = reader.Optional(in.has_end_time(), in.end_time(), "end_time");
  out.told_ms = reader.Optional(in.has_told_time(), in.told_time(), "told_time");
  if (in.impact() < v1::IMPACT_NONE || in.impact() > v1::IMPACT_DOWN) {
    reader.Fail("impact is missing or unknown; give IMPACT_NONE, IMPACT_DEGRADED or IMPACT_DOWN");
  }
  out.impact = static_cast<ledger::Impact>(in.impact());
  out.title = in.title();
  out.withdrawn = in.withdrawn();
  NINES_RETURN_IF_ERROR(reader.status());
  return out;
}

absl::StatusOr<ledger::Maintenance> ReadMaintenance(const v1::Maintenance& in) {
  Reader reader(StrCat("maintenance ", in.source(), "/", in.id()));
  ledger::Maintenance out;
  out.source = in.source();
  out.id = in.id();
  out.scope = reader.Scope(in.scope());
  out.start_ms = reader.Required(in.has_start_time(), in.start_time(), "start_time");
  out.end_ms = reader.Required(in.has_end_time(), in.end_time(), "end_time");
  out.announced_ms = reader.Optional(in.has_announced_time(), in.announced_time(), "announced_time");
  out.cancelled_ms = reader.Optional(in.has_cancelled_time(), in.cancelled_time(), "cancelled_time");
  out.title = in.title();
  NINES_RETURN_IF_ERROR(reader.status());
  return out;
}

absl::StatusOr<ledger::Ruling> ReadRuling(const v1::Ruling& in) {
  Reader reader(StrCat("ruling ", in.id()));
  ledger::Ruling out;
  out.id = in.id();
  out.target = TargetId(in.target_id());
  out.start_ms = reader.Required(in.has_start_time(), in.start_time(), "start_time");
  out.end_ms = reader.Required(in.has_end_time(), in.end_time(), "end_time");
  if (in.state() < v1::RULING_STATE_UP || in.state() > v1::RULING_STATE_EXCLUDED) {
    reader.Fail("state is missing or unknown; give RULING_STATE_UP, RULING_STATE_DOWN or RULING_STATE_EXCLUDED");
  }
  out.state = static_cast<ledger::RulingState>(in.state());
  out.reason = in.reason();
  out.revoked = in.revoked();
  NINES_RETURN_IF_ERROR(reader.status());
  return out;
}

}  // namespace nines::ingest
