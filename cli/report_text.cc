#include "cli/report_text.h"

#include <set>

#include "base/duration_text.h"
#include "base/text.h"

namespace nines::cli {
namespace {

// "99.9 %"
std::string ShareText(int32_t ppm) {
  std::string percent = StrCat(ppm / 10'000, ".", absl::Dec(ppm % 10'000, absl::kZeroPad4));
  while (percent.ends_with('0')) percent.pop_back();
  if (percent.ends_with('.')) percent.pop_back();
  return percent + " %";
}

// The sum in yuan, or the month's share where there is no fee; in brackets while the month is not over.
std::string CreditText(const v1::TargetReport& target) {
  if (target.has_credit_fen()) {
    const int64_t fen = target.credit_fen();
    return StrCat("¥", fen / 100, ".", absl::Dec(fen % 100, absl::kZeroPad2));
  }
  if (target.credits_size() != 1 || !target.credits(0).has_credit_ppm()) return "–";
  const v1::MonthCredit& credit = target.credits(0);
  const std::string share = ShareText(credit.credit_ppm());
  return credit.over() ? share : StrCat("(", share, ")");
}

// Before the numbers, so that nobody takes them for what was agreed.
void PrintHypothesis(const v1::GetReportResponse& report, const Context& context) {
  if (!report.has_hypothetical()) return;
  const std::string contract = Printable(report.hypothetical().contract().contract_id());
  const std::string file = Printable(report.hypothetical().file());
  context.out << context.Say(StrCat("HYPOTHETICAL: as if contract '", contract, "' of ", file,
                                    " had held for all time. Nothing was recorded, and nothing of this can be sealed."),
                             StrCat("假设测算：假定始终适用 ", file, " 中的合同条款 '", contract,
                                    "'。未作任何登记，不能封账。"))
              << "\n\n";
}

}  // namespace

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

void AppendPooled(const Context& context, std::vector<Table::Column>& columns) {
  columns.push_back({context.Say("AVAILABILITY", "可用率"), Align::kRight});
  columns.push_back({context.Say("MET", "达标"), Align::kRight});
  columns.push_back({context.Say("BREACHED", "未达标"), Align::kRight});
  columns.push_back({context.Say("UNDETERMINED", "待定"), Align::kRight});
  columns.push_back({context.Say("NOT APPLICABLE", "不适用"), Align::kRight});
  columns.push_back({context.Say("WORST", "最差")});
}

void AppendPooled(const v1::Pooled& pooled, std::vector<Cell>& cells) {
  cells.emplace_back(PercentOrDash(pooled.has_availability_percent(), pooled.availability_percent()));
  cells.emplace_back(std::to_string(pooled.met()));
  cells.emplace_back(std::to_string(pooled.breached()), pooled.breached() > 0 ? Tint::kBad : Tint::kNone);
  cells.emplace_back(std::to_string(pooled.undetermined()));
  cells.emplace_back(std::to_string(pooled.not_applicable()));
  cells.emplace_back(pooled.worst_target_id().empty() ? "–" : pooled.worst_target_id());
}

void PrintReportCsv(const v1::GetReportResponse& report, std::ostream& out) {
  PrintCsvRow(out, {"target",
                    "name_zh",
                    "name_en",
                    "provider",
                    "agency",
                    "system",
                    "period",
                    "period_start_ms",
                    "period_end_ms",
                    "accounted_to_ms",
                    "objective_ppm",
                    "up_ms",
                    "degraded_ms",
                    "down_ms",
                    "unknown_ms",
                    "excluded_ms",
                    "good_ms",
                    "bad_ms",
                    "coverage_ppm",
                    "availability_percent",
                    "lower_percent",
                    "upper_percent",
                    "verdict",
                    "outages",
                    "longest_outage_ms",
                    "mttr_ms",
                    "mtbf_ms",
                    "budget_ms",
                    "spent_ms",
                    "left_ms",
                    "observed_not_declared_ms",
                    "declared_not_observed_ms",
                    "contract",
                    "contract_position",
                    "credit_fen",
                    "hypothetical_contract"});
  for (const v1::TargetReport& target : report.targets()) {
    const v1::Account& account = target.account();
    const auto number = [](int64_t value) { return std::to_string(value); };
    PrintCsvRow(out, {target.target_id(),
                      target.name().zh(),
                      target.name().en(),
                      target.provider_id(),
                      target.agency_id(),
                      target.system_id(),
                      target.period_label(),
                      number(target.period_start_ms()),
                      number(target.period_end_ms()),
                      number(target.accounted_to_ms()),
                      number(target.contract().objective_ppm()),
                      number(account.up_ms()),
                      number(account.degraded_ms()),
                      number(account.down_ms()),
                      number(account.unknown_ms()),
                      number(account.excluded_ms()),
                      number(account.good_ms()),
                      number(account.bad_ms()),
                      number(account.coverage_ppm()),
                      account.availability_percent(),
                      account.lower_percent(),
                      account.upper_percent(),
                      std::string(VerdictWord(account.verdict())),
                      number(target.outage_count()),
                      number(target.longest_outage_ms()),
                      target.has_mttr_ms() ? number(target.mttr_ms()) : "",
                      target.has_mtbf_ms() ? number(target.mtbf_ms()) : "",
                      number(target.budget().budget_ms()),
                      number(target.budget().spent_ms()),
                      number(target.budget().left_ms()),
                      number(target.observed_not_declared_ms()),
                      number(target.declared_not_observed_ms()),
                      target.contract().contract_id(),
                      number(target.contract().position()),
                      target.has_credit_fen() ? number(target.credit_fen()) : "",
                      report.hypothetical().contract().contract_id()});
  }
}

void PrintReportTable(const v1::GetReportResponse& report, const Context& context) {
  PrintHypothesis(report, context);
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
               {context.Say("BUDGET LEFT", "剩余预算"), Align::kRight},
               {context.Say("CREDIT", "服务赔付"), Align::kRight}});
  for (const v1::TargetReport& target : report.targets()) {
    const v1::Account& account = target.account();
    table.Add(
        {target.target_id(), context.NameOf(target.name(), target.target_id()), target.provider_id(),
         PercentOrDash(account.has_availability_percent(), account.availability_percent()),
         ShareText(target.contract().objective_ppm()), VerdictCell(context, account.verdict()),
         FormatDurationMs(account.bad_ms()), FormatDurationMs(account.unknown_ms()),
         std::to_string(target.outage_count()), FormatDurationMs(target.longest_outage_ms()),
         Cell(FormatDurationMs(target.budget().left_ms()), target.budget().left_ms() < 0 ? Tint::kBad : Tint::kNone),
         CreditText(target)});
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
  if (!pooled.worst_target_id().empty())
    context.out << "  " << context.Say("worst ", "最差 ") << pooled.worst_target_id();
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

void PrintGroupsCsv(const v1::GetReportResponse& report, std::ostream& out) {
  PrintCsvRow(out, {"group", "name_zh", "name_en", "targets", "availability_percent", "worst", "met", "breached",
                    "undetermined", "not_applicable", "hypothetical_contract"});
  for (const v1::GroupReport& group : report.groups()) {
    const v1::Pooled& pooled = group.pooled();
    PrintCsvRow(out, {group.group_id(), group.name().zh(), group.name().en(), std::to_string(group.targets()),
                      pooled.availability_percent(), pooled.worst_target_id(), std::to_string(pooled.met()),
                      std::to_string(pooled.breached()), std::to_string(pooled.undetermined()),
                      std::to_string(pooled.not_applicable()), report.hypothetical().contract().contract_id()});
  }
}

void PrintGroupsTable(const v1::GetReportResponse& report, const std::string& by, const Context& context) {
  PrintHypothesis(report, context);
  std::vector<Table::Column> columns = {{by == "provider" ? context.Say("PROVIDER", "云服务商")
                                         : by == "region" ? context.Say("REGION", "区域")
                                         : by == "agency" ? context.Say("AGENCY", "委办局")
                                                          : context.Say("SERVICE", "云服务")},
                                        {context.Say("NAME", "名称")},
                                        {context.Say("TARGETS", "对象数"), Align::kRight}};
  AppendPooled(context, columns);
  Table table(std::move(columns));
  for (const v1::GroupReport& group : report.groups()) {
    std::vector<Cell> cells = {group.group_id().empty() ? "–" : group.group_id(),
                               context.NameOf(group.name(), group.group_id()), std::to_string(group.targets())};
    AppendPooled(group.pooled(), cells);
    table.Add(std::move(cells));
  }
  table.Print(context.out, context.UseColour());
}

}  // namespace nines::cli
