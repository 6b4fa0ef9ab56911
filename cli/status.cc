#include "base/duration_text.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/pages.h"
#include "nines/v1/availability.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct StatusFlags {
  TargetFilter filter;
  std::string format = "table";
  bool check = false;
};

// "14.4": how many times faster than the objective allows.
std::string BurnText(const v1::BudgetSpending& spending, int64_t window_ms) {
  for (const v1::BurnRate& rate : spending.burn_rates()) {
    if (rate.window_ms() != window_ms || !rate.has_rate_ppm()) continue;
    return StrCat(rate.rate_ppm() / 1'000'000, ".", rate.rate_ppm() / 100'000 % 10);
  }
  return "–";
}

Cell BudgetEndText(const Context& context, const v1::TargetStatus& target) {
  if (target.budget().left_ms() < 0) return Cell(context.Say("spent", "已耗尽"), Tint::kBad);
  if (!target.spending().has_budget_ends_time()) return Cell("–");
  return Cell(FormatTime(wire::ToMs(target.spending().budget_ends_time())), Tint::kWarn);
}

void PrintTable(const v1::ListTargetsResponse& list, const Context& context) {
  Table table({{context.Say("TARGET", "监管对象")},
               {context.Say("NAME", "名称")},
               {context.Say("PROVIDER", "云服务商")},
               {context.Say("STATE", "状态")},
               {context.Say("FOR", "已持续"), Align::kRight},
               {context.Say("THIS MONTH", "本月可用率"), Align::kRight},
               {context.Say("VERDICT", "结论")},
               {context.Say("BUDGET LEFT", "剩余预算"), Align::kRight},
               {context.Say("BURN 1H", "消耗速率"), Align::kRight},
               {context.Say("BUDGET ENDS", "预算耗尽")},
               {context.Say("LAST OUTAGE", "最近中断")}});
  const int64_t now_ms = wire::ToMs(list.now());
  for (const v1::TargetStatus& target : list.targets()) {
    const v1::Account& month = target.month();
    const int64_t for_ms = (now_ms - wire::ToMs(target.since_time())) / 1000 * 1000;
    std::string last = "–";
    if (!target.last_outages().empty()) {
      const v1::Outage& outage = target.last_outages(0);
      last = FormatTime(outage.start_ms()) + "  " +
             (outage.has_end_time() ? FormatDurationMs(outage.end_ms() - outage.start_ms())
                                    : context.Say("still going on", "仍在持续"));
    }
    table.Add(
        {target.target_id(), context.NameOf(target.name(), target.target_id()), target.provider_id(),
         StateCell(context, target.state()), target.has_since_time() ? FormatDurationMs(for_ms) : "–",
         PercentOrDash(month.has_availability_percent(), month.availability_percent()),
         VerdictCell(context, month.verdict()),
         Cell(FormatDurationMs(target.budget().left_ms()), target.budget().left_ms() < 0 ? Tint::kBad : Tint::kNone),
         BurnText(target.spending(), 3'600'000), BudgetEndText(context, target), last});
  }
  table.Print(context.out, context.UseColour());
}

constexpr int kBurnWindows = 7;  // of the columns burn_…

void PrintCsv(const v1::ListTargetsResponse& list, std::ostream& out) {
  PrintCsvRow(out, {"target",         "name_zh",
                    "name_en",        "provider",
                    "agency",         "system",
                    "state",          "since_ms",
                    "period",         "good_ms",
                    "bad_ms",         "unknown_ms",
                    "excluded_ms",    "availability_percent",
                    "budget_left_ms", "burn_5m_ppm",
                    "burn_30m_ppm",   "burn_1h_ppm",
                    "burn_2h_ppm",    "burn_6h_ppm",
                    "burn_1d_ppm",    "burn_3d_ppm",
                    "budget_ends_ms"});
  for (const v1::TargetStatus& target : list.targets()) {
    const v1::Account& month = target.month();
    std::string state = v1::State_Name(target.state()).substr(sizeof("STATE_") - 1);
    for (char& c : state) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::vector<std::string> row = {target.target_id(),
                                    target.name().zh(),
                                    target.name().en(),
                                    target.provider_id(),
                                    target.agency_id(),
                                    target.system_id(),
                                    state,
                                    target.has_since_time() ? std::to_string(wire::ToMs(target.since_time())) : "",
                                    target.period_label(),
                                    std::to_string(month.good_ms()),
                                    std::to_string(month.bad_ms()),
                                    std::to_string(month.unknown_ms()),
                                    std::to_string(month.excluded_ms()),
                                    month.availability_percent(),
                                    std::to_string(target.budget().left_ms())};
    // There are none between the months of two contracts in different zones.
    const auto& rates = target.spending().burn_rates();
    for (int i = 0; i < kBurnWindows; ++i) {
      row.push_back(i < rates.size() && rates[i].has_rate_ppm() ? std::to_string(rates[i].rate_ppm()) : "");
    }
    row.push_back(target.spending().has_budget_ends_time()
                      ? std::to_string(wire::ToMs(target.spending().budget_ends_time()))
                      : "");
    PrintCsvRow(out, row);
  }
}

void RunStatus(const StatusFlags& flags, Context& context) {
  v1::ListTargetsRequest request;
  flags.filter.Fill(request);
  request.set_page_size(1000);
  v1::ListTargetsResponse list;
  if (!FetchAll(context, &v1::AvailabilityService::Stub::ListTargets, request, &list)) return;
  if (flags.format == "json") {
    context.out << ToJson(list);
  } else if (flags.format == "csv") {
    PrintCsv(list, context.out);
  } else {
    PrintTable(list, context);
  }
  if (!flags.check) return;
  for (const v1::TargetStatus& target : list.targets()) {
    if (target.state() == v1::STATE_DOWN) context.exit_code = kAttention;
  }
}

}  // namespace

void AddStatus(CLI::App& app, Context& context) {
  auto flags = std::make_shared<StatusFlags>();
  CLI::App* command = app.add_subcommand("status", "Every target as it is now / 当前状态");
  flags->filter.AddTo(*command);
  AddFormat(*command, flags->format);
  command->add_flag("--check", flags->check, "Exit with 4 if any target is down");
  command->footer("Example:\n  ninesctl status --agency civil-affairs --check || page-somebody");
  command->callback([flags, &context] { RunStatus(*flags, context); });
}

}  // namespace nines::cli
