#include "base/duration_text.h"
#include "cli/context.h"
#include "cli/pages.h"
#include "nines/v1/availability.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct OutageFlags {
  TargetFilter filter;
  std::string month, from, to, as_of;
  std::string format = "table";
};

absl::StatusOr<v1::ListOutagesRequest> MakeRequest(const OutageFlags& flags) {
  v1::ListOutagesRequest request;
  flags.filter.Fill(request);
  request.set_month(flags.month);
  if (!flags.from.empty()) {
    const absl::StatusOr<int64_t> from = ParseTime(flags.from);
    if (!from.ok()) return from.status();
    *request.mutable_start_time() = wire::FromMs(*from);
  }
  if (!flags.to.empty()) {
    const absl::StatusOr<int64_t> to = ParseTime(flags.to);
    if (!to.ok()) return to.status();
    *request.mutable_end_time() = wire::FromMs(*to);
  }
  if (!flags.as_of.empty()) {
    const absl::StatusOr<v1::AsOf> as_of = ParseAsOf(flags.as_of);
    if (!as_of.ok()) return as_of.status();
    *request.mutable_as_of() = *as_of;
  }
  request.set_page_size(1000);
  return request;
}

void Print(const v1::ListOutagesResponse& list, const std::string& format, const Context& context) {
  if (format == "json") {
    context.out << ToJson(list);
    return;
  }
  if (format == "csv") {
    PrintCsvRow(context.out, {"target", "start_ms", "end_ms", "open", "inside_ms"});
    for (const v1::TargetOutage& entry : list.outages()) {
      const v1::Outage& outage = entry.outage();
      PrintCsvRow(context.out, {entry.target_id(), std::to_string(outage.start_ms()), std::to_string(outage.end_ms()),
                                outage.has_end_time() ? "0" : "1", std::to_string(outage.inside_ms())});
    }
    return;
  }
  Table table({{context.Say("TARGET", "监管对象")},
               {context.Say("START", "开始")},
               {context.Say("END", "结束")},
               {context.Say("LENGTH", "时长"), Align::kRight}});
  for (const v1::TargetOutage& entry : list.outages()) {
    const v1::Outage& outage = entry.outage();
    table.Add({entry.target_id(), FormatTime(outage.start_ms()),
               outage.has_end_time() ? Cell(FormatTime(outage.end_ms()))
                                     : Cell(context.Say("still going on", "仍在持续"), Tint::kBad),
               FormatDurationMs(outage.end_ms() - outage.start_ms())});
  }
  table.Print(context.out, context.UseColour());
}

void RunOutages(const OutageFlags& flags, Context& context) {
  v1::ListOutagesResponse list;
  if (!FetchAll(context, &v1::AvailabilityService::Stub::ListOutages, MakeRequest(flags), &list)) return;
  Print(list, flags.format, context);
}

}  // namespace

void AddOutages(CLI::App& app, Context& context) {
  auto flags = std::make_shared<OutageFlags>();
  CLI::App* command = app.add_subcommand("outages", "Outages, oldest first, with their whole spans / 中断清单");
  flags->filter.AddTo(*command);
  CLI::Option* month = command->add_option("--month,-m", flags->month, "Those that overlap a month: 2026-05");
  CLI::Option* from = command->add_option("--from", flags->from, "Those that overlap a span: its start");
  CLI::Option* to = command->add_option("--to", flags->to, "Its end (exclusive)");
  month->excludes(from)->excludes(to);
  command->add_option("--as-of", flags->as_of, kAsOfWords);
  AddFormat(*command, flags->format);
  command->footer("Example:\n  ninesctl outages --target portal --from -24h");
  command->callback([flags, &context] { RunOutages(*flags, context); });
}

}  // namespace nines::cli
