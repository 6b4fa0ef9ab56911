#include "daemon/seal/report_text.h"

#include "base/text.h"
#include "daemon/seal/canonical_text.h"

namespace nines::seal {
namespace {

constexpr auto kTargetFields = [](auto& archive, auto& target) {
  archive.Blank();
  archive.Text("target", target.id);
  archive.Text("name_zh", target.name_zh);
  archive.Text("name_en", target.name_en);
  archive.Text("provider", target.provider);
  archive.Text("region", target.region);
  archive.Text("agency", target.agency);
  archive.Text("system", target.system);
  archive.Int("weight", target.weight);
  archive.Int("period_start_ms", target.period_start_ms);
  archive.Int("period_end_ms", target.period_end_ms);
  archive.Text("contract", target.contract);
  archive.Int("contract_position", target.contract_position);
  archive.Int("objective_ppm", target.objective_ppm);
  archive.Text("time_zone", target.time_zone);
  archive.Text("basis", target.basis);
  archive.Text("degraded_counts_as", target.degraded_counts_as);
  archive.Text("no_data", target.no_data);
  archive.Int("min_coverage_ppm", target.min_coverage_ppm);
  archive.Int("min_outage_ms", target.min_outage_ms);
  archive.Int("up_ms", target.up_ms);
  archive.Int("degraded_ms", target.degraded_ms);
  archive.Int("down_ms", target.down_ms);
  archive.Int("unknown_ms", target.unknown_ms);
  archive.Int("excluded_ms", target.excluded_ms);
  archive.Int("good_ms", target.good_ms);
  archive.Int("bad_ms", target.bad_ms);
  archive.Int("coverage_ppm", target.coverage_ppm);
  archive.Text("availability_percent", target.availability_percent);
  archive.Text("lower_percent", target.lower_percent);
  archive.Text("upper_percent", target.upper_percent);
  archive.Text("verdict", target.verdict);
  archive.Int("budget_ms", target.budget_ms);
  archive.Int("spent_ms", target.spent_ms);
  archive.Int("left_ms", target.left_ms);
  archive.Int("longest_outage_ms", target.longest_outage_ms);
  archive.Int("mttr_ms", target.mttr_ms);
  archive.Int("mtbf_ms", target.mtbf_ms);
  archive.Int("observed_not_declared_ms", target.observed_not_declared_ms);
  archive.Int("declared_not_observed_ms", target.declared_not_observed_ms);
  archive.List("outage", target.outages);
  archive.List("credit", target.credits);
};

constexpr auto kReportFields = [](auto& archive, auto& report) {
  archive.Head("nines-report", 1);
  archive.Text("period", report.period);
  ScopeText(archive, report.scope);
  archive.Int("ledger_position", report.ledger_position);
  archive.Int("now_ms", report.now_ms);
  archive.Text("availability_percent", report.availability_percent);
  archive.Text("weighted_good_ms", report.weighted_good_ms);
  archive.Text("weighted_counted_ms", report.weighted_counted_ms);
  archive.Text("worst", report.worst);
  archive.Int("met", report.met);
  archive.Int("breached", report.breached);
  archive.Int("undetermined", report.undetermined);
  archive.Int("not_applicable", report.not_applicable);
  archive.Count("targets", report.targets);
  for (auto& target : report.targets) kTargetFields(archive, target);
};

std::string Word(const std::optional<int64_t>& value) { return value.has_value() ? StrCat(*value) : "-"; }

bool ReadWord(std::string_view word, std::optional<int64_t>& value) {
  if (word == "-") return true;
  return ReadInt(word, value.emplace());
}

}  // namespace

std::string SealedOutage::Words() const {
  return StrCat(start_ms, " ", end_ms, " ", inside_ms, open ? " open" : " over");
}

bool SealedOutage::FromWords(std::string_view words) {
  const std::vector<std::string_view> parts = SplitWords(words, 4);
  if (parts.empty()) return false;
  open = parts[3] == "open";
  return ReadInt(parts[0], start_ms) && ReadInt(parts[1], end_ms) && ReadInt(parts[2], inside_ms);
}

std::string SealedCredit::Words() const {
  return StrCat(month, " ", verdict, " ", Word(credit_ppm), " ", Word(fee_fen), " ", Word(credit_fen));
}

bool SealedCredit::FromWords(std::string_view words) {
  const std::vector<std::string_view> parts = SplitWords(words, 5);
  if (parts.empty()) return false;
  month = parts[0];
  verdict = parts[1];
  return ReadWord(parts[2], credit_ppm) && ReadWord(parts[3], fee_fen) && ReadWord(parts[4], credit_fen);
}

std::string WriteReport(const SealedReport& report) { return WriteText(report, kReportFields); }
absl::StatusOr<SealedReport> ReadReport(std::string_view text) { return ReadText<SealedReport>(text, kReportFields); }

}  // namespace nines::seal
