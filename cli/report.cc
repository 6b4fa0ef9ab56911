#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "cli/catalogue_file.h"
#include "cli/context.h"
#include "cli/pages.h"
#include "cli/period_flags.h"
#include "cli/report_text.h"
#include "cli/seal_text.h"
#include "nines/v1/report.grpc.pb.h"
#include "nines/v1/seal.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct ReportFlags {
  PeriodFlags period;
  std::string by, as_of;
  TargetFilter filter;
  std::string format = "table";
  bool check = false;
  std::string contract_file;  // what if
  std::string sealed;         // a version, or kNewest; empty: not a sealed one
};

constexpr char kNewest[] = "newest";

absl::StatusOr<v1::GetReportRequest> MakeRequest(const ReportFlags& flags) {
  v1::GetReportRequest request;
  flags.filter.Fill(request);
  NINES_RETURN_IF_ERROR(flags.period.Fill(request));
  if (flags.by == "provider") request.set_group_by(v1::GROUP_BY_PROVIDER);
  if (flags.by == "region") request.set_group_by(v1::GROUP_BY_REGION);
  if (flags.by == "agency") request.set_group_by(v1::GROUP_BY_AGENCY);
  if (flags.by == "service") request.set_group_by(v1::GROUP_BY_SERVICE);
  if (!flags.as_of.empty()) {
    NINES_ASSIGN_OR_RETURN(*request.mutable_as_of(), ParseAsOf(flags.as_of));
  }
  if (!flags.contract_file.empty()) {
    NINES_ASSIGN_OR_RETURN(*request.mutable_what_if(), ReadCatalogueFile(flags.contract_file));
  }
  request.set_page_size(1000);
  return request;
}

void PrintReport(const v1::GetReportResponse& report, const ReportFlags& flags, Context& context) {
  if (flags.format == "csv") {
    flags.by.empty() ? PrintReportCsv(report, context.out) : PrintGroupsCsv(report, context.out);
  } else {
    flags.by.empty() ? PrintReportTable(report, context) : PrintGroupsTable(report, flags.by, context);
  }
}

void RunSealedReport(const ReportFlags& flags, Context& context) {
  v1::GetSealedReportRequest request;
  const PeriodFlags& period = flags.period;
  SubjectFlags subject{period.month,    period.quarter,        period.year,
                       period.fee_year, flags.filter.provider, flags.filter.agency};
  *request.mutable_subject() = subject.ToProto();
  uint64_t version = 0;
  if (flags.sealed != kNewest && (!absl::SimpleAtoi(flags.sealed, &version) || version == 0)) {
    context.Fail(
        absl::InvalidArgumentError(StrCat("--sealed '", flags.sealed, "' is no version; give 1, 2 …, or nothing")));
    context.exit_code = kUsage;
    return;
  }
  request.set_version(version);
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetSealedReportResponse response;
  const grpc::Status status = v1::SealService::Stub(*channel).GetSealedReport(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (flags.format == "json") {
    context.out << ToJson(response);
  } else {
    PrintReport(response.report(), flags, context);
  }
  if (flags.format == "table") {
    const v1::Seal& seal = response.seal();
    context.out << context.Say("Sealed: ", "已封账：") << SealName(context, seal) << context.Say(", by ", "，封账人 ")
                << Printable(seal.author()) << context.Say(" at ", "，封账时间 ")
                << FormatTime(wire::ToMs(seal.sealed_time())) << '\n';
    if (response.has_changes()) PrintChanges(response.changes(), context);
  }
  if (flags.check && response.report().pooled().breached() > 0) context.exit_code = kAttention;
}

void RunReport(const ReportFlags& flags, Context& context) {
  v1::GetReportResponse report;
  if (!FetchAll(context, &v1::ReportService::Stub::GetReport, MakeRequest(flags), &report)) return;
  if (flags.format == "json") {
    context.out << ToJson(report);
  } else {
    PrintReport(report, flags, context);
  }
  if (flags.check && report.pooled().breached() > 0) context.exit_code = kAttention;
}

}  // namespace

void AddReport(CLI::App& app, Context& context) {
  auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = app.add_subcommand("report", "The availability report of a period / 可用率报告");
  flags->period.AddTo(*command);
  flags->filter.AddTo(*command);
  CLI::Option* by =
      command
          ->add_option("--by", flags->by,
                       "The groups instead of the targets: pooled by weight, verdicts counted, worst member")
          ->check(CLI::IsMember({"provider", "region", "agency", "service"}));
  CLI::Option* as_of = command->add_option("--as-of", flags->as_of, kAsOfWords);
  CLI::Option* contract_file =
      command->add_option("--contract-file", flags->contract_file,
                          "What if: the same facts under the one contract of this catalogue file, - for standard "
                          "input; nothing is recorded");
  CLI::Option* sealed =
      command->add_option("--sealed", flags->sealed, "As it was sealed: the newest version, or this one");
  sealed->expected(0, 1)
      ->excludes(command->get_option("--from"))
      ->excludes(as_of)
      ->excludes(by)
      ->excludes(command->get_option("--target"));
  sealed->excludes(contract_file);
  AddFormat(*command, flags->format);
  command->add_flag("--check", flags->check, "Exit with 4 if any target breached its objective");
  command->footer(
      "Example:\n  ninesctl report --month 2026-05 --provider huacloud --format csv > may.csv\n"
      "  ninesctl report --month 2026-05 --contract-file stricter.yaml");
  command->callback([flags, sealed, &context] {
    flags->period.Require("report");
    if (sealed->count() == 0) return RunReport(*flags, context);
    if (flags->sealed.empty()) flags->sealed = kNewest;
    RunSealedReport(*flags, context);
  });
}

}  // namespace nines::cli
