#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/check.h"
#include "base/interval.h"
#include "base/status_macros.h"
#include "daemon/report/report.h"
#include "nines/v1/availability.pb.h"

// What several requests have in common.
namespace nines::rpc {

// InvalidArgument names the field unless the time lies between 1970 and 9999.
absl::StatusOr<int64_t> TimeMs(const google::protobuf::Timestamp& time, std::string_view field);

// Facts that people record carry their name.
absl::Status CheckAuthor(const std::string& author);

// [start_time, end_time) of a message; an end that is absent is that of `otherwise`.
template <typename Message>
absl::StatusOr<Interval> SpanOf(const Message& message, Interval otherwise) {
  Interval span = otherwise;
  if (message.has_start_time()) {
    NINES_ASSIGN_OR_RETURN(span.start_ms, TimeMs(message.start_time(), "start_time"));
  }
  if (message.has_end_time()) {
    NINES_ASSIGN_OR_RETURN(span.end_ms, TimeMs(message.end_time(), "end_time"));
  }
  if (span.empty()) return absl::InvalidArgumentError("end_time must be later than start_time");
  return span;
}

// The period of a request that has the oneof of GetReportRequest.
template <typename Request>
absl::StatusOr<report::Period> PeriodOf(const Request& request) {
  using report::PeriodKind;
  switch (request.period_case()) {
    case Request::kMonth:
      return report::Period{PeriodKind::kMonth, request.month(), {}};
    case Request::kQuarter:
      return report::Period{PeriodKind::kQuarter, request.quarter(), {}};
    case Request::kYear:
      return report::Period{PeriodKind::kYear, request.year(), {}};
    case Request::kFeeYear:
      return report::Period{PeriodKind::kFeeYear, request.fee_year(), {}};
    case Request::kSpan: {
      if (!request.span().has_start_time() || !request.span().has_end_time()) {
        return absl::InvalidArgumentError("span needs both start_time and end_time");
      }
      NINES_ASSIGN_OR_RETURN(const Interval span, SpanOf(request.span(), {}));
      return report::Period{PeriodKind::kSpan, "", span};
    }
    case Request::PERIOD_NOT_SET:
      return absl::InvalidArgumentError("the period is missing; give one of month, quarter, year, fee_year, span");
  }
  NINES_CHECK(false);
}

absl::StatusOr<report::AsOf> AsOfOf(const v1::AsOf& as_of);

template <typename Message>
report::Filter FilterOf(const Message& message) {
  report::Filter filter{ProviderId(message.provider_id()), AgencyId(message.agency_id()), {}};
  for (const std::string& id : message.target_ids()) filter.targets.emplace_back(id);
  return filter;
}

}  // namespace nines::rpc
