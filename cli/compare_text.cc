#include "cli/compare_text.h"

#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/duration_text.h"
#include "base/text.h"
#include "cli/report_text.h"

namespace nines::cli {
namespace {

std::string Number(int64_t value) { return std::to_string(value); }

// "1h", "1h, 5m degraded", "5m degraded".
std::string ImpactText(const Context& context, int64_t down_ms, int64_t degraded_ms) {
  if (degraded_ms == 0) return FormatDurationMs(down_ms);
  const std::string degraded = StrCat(FormatDurationMs(degraded_ms), context.Say(" degraded", " 降级"));
  return down_ms == 0 ? degraded : StrCat(FormatDurationMs(down_ms), context.Say(", ", "，"), degraded);
}

// "40m", "40m (10m excluded)".
Cell DifferenceCell(const Context& context, int64_t ms, int64_t excluded_ms) {
  if (excluded_ms == 0) return {FormatDurationMs(ms), ms > 0 ? Tint::kWarn : Tint::kNone};
  return {StrCat(FormatDurationMs(ms), context.Say(" (", "（"), FormatDurationMs(excluded_ms),
                 context.Say(" excluded)", " 不计）")),
          ms > excluded_ms ? Tint::kWarn : Tint::kNone};
}

std::string BasisWord(const Context& context, const std::string& basis) {
  if (basis == "observed") return context.Say("observed", "实测");
  if (basis == "declared") return context.Say("declared", "申报");
  if (basis == "either") return context.Say("either", "从严（任一）");
  return context.Say("both", "从宽（二者）");
}

std::string LatenessText(bool there, int64_t late_ms) { return there ? FormatDurationMs(late_ms) : "–"; }

void PrintProviders(const v1::CompareDeclarationsResponse& comparison, const Context& context) {
  Table table({{context.Say("PROVIDER", "云服务商")},
               {context.Say("TARGETS", "对象数"), Align::kRight},
               {context.Say("DOWN OBSERVED", "实测中断"), Align::kRight},
               {context.Say("DOWN DECLARED", "申报中断"), Align::kRight},
               {context.Say("NOT DECLARED", "实测未申报"), Align::kRight},
               {context.Say("NOT OBSERVED", "申报未实测"), Align::kRight},
               {context.Say("DECLARATIONS", "申报次数"), Align::kRight},
               {context.Say("TOLD AFTER (MEDIAN)", "申报延迟（中位）"), Align::kRight},
               {context.Say("(LONGEST)", "（最长）"), Align::kRight},
               {context.Say("RECORDED AFTER (MEDIAN)", "登记延迟（中位）"), Align::kRight},
               {context.Say("(LONGEST)", "（最长）"), Align::kRight},
               {context.Say("AFTER THE END", "结束后登记"), Align::kRight}});
  for (const v1::ProviderComparison& provider : comparison.providers()) {
    const v1::ComparedTime& time = provider.time();
    const bool told = provider.has_told();
    const bool recorded = provider.has_recorded();
    table.Add({provider.provider_id().empty() ? "–" : provider.provider_id(), Number(provider.targets()),
               ImpactText(context, time.observed_down_ms(), time.observed_degraded_ms()),
               ImpactText(context, time.declared_down_ms(), time.declared_degraded_ms()),
               DifferenceCell(context, time.observed_not_declared_ms(), time.observed_not_declared_excluded_ms()),
               DifferenceCell(context, time.declared_not_observed_ms(), time.declared_not_observed_excluded_ms()),
               Number(provider.declarations()), LatenessText(told, provider.told().median_ms()),
               LatenessText(told, provider.told().longest_ms()),
               LatenessText(recorded, provider.recorded().median_ms()),
               LatenessText(recorded, provider.recorded().longest_ms()),
               recorded ? Number(provider.recorded().after_end()) : "–"});
  }
  table.Print(context.out, context.UseColour());
  context.out << '\n';
  std::vector<Table::Column> columns = {{context.Say("PROVIDER", "云服务商")}, {context.Say("BASIS", "依据")}};
  AppendPooled(context, columns);
  Table bases(std::move(columns));
  for (const v1::ProviderComparison& provider : comparison.providers()) {
    for (const v1::PooledOnBasis& basis : provider.bases()) {
      std::vector<Cell> cells = {provider.provider_id().empty() ? "–" : provider.provider_id(),
                                 BasisWord(context, basis.basis())};
      AppendPooled(basis.pooled(), cells);
      bases.Add(std::move(cells));
    }
  }
  bases.Print(context.out, context.UseColour());
}

void PrintTargets(const v1::CompareDeclarationsResponse& comparison, const Context& context) {
  Table table({{context.Say("TARGET", "监管对象")},
               {context.Say("BASIS", "依据")},
               {context.Say("COUNTS", "合同依据")},
               {context.Say("AVAILABILITY", "可用率"), Align::kRight},
               {context.Say("VERDICT", "结论")},
               {context.Say("DOWN", "中断时长"), Align::kRight},
               {context.Say("UNKNOWN", "未知时长"), Align::kRight},
               {context.Say("NOT DECLARED", "实测未申报"), Align::kRight},
               {context.Say("NOT OBSERVED", "申报未实测"), Align::kRight}});
  for (const v1::TargetComparison& target : comparison.targets()) {
    const v1::ComparedTime& time = target.time();
    bool first = true;
    for (const v1::AccountOnBasis& basis : target.bases()) {
      const v1::Account& account = basis.account();
      table.Add(
          {first ? target.target_id() : "", BasisWord(context, basis.basis()),
           Cell(basis.basis() == target.contract().basis() ? "*" : ""),
           PercentOrDash(account.has_availability_percent(), account.availability_percent()),
           VerdictCell(context, account.verdict()), FormatDurationMs(account.bad_ms()),
           FormatDurationMs(account.unknown_ms()),
           first ? DifferenceCell(context, time.observed_not_declared_ms(), time.observed_not_declared_excluded_ms())
                 : Cell(""),
           first ? DifferenceCell(context, time.declared_not_observed_ms(), time.declared_not_observed_excluded_ms())
                 : Cell("")});
      first = false;
    }
  }
  table.Print(context.out, context.UseColour());
}

void PrintDeclarations(const v1::CompareDeclarationsResponse& comparison, const Context& context) {
  Table table({{context.Say("TARGET", "监管对象")},
               {context.Say("DECLARATION", "申报事件")},
               {context.Say("IMPACT", "影响")},
               {context.Say("START", "开始")},
               {context.Say("END", "结束")},
               {context.Say("TOLD", "申报时间")},
               {context.Say("RECORDED", "登记时间")},
               {context.Say("TITLE", "标题")}});
  for (const v1::TargetComparison& target : comparison.targets()) {
    for (const v1::ComparedDeclaration& declaration : target.declarations()) {
      table.Add({target.target_id(), StrCat(declaration.id(), " #", declaration.position()),
                 StateCell(context, declaration.impact()), FormatTime(declaration.start_ms()),
                 declaration.has_end_ms() ? Cell(FormatTime(declaration.end_ms()))
                                          : Cell(context.Say("still going on", "仍在持续"), Tint::kBad),
                 FormatTime(declaration.told_ms()), FormatTime(declaration.recorded_ms()), declaration.title()});
    }
  }
  table.Print(context.out, context.UseColour());
}

// "web down 2026-05-05 16:53:20; declaration tickets/T-7 #12 degraded".
std::string EvidenceText(const Context& context, const v1::DifferenceSpan& span) {
  std::string text;
  for (const v1::CheckEvidence& check : span.checks()) {
    StrAppend(&text, text.empty() ? "" : "; ", check.check_id(), " ", StateCell(context, check.state()).text);
    if (check.has_result_time_ms()) {
      StrAppend(&text, " (", check.result(), " ", FormatTime(check.result_time_ms()), ")");
    }
  }
  for (const v1::FactEvidence& fact : span.facts()) {
    StrAppend(&text, text.empty() ? "" : "; ", fact.kind(), " ", fact.id(), " #", fact.position(), " ", fact.says());
  }
  return text.empty() ? "–" : text;
}

void PrintDifferences(const v1::CompareDeclarationsResponse& comparison, const Context& context) {
  Table table({{context.Say("TARGET", "监管对象")},
               {context.Say("START", "开始")},
               {context.Say("END", "结束")},
               {context.Say("LENGTH", "时长"), Align::kRight},
               {context.Say("EXCLUDED", "不计"), Align::kRight},
               {context.Say("OBSERVED", "实测")},
               {context.Say("DECLARED", "申报")},
               {context.Say("EVIDENCE", "证据")}});
  for (const v1::TargetComparison& target : comparison.targets()) {
    for (const v1::DifferenceSpan& span : target.differences()) {
      table.Add({target.target_id(), FormatTime(span.start_ms()), FormatTime(span.end_ms()),
                 FormatDurationMs(span.end_ms() - span.start_ms()), FormatDurationMs(span.excluded_ms()),
                 StateCell(context, span.observed()), StateCell(context, span.declared()),
                 EvidenceText(context, span)});
    }
  }
  table.Print(context.out, context.UseColour());
}

using Rows = void (*)(const v1::CompareDeclarationsResponse&, const Context&);
struct Section {
  const char* show;
  const char* en;
  const char* zh;
  Rows print;
};
constexpr Section kSections[] = {
    {kShowProviders, "Providers", "云服务商", PrintProviders},
    {kShowTargets, "What each basis comes to (* counts by the contract)", "按各依据核算（* 为合同依据）", PrintTargets},
    {kShowDeclarations, "When declarations came", "申报时间", PrintDeclarations},
    {kShowDifferences, "Where the two differ", "差异区间", PrintDifferences}};

// "STATE_DOWN" → "down".
std::string StateWord(v1::State state) {
  return absl::AsciiStrToLower(v1::State_Name(state).substr(sizeof("STATE_") - 1));
}

void AppendTime(const v1::ComparedTime& time, std::vector<std::string>& row) {
  for (const int64_t ms :
       {time.observed_down_ms(), time.observed_degraded_ms(), time.observed_unknown_ms(), time.declared_down_ms(),
        time.declared_degraded_ms(), time.observed_not_declared_ms(), time.observed_not_declared_excluded_ms(),
        time.declared_not_observed_ms(), time.declared_not_observed_excluded_ms()}) {
    row.push_back(Number(ms));
  }
}
constexpr const char* kTimeColumns[] = {"observed_down_ms",
                                        "observed_degraded_ms",
                                        "observed_unknown_ms",
                                        "declared_down_ms",
                                        "declared_degraded_ms",
                                        "observed_not_declared_ms",
                                        "observed_not_declared_excluded_ms",
                                        "declared_not_observed_ms",
                                        "declared_not_observed_excluded_ms"};
constexpr const char* kBasisNames[] = {"observed", "declared", "either", "both"};

void PrintProvidersCsv(const v1::CompareDeclarationsResponse& comparison, std::ostream& out) {
  std::vector<std::string> titles = {"provider", "name_zh", "name_en", "targets"};
  titles.insert(titles.end(), std::begin(kTimeColumns), std::end(kTimeColumns));
  for (const char* title : {"declarations", "told_median_ms", "told_longest_ms", "told_after_end", "recorded_median_ms",
                            "recorded_longest_ms", "recorded_after_end"}) {
    titles.push_back(title);
  }
  for (const char* basis : kBasisNames) {
    for (const char* title : {"availability_percent", "met", "breached", "undetermined", "not_applicable", "worst"}) {
      titles.push_back(StrCat(basis, "_", title));
    }
  }
  PrintCsvRow(out, titles);
  for (const v1::ProviderComparison& provider : comparison.providers()) {
    std::vector<std::string> row = {provider.provider_id(), provider.name().zh(), provider.name().en(),
                                    Number(provider.targets())};
    AppendTime(provider.time(), row);
    row.push_back(Number(provider.declarations()));
    for (const auto& [there, lateness] :
         {std::pair(provider.has_told(), &provider.told()), std::pair(provider.has_recorded(), &provider.recorded())}) {
      for (const int64_t value : {lateness->median_ms(), lateness->longest_ms(), int64_t{lateness->after_end()}}) {
        row.push_back(there ? Number(value) : "");
      }
    }
    for (const v1::PooledOnBasis& basis : provider.bases()) {
      const v1::Pooled& pooled = basis.pooled();
      for (std::string cell :
           {pooled.availability_percent(), Number(pooled.met()), Number(pooled.breached()),
            Number(pooled.undetermined()), Number(pooled.not_applicable()), pooled.worst_target_id()}) {
        row.push_back(std::move(cell));
      }
    }
    PrintCsvRow(out, row);
  }
}

void PrintTargetsCsv(const v1::CompareDeclarationsResponse& comparison, std::ostream& out) {
  std::vector<std::string> titles = {
      "target",          "name_zh",         "name_en",  "provider",          "period",
      "period_start_ms", "accounted_to_ms", "contract", "contract_position", "contract_basis"};
  titles.insert(titles.end(), std::begin(kTimeColumns), std::end(kTimeColumns));
  for (const char* basis : kBasisNames) {
    for (const char* title : {"good_ms", "bad_ms", "unknown_ms", "excluded_ms", "availability_percent", "verdict"}) {
      titles.push_back(StrCat(basis, "_", title));
    }
  }
  PrintCsvRow(out, titles);
  for (const v1::TargetComparison& target : comparison.targets()) {
    std::vector<std::string> row = {target.target_id(),
                                    target.name().zh(),
                                    target.name().en(),
                                    target.provider_id(),
                                    target.period_label(),
                                    Number(target.period_start_ms()),
                                    Number(target.accounted_to_ms()),
                                    target.contract().contract_id(),
                                    std::to_string(target.contract().position()),
                                    target.contract().basis()};
    AppendTime(target.time(), row);
    for (const v1::AccountOnBasis& basis : target.bases()) {
      const v1::Account& account = basis.account();
      for (std::string cell : {Number(account.good_ms()), Number(account.bad_ms()), Number(account.unknown_ms()),
                               Number(account.excluded_ms()), account.availability_percent(),
                               std::string(VerdictWord(account.verdict()))}) {
        row.push_back(std::move(cell));
      }
    }
    PrintCsvRow(out, row);
  }
}

void PrintDeclarationsCsv(const v1::CompareDeclarationsResponse& comparison, std::ostream& out) {
  PrintCsvRow(out, {"target", "declaration", "position", "impact", "start_ms", "end_ms", "told_ms", "recorded_ms",
                    "author", "title"});
  for (const v1::TargetComparison& target : comparison.targets()) {
    for (const v1::ComparedDeclaration& declaration : target.declarations()) {
      PrintCsvRow(out, {target.target_id(), declaration.id(), std::to_string(declaration.position()),
                        StateWord(declaration.impact()), Number(declaration.start_ms()),
                        declaration.has_end_ms() ? Number(declaration.end_ms()) : "", Number(declaration.told_ms()),
                        Number(declaration.recorded_ms()), declaration.author(), declaration.title()});
    }
  }
}

void PrintDifferencesCsv(const v1::CompareDeclarationsResponse& comparison, std::ostream& out) {
  PrintCsvRow(out, {"target", "kind", "start_ms", "end_ms", "excluded_ms", "observed", "declared", "checks", "facts"});
  for (const v1::TargetComparison& target : comparison.targets()) {
    for (const v1::DifferenceSpan& span : target.differences()) {
      // "web down 1778000000000; db unknown": the time is that of the last result.
      std::string checks, facts;
      for (const v1::CheckEvidence& check : span.checks()) {
        StrAppend(&checks, checks.empty() ? "" : "; ", check.check_id(), " ", StateWord(check.state()));
        if (check.has_result_time_ms()) StrAppend(&checks, " ", check.result_time_ms());
      }
      for (const v1::FactEvidence& fact : span.facts()) {
        StrAppend(&facts, facts.empty() ? "" : "; ", fact.kind(), " ", fact.id(), " #", fact.position(), " ",
                  fact.says());
      }
      PrintCsvRow(out, {target.target_id(),
                        span.kind() == v1::DIFFERENCE_KIND_OBSERVED_NOT_DECLARED ? "observed_not_declared"
                                                                                 : "declared_not_observed",
                        Number(span.start_ms()), Number(span.end_ms()), Number(span.excluded_ms()),
                        StateWord(span.observed()), StateWord(span.declared()), checks, facts});
    }
  }
}

}  // namespace

void PrintComparisonTables(const v1::CompareDeclarationsResponse& comparison, const std::string& show,
                           const Context& context) {
  for (const Section& section : kSections) {
    if (!show.empty() && show != section.show) continue;
    if (show.empty()) context.out << context.Say(section.en, section.zh) << '\n';
    section.print(comparison, context);
    if (show.empty()) context.out << '\n';
  }
  context.out << context.Say("Ledger position ", "台账位置 ") << comparison.ledger_position() << '\n';
}

void PrintComparisonCsv(const v1::CompareDeclarationsResponse& comparison, const std::string& show, std::ostream& out) {
  if (show == kShowProviders) return PrintProvidersCsv(comparison, out);
  if (show == kShowTargets) return PrintTargetsCsv(comparison, out);
  if (show == kShowDeclarations) return PrintDeclarationsCsv(comparison, out);
  PrintDifferencesCsv(comparison, out);
}

}  // namespace nines::cli
