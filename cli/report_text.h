#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "cli/context.h"
#include "nines/v1/report.pb.h"

// Availability reports as people and spreadsheets read them.
namespace nines::cli {

// "met", "breached", "not_applicable", "undetermined": for files, in no language.
std::string_view VerdictWord(v1::Verdict verdict);

void PrintReportCsv(const v1::GetReportResponse& report, std::ostream& out);
void PrintReportTable(const v1::GetReportResponse& report, const Context& context);

// The report's groups. `by` is provider, region, agency or service.
void PrintGroupsCsv(const v1::GetReportResponse& report, std::ostream& out);
void PrintGroupsTable(const v1::GetReportResponse& report, const std::string& by, const Context& context);

}  // namespace nines::cli
