#include "cli/account_case.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <vector>

#include "base/status_macros.h"
#include "base/text.h"
#include "cli/case_file.h"
#include "daemon/sla/account.h"
#include "daemon/sla/exclusion.h"

namespace nines::cli {
namespace {

// Service hours and a cap are laid out day by day.
constexpr int64_t kCalendarMsMax = int64_t{400} * 366 * 24 * 3'600'000;

// From the first thing that is known to now, so that spans are judged and listed whole.
Interval ContextOf(const CaseFile& file) {
  int64_t start_ms = file.period.start_ms;
  for (const CaseCheck& check : file.checks) {
    for (const sla::Result& result : check.results) start_ms = std::min(start_ms, result.time_ms);
  }
  for (const sla::DeclaredSpan& declared : file.declarations) {
    start_ms = std::min(start_ms, declared.interval.start_ms);
  }
  for (const sla::Ruling& ruling : file.exclusions.rulings) {
    if (!ruling.revoked) start_ms = std::min(start_ms, ruling.interval.start_ms);
  }
  return {start_ms, file.now_ms};
}

absl::Status CheckCalendar(const CaseFile& file, Interval context) {
  const bool by_calendar =
      file.contract.service_hours.has_value() || file.contract.maintenance.cap_ms_per_month.has_value();
  if (!by_calendar || context.length_ms() <= kCalendarMsMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat("period: from the first fact or result (", context.start_ms, ") to now (", context.end_ms,
             ") are more than 400 years, too many for service hours or a monthly cap; correct the times"));
}

sla::Timeline CountedTimeline(const CaseFile& file, Interval context) {
  std::vector<std::vector<sla::ResultRun>> runs;
  runs.reserve(file.checks.size());
  std::vector<sla::CheckInput> inputs;
  for (const CaseCheck& check : file.checks) {
    runs.push_back(sla::RunsOf(check.results, check.rule));
    inputs.push_back({runs.back(), check.rule});
  }
  const sla::TargetTimelines timelines =
      sla::TimelinesOf(file.root, inputs, file.declarations, file.contract, context, file.now_ms);
  return sla::ApplyExclusions(timelines.counted, file.exclusions, file.contract);
}

boost::json::value Percent(const std::optional<sla::Ratio>& ratio) {
  if (!ratio.has_value()) return nullptr;
  return boost::json::string(sla::PercentText(*ratio));
}

std::string AccountJson(const sla::Assessment& assessment) {
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
  const Interval context = ContextOf(file);
  NINES_RETURN_IF_ERROR(CheckCalendar(file, context));
  return AccountJson(sla::Assess(CountedTimeline(file, context), file.period, file.contract, file.now_ms));
}

}  // namespace nines::cli
