#include "cli/account_case.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <vector>

#include "base/status_macros.h"
#include "cli/case_file.h"
#include "daemon/sla/account.h"

namespace nines::cli {
namespace {

// From the first thing that is known to now, so that spans are judged and listed whole.
Interval ContextOf(const CaseFile& file) {
  int64_t start_ms = file.period.start_ms;
  for (const CaseCheck& check : file.checks) {
    for (const sla::Result& result : check.results) start_ms = std::min(start_ms, result.time_ms);
  }
  for (const sla::DeclaredSpan& declared : file.declarations) {
    start_ms = std::min(start_ms, declared.interval.start_ms);
  }
  return {start_ms, file.now_ms};
}

sla::Timeline CountedTimeline(const CaseFile& file) {
  std::vector<std::vector<sla::ResultRun>> runs;
  runs.reserve(file.checks.size());
  std::vector<sla::CheckInput> inputs;
  for (const CaseCheck& check : file.checks) {
    runs.push_back(sla::RunsOf(check.results, check.rule));
    inputs.push_back({runs.back(), check.rule});
  }
  return sla::TimelinesOf(file.root, inputs, file.declarations, file.contract, ContextOf(file), file.now_ms).counted;
}

boost::json::value Percent(const std::optional<sla::Ratio>& ratio) {
  if (!ratio.has_value()) return nullptr;
  return boost::json::string(sla::PercentText(*ratio));
}

std::string ToJson(const sla::Assessment& assessment) {
  boost::json::array outages;
  for (const sla::Outage& outage : assessment.outages) {
    outages.push_back({{"start_ms", outage.whole.start_ms}, {"end_ms", outage.whole.end_ms}});
  }
  const std::string_view verdict = sla::VerdictName(assessment.verdict);
  return boost::json::serialize(boost::json::object{
      {"up_ms", assessment.account.up_ms},
      {"degraded_ms", assessment.account.degraded_ms},
      {"down_ms", assessment.account.down_ms},
      {"unknown_ms", assessment.account.unknown_ms},
      {"excluded_ms", assessment.account.excluded_ms},
      {"good_ms", assessment.good_ms},
      {"bad_ms", assessment.bad_ms},
      {"coverage_ppm", assessment.coverage_ppm},
      {"availability_percent", Percent(assessment.availability)},
      {"lower_percent", Percent(assessment.lower)},
      {"upper_percent", Percent(assessment.upper)},
      {"verdict", boost::json::string(verdict.data(), verdict.size())},
      {"outages", std::move(outages)},
  });
}

}  // namespace

absl::StatusOr<std::string> AccountCase(std::string_view json) {
  NINES_ASSIGN_OR_RETURN(const CaseFile file, ParseCase(json));
  return ToJson(sla::Assess(CountedTimeline(file), file.period, file.contract, file.now_ms));
}

}  // namespace nines::cli
