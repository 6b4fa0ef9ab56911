#include <set>

#include "base/duration_text.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/pages.h"
#include "nines/v1/report.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct ReportFlags {
  std::string month, quarter, year, fee_year, from, to;
  TargetFilter filter;
  std::string format = "table";
  bool check = false;
};

absl::StatusOr<v1::GetReportRequest> MakeRequest(const ReportFlags& flags) {
  v1::GetReportRequest request;
  flags.filter.Fill(request);
  if (!flags.month.empty()) request.set_month(flags.month);
  if (!flags.quarter.empty()) request.set_quarter(flags.quarter);
  if (!flags.year.empty()) request.set_year(flags.year);
  if (!flags.fee_year.empty()) request.set_fee_year(flags.fee_year);
  if (!flags.from.empty()) {
    const absl::StatusOr<int64_t> from = ParseTime(flags.from);
    if (!from.ok()) return from.status();
    const absl::StatusOr<int64_t> to = ParseTime(flags.to);
    if (!to.ok()) return to.status();
    *request.mutable_span()->mutable_start_time() = wire::FromMs(*from);
    *request.mutable_span()->mutable_end_time() = wire::FromMs(*to);
  }
  request.set_page_size(1000);
  return request;
}

std::string_view VerdictWord(v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_MET:
      return "met";
    case v1::VERDICT_BREACHED:
      return "breached";
    case v1::VERDICT_NOT_APPLICABLE:
      return "not_applicable";
    default:
      return "undetermined";
  }
}

void PrintCsv(const v1::GetReportResponse& report, std::ostream& out) {
  PrintCsvRow(out, {"target", "name_zh", "name_en", "provider", "agency", "system", "period", "period_start_ms",
                    "period_end_ms", "accounted_to_ms", "objective_ppm", "up_ms", "degraded_ms", "down_ms", "unknown_ms",
                    "excluded_ms", "good_ms", "bad_ms", "coverage_ppm", "availability_percent", "lower_percent",
                    "upper_percent", "verdict", "outages", "longest_outage_ms", "mttr_ms", "mtbf_ms", "budget_ms",
                    "spent_ms", "left_ms", "observed_not_declared_ms", "declared_not_observed_ms", "contract",
                    "contract_position"});
  for (const v1::TargetReport& target : report.targets()) {
    const v1::Account& account = target.account();
    const auto number = [](int64_t value) { return std::to_string(value); };
    PrintCsvRow(out, {target.target_id(), target.name().zh(), target.name().en(), target.provider_id(),
                      target.agency_id(), target.system_id(), target.period_label(), number(target.period_start_ms()),
                      number(target.period_end_ms()), number(target.accounted_to_ms()),
                      number(target.contract().objective_ppm()), number(account.up_ms()), number(account.degraded_ms()),
                      number(account.down_ms()), number(account.unknown_ms()), number(account.excluded_ms()),
                      number(account.good_ms()), number(account.bad_ms()), number(account.coverage_ppm()),
                      account.availability_percent(), account.lower_percent(), account.upper_percent(),
                      std::string(VerdictWord(account.verdict())), number(target.outage_count()),
                      number(target.longest_outage_ms()), target.has_mttr_ms() ? number(target.mttr_ms()) : "",
                      target.has_mtbf_ms() ? number(target.mtbf_ms()) : "", number(target.budget().budget_ms()),
                      number(target.budget().spent_ms()), number(target.budget().left_ms()),
                      number(target.observed_not_declared_ms()), number(target.declared_not_observed_ms()),
                      target.contract().contract_id(), number(target.contract().position())});
  }
}

void PrintTable(const v1::GetReportResponse& report, const Context& context) {
  Table table({{context.Say("TARGET", "监管对象")},
               {context.Say("NAME", "名称")},
               {context.Say("PROVIDER", "云服务商")},
               {context.Say("AVAILABILITY", "可用率"), Align::kRight},
               {context.Say("OBJECTIVE", "目标"), Align::kRight},
               {context.Say("VERDICT", "结论")},
               {context.Say("DOWN", "中断时长"), Align::kRight},
               {context.Say("UNKNOWN", "未知时长"), Align::kRight},
               {context.Say("OUTAGES", "中断次数"), Align::kRight},
               {context.Say("LONGEST", "最长中断"), Align::kRight},
               {context.Say("BUDGET LEFT", "剩余预算"), Align::kRight}});
  for (const v1::TargetReport& target : report.targets()) {
    const v1::Account& account = target.account();
    const int32_t ppm = target.contract().objective_ppm();
    std::string objective = StrCat(ppm / 10'000, ".", absl::Dec(ppm % 10'000, absl::kZeroPad4));
    while (objective.ends_with('0')) objective.pop_back();
    if (objective.ends_with('.')) objective.pop_back();
    table.Add({target.target_id(), context.NameOf(target.name(), target.target_id()), target.provider_id(),
               PercentOrDash(account.has_availability_percent(), account.availability_percent()), objective + " %",
               VerdictCell(context, account.verdict()), FormatDurationMs(account.bad_ms()),
               FormatDurationMs(account.unknown_ms()), std::to_string(target.outage_count()),
               FormatDurationMs(target.longest_outage_ms()),
               Cell(FormatDurationMs(target.budget().left_ms()), target.budget().left_ms() < 0 ? Tint::kBad : Tint::kNone)});
  }
  table.Print(context.out, context.UseColour());
  if (report.targets().empty()) return;
  const v1::Pooled& pooled = report.pooled();
  context.out << '\n'
              << context.Say("Together ", "合计 ")
              << PercentOrDash(pooled.has_availability_percent(), pooled.availability_percent()) << "  "
              << context.Say("met ", "达标 ") << pooled.met() << "  " << context.Say("breached ", "未达标 ")
              << pooled.breached() << "  " << context.Say("undetermined ", "待定 ") << pooled.undetermined() << "  "
              << context.Say("not applicable ", "不适用 ") << pooled.not_applicable();
  if (!pooled.worst_target_id().empty()) context.out << "  " << context.Say("worst ", "最差 ") << pooled.worst_target_id();
  context.out << '\n';
  // The digits hang on these: an auditor starts here.
  std::set<std::string> zones;
  for (const v1::TargetReport& target : report.targets()) {
    zones.insert(StrCat(FormatTime(target.period_start_ms()), " – ", FormatTime(target.accounted_to_ms()), " (",
                        target.contract().time_zone(), ")"));
  }
  for (const std::string& zone : zones) context.out << context.Say("Accounted ", "核算区间 ") << zone << '\n';
  context.out << context.Say("Ledger position ", "台账位置 ") << report.ledger_position() << '\n';
}

void RunReport(const ReportFlags& flags, Context& context) {
  const absl::StatusOr<v1::GetReportRequest> request = MakeRequest(flags);
  if (!request.ok()) {
    context.Fail(request.status());
    context.exit_code = kUsage;
    return;
  }
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  v1::ReportService::Stub stub(*channel);
  v1::GetReportResponse report;
  const grpc::Status status = FetchAll(context, stub, &v1::ReportService::Stub::GetReport, *request, &report);
  if (!status.ok()) return context.Fail(status);

  if (flags.format == "json") {
    context.out << ToJson(report);
  } else if (flags.format == "csv") {
    PrintCsv(report, context.out);
  } else {
    PrintTable(report, context);
  }
  if (flags.check && report.pooled().breached() > 0) context.exit_code = kAttention;
}

}  // namespace

void AddReport(CLI::App& app, Context& context) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = app.add_subcommand("report", "The availability report of a period / 可用率报告");
  CLI::Option* month = command->add_option("--month,-m", flags->month, "Calendar month in each contract's zone: 2026-05");
  CLI::Option* quarter = command->add_option("--quarter", flags->quarter, "2026-Q2");
  CLI::Option* year = command->add_option("--year", flags->year, "2026");
  CLI::Option* fee_year = command->add_option("--fee-year", flags->fee_year, "2026 = 2025-10-01 to 2026-09-30");
  CLI::Option* from = command->add_option("--from", flags->from, "Start of a span: 2026-05-01T00:00:00+08:00, or -24h");
  CLI::Option* to = command->add_option("--to", flags->to, "End of the span (exclusive)");
  from->needs(to);
  to->needs(from);
  for (CLI::Option* a : {month, quarter, year, fee_year, from}) {
    for (CLI::Option* b : {month, quarter, year, fee_year, from}) {
      if (a != b) a->excludes(b);
    }
  }
  flags->filter.AddTo(*command);
  AddFormat(*command, flags->format);
  command->add_flag("--check", flags->check, "Exit with 4 if any target breached its objective");
  command->footer("Example:\n  ninesctl report --month 2026-05 --provider huacloud --format csv > may.csv");
  command->callback([flags, &context] {
    if (flags->month.empty() && flags->quarter.empty() && flags->year.empty() && flags->fee_year.empty() &&
        flags->from.empty()) {
      throw CLI::ValidationError("report", "needs a period: --month 2026-05, --quarter, --year, --fee-year, or --from and --to");
    }
    RunReport(*flags, context);
  });
}

}  // namespace nines::cli
