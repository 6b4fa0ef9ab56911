#include "cli/period_flags.h"

namespace nines::cli {

void PeriodFlags::AddTo(CLI::App& command) {
  CLI::Option* periods[] = {command.add_option("--month,-m", month, "Calendar month in each contract's zone: 2026-05"),
                            command.add_option("--quarter", quarter, "2026-Q2"),
                            command.add_option("--year", year, "2026"),
                            command.add_option("--fee-year", fee_year, "2026 = 2025-10-01 to 2026-09-30"),
                            command.add_option("--from", from, "Start of a span: 2026-05-01T00:00:00+08:00, or -24h")};
  CLI::Option* end = command.add_option("--to", to, "End of the span (exclusive)");
  CLI::Option* start = periods[4];
  start->needs(end);
  end->needs(start);
  for (CLI::Option* a : periods) {
    for (CLI::Option* b : periods) {
      if (a != b) a->excludes(b);
    }
  }
}

void PeriodFlags::Require(const std::string& command) const {
  if (!month.empty() || !quarter.empty() || !year.empty() || !fee_year.empty() || !from.empty()) return;
  throw CLI::ValidationError(command,
                             "needs a period: --month 2026-05, --quarter, --year, --fee-year, or --from and --to");
}

}  // namespace nines::cli
