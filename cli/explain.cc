// `explain`: why a target's account, or why its state at an instant.
#include <map>

#include "base/duration_text.h"
#include "base/text.h"
#include "cli/context.h"
#include "nines/v1/report.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct ExplainFlags {
  std::string target, month, quarter, year, fee_year, from, to, at;
  std::string format = "table";
};

absl::StatusOr<v1::ExplainAccountRequest> AccountRequest(const ExplainFlags& flags) {
  v1::ExplainAccountRequest request;
  request.set_target_id(flags.target);
  if (!flags.month.empty()) request.set_month(flags.month);
  if (!flags.quarter.empty()) request.set_quarter(flags.quarter);
  if (!flags.year.empty()) request.set_year(flags.year);
  if (!flags.fee_year.empty()) request.set_fee_year(flags.fee_year);
  if (flags.from.empty()) return request;
  const absl::StatusOr<int64_t> from = ParseTime(flags.from);
  if (!from.ok()) return from.status();
  const absl::StatusOr<int64_t> to = ParseTime(flags.to);
  if (!to.ok()) return to.status();
  *request.mutable_span()->mutable_start_time() = wire::FromMs(*from);
  *request.mutable_span()->mutable_end_time() = wire::FromMs(*to);
  return request;
}

// SLA.md's words in Chinese: rules, kinds of facts and what they say. A word that is not here stays as it is.
std::string WordText(const Context& context, const std::string& word) {
  static const std::map<std::string, std::string>* const words =
      new std::map<std::string, std::string>{{"period", "核算区间"},
                                             {"not over yet", "尚未到来"},
                                             {"not in service", "未投入使用"},
                                             {"outside service hours", "服务时间之外"},
                                             {"ruling", "裁定"},
                                             {"maintenance", "计划维护"},
                                             {"scheduled", "应服务时间"},
                                             {"observed", "实测"},
                                             {"declared", "申报"},
                                             {"observed and declared", "实测且已申报"},
                                             {"no result", "无探测结果"},
                                             {"good", "可用"},
                                             {"bad", "中断"},
                                             {"unknown", "未知"},
                                             {"counted as good", "计为可用"},
                                             {"counted as bad", "计为中断"},
                                             {"maintenance not excluded: not in contract", "维护未剔除：合同未约定"},
                                             {"maintenance not excluded: cancelled", "维护未剔除：已取消"},
                                             {"maintenance not excluded: announced late", "维护未剔除：公告过晚"},
                                             {"maintenance not excluded: cap used up", "维护未剔除：当月额度已用完"},
                                             {"declaration", "申报事件"},
                                             {"contract", "合同条款"},
                                             {"target", "监管对象"},
                                             {"check", "探测"},
                                             {"up", "正常"},
                                             {"degraded", "降级"},
                                             {"down", "中断"},
                                             {"excluded", "不计"},
                                             {"stale", "中止"},
                                             {"planned", "计划内"},
                                             {"not excluded: not in contract", "未剔除：合同未约定"},
                                             {"not excluded: cancelled", "未剔除：已取消"},
                                             {"not excluded: announced late", "未剔除：公告过晚"},
                                             {"not excluded: cap used up", "未剔除：当月额度已用完"},
                                             {"service dates", "服务起止日期"},
                                             {"basis observed", "以实测为准"},
                                             {"basis declared", "以申报为准"},
                                             {"basis either", "以实测与申报中较差者为准"},
                                             {"basis both", "以实测与申报中较好者为准"}};
  const auto found = words->find(word);
  return found == words->end() ? word : context.Say(word, found->second);
}

std::string FactText(const std::string& id, uint64_t position) {
  if (position == 0) return id.empty() ? "–" : id;
  return StrCat(id, " #", position);
}

void PrintSteps(const v1::ExplainAccountResponse& explained, const Context& context) {
  Table table({{""},
               {context.Say("RULE", "规则")},
               {context.Say("STATE", "状态")},
               {context.Say("TIME", "时长"), Align::kRight},
               {context.Say("MILLISECONDS", "毫秒"), Align::kRight},
               {context.Say("FACT", "依据")}});
  for (const v1::ExplanationStep& step : explained.steps()) {
    const bool taken = step.kind() == v1::STEP_KIND_TAKEN;
    const char* mark = step.kind() == v1::STEP_KIND_TOTAL  ? "="
                       : taken                             ? "−"
                       : step.kind() == v1::STEP_KIND_PART ? "·"
                                                           : "i";
    table.Add({Cell(mark), WordText(context, step.rule()),
               step.state() == v1::STATE_UNSPECIFIED ? Cell("") : StateCell(context, step.state()),
               FormatDurationMs(step.ms()), std::to_string(step.ms()), FactText(step.fact(), step.fact_position())});
  }
  table.Print(context.out, context.UseColour());
  const v1::Account& account = explained.account();
  context.out << '\n'
              << context.Say("Availability ", "可用率 ")
              << PercentOrDash(account.has_availability_percent(), account.availability_percent()) << "  "
              << VerdictCell(context, account.verdict()).text << '\n'
              << context.Say("Accounted ", "核算区间 ") << FormatTime(explained.period_start_ms()) << " – "
              << FormatTime(explained.accounted_to_ms()) << " (" << explained.contract().time_zone() << ")\n"
              << context.Say("Contract ", "合同条款 ")
              << FactText(explained.contract().contract_id(), explained.contract().position()) << "  "
              << context.Say("ledger position ", "台账位置 ") << explained.ledger_position() << '\n';
}

void PrintInstant(const v1::ExplainInstantResponse& explained, const Context& context) {
  context.out << explained.target_id() << "  " << FormatTime(explained.time_ms()) << "  "
              << StateCell(context, explained.state()).text << "  " << WordText(context, explained.reason()) << '\n'
              << context.Say("observed ", "实测 ") << StateCell(context, explained.observed()).text << "  "
              << context.Say("declared ", "申报 ") << StateCell(context, explained.declared()).text << "\n\n";
  Table table({{context.Say("EVIDENCE", "证据")},
               {context.Say("ID", "编号")},
               {context.Say("SAYS", "内容")},
               {context.Say("RECORDED", "记录")}});
  for (const v1::FactEvidence& fact : explained.facts()) {
    table.Add({WordText(context, fact.kind()), fact.id(), WordText(context, fact.says()),
               fact.position() == 0 ? "–" : StrCat("#", fact.position())});
  }
  for (const v1::CheckEvidence& check : explained.checks()) {
    table.Add({WordText(context, "check"), check.check_id(), StateCell(context, check.state()),
               check.has_result_time_ms()
                   ? StrCat(WordText(context, check.result()), " ", FormatTime(check.result_time_ms()))
                   : "–"});
  }
  table.Print(context.out, context.UseColour());
}

template <typename Request, typename Response>
void Ask(Context& context, const Request& request, const std::string& format,
         grpc::Status (v1::ReportService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
         void (*print)(const Response&, const Context&)) {
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  v1::ReportService::Stub stub(*channel);
  grpc::ClientContext call;
  context.SetDeadline(call);
  Response response;
  const grpc::Status status = (stub.*method)(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (format == "json") {
    context.out << ToJson(response);
  } else {
    print(response, context);
  }
}

void RunExplain(const ExplainFlags& flags, Context& context) {
  const auto wrong = [&](const absl::Status& status) {
    context.Fail(status);
    context.exit_code = kUsage;
  };
  if (flags.at.empty()) {
    const absl::StatusOr<v1::ExplainAccountRequest> request = AccountRequest(flags);
    if (!request.ok()) return wrong(request.status());
    return Ask(context, *request, flags.format, &v1::ReportService::Stub::ExplainAccount, PrintSteps);
  }
  const absl::StatusOr<int64_t> at = ParseTime(flags.at);
  if (!at.ok()) return wrong(at.status());
  v1::ExplainInstantRequest request;
  request.set_target_id(flags.target);
  *request.mutable_time() = wire::FromMs(*at);
  Ask(context, request, flags.format, &v1::ReportService::Stub::ExplainInstant, PrintInstant);
}

}  // namespace

void AddExplain(CLI::App& app, Context& context) {
  auto flags = std::make_shared<ExplainFlags>();
  CLI::App* command = app.add_subcommand("explain", "Why a target's time counts as it does / 核算说明");
  command->add_option("target", flags->target, "The target's id")->required();
  CLI::Option_group* group = command->add_option_group("When", "Exactly one");
  group->add_option("--month,-m", flags->month, "Calendar month in the contract's zone: 2026-05");
  group->add_option("--quarter", flags->quarter, "2026-Q2");
  group->add_option("--year", flags->year, "2026");
  group->add_option("--fee-year", flags->fee_year, "2026 = 2025-10-01 to 2026-09-30");
  CLI::Option* from = group->add_option("--from", flags->from, "Start of a span: 2026-05-01T00:00:00+08:00, or -24h");
  group->add_option("--at", flags->at, "One instant: its state, reason and evidence");
  group->require_option(1);
  CLI::Option* to = command->add_option("--to", flags->to, "End of the span (exclusive)");
  from->needs(to);
  to->needs(from);
  command->add_option("--format,-o", flags->format, "How to write it")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
  command->footer(
      "Example:\n  ninesctl explain portal --month 2026-05\n  ninesctl explain portal --at 2026-05-01T08:00:00+08:00");
  command->callback([flags, &context] { RunExplain(*flags, context); });
}

}  // namespace nines::cli
