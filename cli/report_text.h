#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"
#include "cli/table.h"
#include "nines/v1/report.pb.h"

// Availability reports as people and spreadsheets read them.
namespace nines::cli {

// "met", "breached", "not_applicable", "undetermined": for files, in no language.
std::string_view VerdictWord(v1::Verdict verdict);

// The columns of pooled figures in a table, and their cells.
void AppendPooled(const Context& context, std::vector<Table::Column>& columns);
void AppendPooled(const v1::Pooled& pooled, std::vector<Cell>& cells);

void PrintReportCsv(const v1::GetReportResponse& report, std::ostream& out);
void PrintReportTable(const v1::GetReportResponse& report, const Context& context);

// The report's groups. `by` is provider, region, agency or service.
void PrintGroupsCsv(const v1::GetReportResponse& report, std::ostream& out);
void PrintGroupsTable(const v1::GetReportResponse& report, const std::string& by, const Context& context);

}  // namespace nines::cli
