#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "base/status_macros.h"
#include "cli/context.h"
#include "wire/time.h"

namespace nines::cli {

// The flags that name a period: a calendar period in each contract's zone, or a span.
struct PeriodFlags {
  std::string month, quarter, year, fee_year, from, to;

  void AddTo(CLI::App& command);
  // Throws CLI::ValidationError without a period.
  void Require(const std::string& command) const;
  // Fills the oneof that GetReportRequest has. InvalidArgument for a time that cannot be read.
  template <typename Request>
  absl::Status Fill(Request& request) const {
    if (!month.empty()) request.set_month(month);
    if (!quarter.empty()) request.set_quarter(quarter);
    if (!year.empty()) request.set_year(year);
    if (!fee_year.empty()) request.set_fee_year(fee_year);
    if (from.empty()) return absl::OkStatus();
    NINES_ASSIGN_OR_RETURN(const int64_t from_ms, ParseTime(from));
    NINES_ASSIGN_OR_RETURN(const int64_t to_ms, ParseTime(to));
    *request.mutable_span()->mutable_start_time() = wire::FromMs(from_ms);
    *request.mutable_span()->mutable_end_time() = wire::FromMs(to_ms);
    return absl::OkStatus();
  }
};

}  // namespace nines::cli
