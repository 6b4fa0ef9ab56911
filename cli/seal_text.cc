#include "cli/seal_text.h"

#include "base/duration_text.h"
#include "base/text.h"
#include "cli/text_width.h"

namespace nines::cli {
namespace {

Cell PercentCell(const Context& context, bool there, const v1::Account& account) {
  if (!there) return {context.Say("not in it", "不在其中"), Tint::kFaint};
  return PercentOrDash(account.has_availability_percent(), account.availability_percent());
}

Cell VerdictOrDash(const Context& context, bool there, const v1::Account& account) {
  return there ? VerdictCell(context, account.verdict()) : Cell("–");
}

}  // namespace

void SubjectFlags::AddTo(CLI::App& command) {
  CLI::Option* periods[] = {command.add_option("--month,-m", month, "Calendar month in each contract's zone: 2026-05"),
                            command.add_option("--quarter", quarter, "2026-Q2"),
                            command.add_option("--year", year, "2026"),
                            command.add_option("--fee-year", fee_year, "2026 = 2025-10-01 to 2026-09-30")};
  for (CLI::Option* a : periods) {
    for (CLI::Option* b : periods) {
      if (a != b) a->excludes(b);
    }
  }
  CLI::Option* of_provider = command.add_option("--provider,-p", provider, "The report of this provider's targets");
  CLI::Option* of_agency = command.add_option("--agency,-a", agency, "The report of this agency's targets");
  of_provider->excludes(of_agency);
}

void SubjectFlags::Require(const std::string& command) const {
  if (HasPeriod()) return;
  throw CLI::ValidationError(command, "needs a period: --month 2026-05, --quarter, --year, or --fee-year");
}

v1::SealSubject SubjectFlags::ToProto() const {
  v1::SealSubject subject;
  if (!month.empty()) subject.set_month(month);
  if (!quarter.empty()) subject.set_quarter(quarter);
  if (!year.empty()) subject.set_year(year);
  if (!fee_year.empty()) subject.set_fee_year(fee_year);
  subject.set_provider_id(provider);
  subject.set_agency_id(agency);
  return subject;
}

std::string SealName(const Context& context, const v1::Seal& seal) {
  return StrCat(seal.period_label(), context.Say(" of ", "，"), seal.scope(), context.Say(", version ", "，第 "),
                seal.version(), context.Say("", " 版"));
}

void PrintChanges(const v1::SealChanges& changes, const Context& context) {
  Table table({{context.Say("TARGET", "监管对象")},
               {context.Say("BEFORE", "原可用率"), Align::kRight},
               {context.Say("NOW", "现可用率"), Align::kRight},
               {context.Say("DOWN BEFORE", "原中断时长"), Align::kRight},
               {context.Say("DOWN NOW", "现中断时长"), Align::kRight},
               {context.Say("VERDICT BEFORE", "原结论")},
               {context.Say("VERDICT NOW", "现结论")}});
  for (const v1::SealedTargetChange& change : changes.targets()) {
    const bool before = change.has_before();
    const bool now = change.has_after();
    table.Add({change.target_id(), PercentCell(context, before, change.before()),
               PercentCell(context, now, change.after()), before ? FormatDurationMs(change.before().bad_ms()) : "–",
               now ? FormatDurationMs(change.after().bad_ms()) : "–", VerdictOrDash(context, before, change.before()),
               VerdictOrDash(context, now, change.after())});
  }
  table.Print(context.out, context.UseColour());
  if (!changes.reason().empty())
    context.out << context.Say("Reason: ", "原因：") << Printable(changes.reason()) << '\n';
  for (const v1::SealedTargetChange& change : changes.targets()) {
    for (const v1::SealCause& cause : change.causes()) {
      context.out << "  " << change.target_id() << context.Say(": fact ", "：事实 ") << cause.position()
                  << context.Say(", ", "，") << Printable(cause.what()) << '\n';
    }
    if (change.results_changed()) {
      context.out << "  " << change.target_id()
                  << context.Say(": results that came since changed what was observed\n",
                                 "：后到的探测结果改变了观测\n");
    }
  }
}

}  // namespace nines::cli
