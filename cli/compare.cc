#include "base/status_macros.h"
#include "cli/compare_text.h"
#include "cli/context.h"
#include "cli/pages.h"
#include "cli/period_flags.h"
#include "nines/v1/comparison.grpc.pb.h"

namespace nines::cli {
namespace {

struct CompareFlags {
  PeriodFlags period;
  TargetFilter filter;
  std::string as_of, show;
  std::string format = "table";
};

// A target can have thousands of spans: fewer of them at a time than of reports.
constexpr int kComparisonPage = 100;

absl::StatusOr<v1::CompareDeclarationsRequest> MakeRequest(const CompareFlags& flags) {
  v1::CompareDeclarationsRequest request;
  flags.filter.Fill(request);
  NINES_RETURN_IF_ERROR(flags.period.Fill(request));
  if (!flags.as_of.empty()) {
    NINES_ASSIGN_OR_RETURN(*request.mutable_as_of(), ParseAsOf(flags.as_of));
  }
  request.set_page_size(kComparisonPage);
  return request;
}

void RunCompare(const CompareFlags& flags, Context& context) {
  v1::CompareDeclarationsResponse comparison;
  if (!FetchAll(context, &v1::ComparisonService::Stub::CompareDeclarations, MakeRequest(flags), &comparison)) return;
  if (flags.format == "json") {
    context.out << ToJson(comparison);
  } else if (flags.format == "csv") {
    PrintComparisonCsv(comparison, flags.show, context.out);
  } else {
    PrintComparisonTables(comparison, flags.show, context);
  }
}

}  // namespace

void AddCompare(CLI::App& app, Context& context) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = app.add_subcommand(
      "compare", "What providers declared against what was observed, and what each basis comes to / 申报与实测对照");
  flags->period.AddTo(*command);
  flags->filter.AddTo(*command);
  command->add_option("--as-of", flags->as_of, kAsOfWords);
  command
      ->add_option("--show", flags->show,
                   "One table instead of all: providers, targets, declarations (when they were told), differences (the "
                   "spans, with their evidence)")
      ->check(CLI::IsMember({kShowProviders, kShowTargets, kShowDeclarations, kShowDifferences}));
  AddFormat(*command, flags->format);
  command->footer(
      "Example:\n  ninesctl compare --month 2026-05 --provider huacloud\n"
      "  ninesctl compare --month 2026-05 --show differences --format csv > differences.csv");
  command->callback([flags, &context] {
    flags->period.Require("compare");
    if (flags->format == "csv" && flags->show.empty()) {
      throw CLI::ValidationError("compare",
                                 "a CSV file is one table; add --show providers, targets, declarations or differences");
    }
    RunCompare(*flags, context);
  });
}

}  // namespace nines::cli
