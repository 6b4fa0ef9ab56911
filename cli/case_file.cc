#include "cli/case_file.h"

#include <algorithm>
#include <optional>

#include "base/status_macros.h"
#include "base/text.h"
#include "cli/strict_json.h"

namespace nines::cli {
namespace {

using Object = StrictJson::Object;
using boost::json::value;

constexpr int64_t kMillion = 1'000'000;

std::optional<sla::State> ParseImpact(std::string_view word) {
  if (word == "degraded") return sla::State::kDegraded;
  if (word == "down") return sla::State::kDown;
  return std::nullopt;
}

std::optional<sla::State> ParseRuled(std::string_view word) {
  if (word == "excluded") return sla::State::kExcluded;
  if (word == "up") return sla::State::kUp;
  if (word == "down") return sla::State::kDown;
  return std::nullopt;
}

// Recorded again under the same id a fact replaces the earlier one, and takes its place in the order of recording anew.
template <typename Fact>
void Record(Fact fact, std::vector<Fact>& facts) {
  if (!fact.id.empty()) std::erase_if(facts, [&](const Fact& earlier) { return earlier.id == fact.id; });
  facts.push_back(std::move(fact));
}

class CaseReader {
 public:
  absl::StatusOr<CaseFile> Read(const value& json) {
    const Object root =
        in_.ReadObject(json, "", {"period", "contract", "target", "checks", "declarations", "maintenance", "rulings"});
    ReadPeriod(root);
    ReadContract(root);
    in_.ForEach(root, "checks", [&](const value& check, const std::string& path) { ReadCheck(check, path); });
    ReadTarget(root);
    in_.ForEach(root, "declarations", [&](const value& each, const std::string& path) { ReadDeclaration(each, path); });
    in_.ForEach(root, "maintenance", [&](const value& each, const std::string& path) { ReadMaintenance(each, path); });
    in_.ForEach(root, "rulings", [&](const value& each, const std::string& path) { ReadRuling(each, path); });
    NINES_RETURN_IF_ERROR(in_.status());
    NINES_RETURN_IF_ERROR(Annotate(sla::Validate(case_.contract), "contract"));
    return std::move(case_);
  }

 private:
  int64_t Time(const Object& from, std::string_view key) { return in_.RequiredInt(from, key, kTimeMinMs, kTimeMaxMs); }
  std::optional<int64_t> TimeOrNull(const Object& from, std::string_view key) {
    return in_.IntOrNull(from, key, kTimeMinMs, kTimeMaxMs);
  }

  // start_ms to end_ms; the id is in the message, for people who know their facts by it.
  Interval ReadSpan(const Object& from, std::string_view id, int64_t end_ms) {
    const Interval span = {Time(from, "start_ms"), end_ms};
    if (span.empty()) {
      in_.Fail(from.path, StrCat(id.empty() ? "" : "'", id, id.empty() ? "" : "' ", "end_ms ", span.end_ms,
                                 " is not after start_ms ", span.start_ms));
    }
    return span;
  }

  void ReadPeriod(const Object& root) {
    if (root.Find("period") == nullptr) in_.Fail("period", "missing");
    const Object period = in_.ReadObject(root, "period", {"start_ms", "end_ms", "now_ms"});
    case_.period = ReadSpan(period, "", Time(period, "end_ms"));
    case_.now_ms = TimeOrNull(period, "now_ms").value_or(case_.period.end_ms);
  }

  void ReadContract(const Object& root) {
    const Object from = in_.ReadObject(root, "contract",
                                       {"objective_ppm", "time_zone", "basis", "degraded_counts_as", "no_data",
                                        "min_coverage_ppm", "min_outage_ms", "service_hours", "maintenance"});
    sla::Contract& terms = case_.contract;
    terms.objective_ppm = in_.Int(from, "objective_ppm", terms.objective_ppm, 0, kMillion);
    terms.time_zone = in_.String(from, "time_zone", terms.time_zone);
    terms.basis = in_.Word(from, "basis", sla::ParseBasis, terms.basis, "observed, declared, either, both");
    terms.degraded_counts_as =
        in_.Word(from, "degraded_counts_as", sla::ParseDegradedCountsAs, terms.degraded_counts_as, "up, down");
    terms.no_data = in_.Word(from, "no_data", sla::ParseNoData, terms.no_data, "exclude, down, up");
    terms.min_coverage_ppm = in_.Int(from, "min_coverage_ppm", terms.min_coverage_ppm, 0, kMillion);
    terms.min_outage_ms = in_.Int(from, "min_outage_ms", terms.min_outage_ms, 0, kTimeMaxMs);
    if (!from.Null("service_hours")) ReadServiceHours(from);
    if (!from.Null("maintenance")) ReadMaintenanceTerms(from);
  }

  void ReadMaintenanceTerms(const Object& contract) {
    const Object from = in_.ReadObject(contract, "maintenance", {"excluded", "notice_ms", "cap_ms_per_month"});
    sla::MaintenanceTerms& terms = case_.contract.maintenance;
    terms.excluded = in_.Bool(from, "excluded", terms.excluded);
    terms.notice_ms = in_.Int(from, "notice_ms", terms.notice_ms, 0, kTimeMaxMs);
    terms.cap_ms_per_month = in_.IntOrNull(from, "cap_ms_per_month", 0, kTimeMaxMs);
  }

  void ReadServiceHours(const Object& contract) {
    const Object from = in_.ReadObject(contract, "service_hours", {"weekly", "closed_dates", "open_dates"});
    sla::ServiceHours hours;
    if (from.Null("weekly")) {
      hours = sla::ServiceHours::AlwaysOpen();
    } else {
      in_.ForEach(from, "weekly", [&](const value& each, const std::string& path) { ReadWeekly(each, path, hours); });
    }
    in_.ForEach(from, "closed_dates",
                [&](const value& each, const std::string& path) { hours.closed_dates.insert(ReadDate(each, path)); });
    in_.ForEach(from, "open_dates", [&](const value& each, const std::string& path) {
      const Object open = in_.ReadObject(each, path, {"date", "open", "close"});
      const value* date = open.Find("date");
      if (date == nullptr) return in_.Fail(open.PathOf("date"), "missing");
      sla::AddHours(ReadDayHours(open), hours.open_dates[ReadDate(*date, open.PathOf("date"))]);
    });
    case_.contract.service_hours = std::move(hours);
  }

  void ReadWeekly(const value& json, const std::string& path, sla::ServiceHours& hours) {
    const Object from = in_.ReadObject(json, path, {"days", "open", "close"});
    const sla::DayHours day_hours = ReadDayHours(from);
    bool any = false;
    in_.ForEach(from, "days", [&](const value& day, const std::string& day_path) {
      any = true;
      const int weekday = in_.Word(day, day_path, sla::ParseWeekday, sla::kMonday, "mon, tue, wed, thu, fri, sat, sun");
      sla::AddHours(day_hours, hours.weekly[weekday]);
    });
    if (!any) in_.Fail(from.PathOf("days"), "must name at least one of mon, tue, wed, thu, fri, sat, sun");
  }

  absl::CivilDay ReadDate(const value& date, const std::string& path) {
    return in_.Word(date, path, sla::ParseDate, absl::CivilDay(), "days that exist, such as 2025-01-26");
  }

  sla::DayHours ReadDayHours(const Object& from) {
    constexpr std::string_view kTimes = "00:00 to 24:00";
    sla::DayHours hours;
    hours.open_minute = in_.Word(from, "open", sla::ParseMinuteOfDay, hours.open_minute, kTimes);
    hours.close_minute = in_.Word(from, "close", sla::ParseMinuteOfDay, hours.close_minute, kTimes);
    if (hours.close_minute <= hours.open_minute) in_.Fail(from.path, "close is not after open");
    return hours;
  }

  void ReadCheck(const value& json, const std::string& path) {
    const Object from = in_.ReadObject(json, path, {"id", "hold_ms", "down_after", "results"});
    CaseCheck check;
    check.id = in_.String(from, "id", "");
    if (check.id.empty()) in_.Fail(from.PathOf("id"), "missing");
    if (FindCheck(check.id) < case_.checks.size()) {
      in_.Fail(from.PathOf("id"), StrCat("a check '", check.id, "' came before; an id names one check"));
    }
    if (from.Find("hold_ms") != nullptr) {
      check.rule.hold_ms = in_.IntOrNull(from, "hold_ms", 0, kTimeMaxMs).value_or(sla::kUnlimitedHoldMs);
    }
    check.rule.down_after = static_cast<int>(in_.Int(from, "down_after", 1, 1, 1'000'000'000));
    in_.ForEach(from, "results", [&](const value& each, const std::string& result_path) {
      if (!each.is_array() || each.get_array().size() != 2) {
        return in_.Fail(result_path, "must be [time_ms, state]");
      }
      const boost::json::array& pair = each.get_array();
      check.results.push_back({in_.Int(pair[0], StrCat(result_path, "[0]"), kTimeMinMs, kTimeMaxMs),
                               in_.Word(pair[1], StrCat(result_path, "[1]"), sla::ParseResultState,
                                        sla::ResultState::kUp, "up, degraded, down, stale")});
    });
    case_.checks.push_back(std::move(check));
  }

  // As many as there are checks if there is no such.
  size_t FindCheck(std::string_view id) const {
    const auto found =
        std::find_if(case_.checks.begin(), case_.checks.end(), [&](const CaseCheck& check) { return check.id == id; });
    return found - case_.checks.begin();
  }

  void ReadTarget(const Object& root) {
    const Object target =
        in_.ReadObject(root, "target", {"in_service_from_ms", "in_service_to_ms", "down_when", "inputs"});
    Interval& served = case_.exclusions.in_service;
    served.start_ms = TimeOrNull(target, "in_service_from_ms").value_or(served.start_ms);
    served.end_ms = TimeOrNull(target, "in_service_to_ms").value_or(served.end_ms);
    if (served.empty()) {
      in_.Fail(target.path,
               StrCat("in_service_to_ms ", served.end_ms, " is not after in_service_from_ms ", served.start_ms));
    }
    case_.root = ReadGroup(target);
    if (case_.root.inputs.empty()) {
      for (size_t i = 0; i < case_.checks.size(); ++i) case_.root.inputs.push_back(sla::InputNode::Check(i));
    }
    CheckNumber(target, case_.root);
  }

  sla::InputNode ReadGroup(const Object& from) {
    sla::InputNode group;
    if (const value* down_when = from.Find("down_when")) {
      const std::string path = from.PathOf("down_when");
      const std::string text =
          down_when->is_number() ? StrCat(in_.Int(*down_when, path, 1, 1'000'000'000)) : in_.String(*down_when, path);
      const absl::StatusOr<sla::DownWhen> parsed = sla::ParseDownWhen(text);
      if (!parsed.ok()) in_.Fail(path, FromAbsl(parsed.status().message()));
      group.down_when = parsed.value_or(sla::DownWhen{});
    }
    in_.ForEach(from, "inputs", [&](const value& input, const std::string& path) {
      if (input.is_object()) {
        const Object nested = in_.ReadObject(input, path, {"down_when", "inputs"});
        group.inputs.push_back(ReadGroup(nested));
        if (group.inputs.back().inputs.empty()) in_.Fail(nested.PathOf("inputs"), "must name at least one input");
        CheckNumber(nested, group.inputs.back());
      } else if (input.is_string()) {
        group.inputs.push_back(sla::InputNode::Check(FindCheck(in_.String(input, path))));
      } else {
        in_.Fail(path, "must be a check's id or an object with down_when and inputs");
      }
    });
    return group;
  }

  void CheckNumber(const Object& from, const sla::InputNode& group) {
    const int inputs = static_cast<int>(group.inputs.size());
    if (group.down_when.kind != sla::DownWhen::Kind::kNumber || group.down_when.number <= std::max(inputs, 1)) return;
    in_.Fail(from.PathOf("down_when"), StrCat(group.down_when.number, " of ", inputs, " inputs can never be down"));
  }

  void ReadDeclaration(const value& json, const std::string& path) {
    const Object from = in_.ReadObject(json, path, {"id", "start_ms", "end_ms", "impact"});
    sla::DeclaredSpan declared;
    declared.id = in_.String(from, "id", "");
    declared.interval = ReadSpan(from, declared.id, TimeOrNull(from, "end_ms").value_or(kTimeMaxMs));
    if (from.Find("impact") == nullptr) in_.Fail(from.PathOf("impact"), "missing");
    declared.impact = in_.Word(from, "impact", ParseImpact, sla::State::kDown, "degraded, down");
    Record(std::move(declared), case_.declarations);
  }

  void ReadMaintenance(const value& json, const std::string& path) {
    const Object from = in_.ReadObject(json, path, {"id", "start_ms", "end_ms", "announced_ms", "cancelled_ms"});
    sla::MaintenanceWindow window;
    window.id = in_.String(from, "id", "");
    window.interval = ReadSpan(from, window.id, Time(from, "end_ms"));
    window.announced_ms = Time(from, "announced_ms");
    window.cancelled_ms = TimeOrNull(from, "cancelled_ms");
    Record(std::move(window), case_.exclusions.maintenance);
  }

  void ReadRuling(const value& json, const std::string& path) {
    const Object from = in_.ReadObject(json, path, {"id", "start_ms", "end_ms", "state", "revoked"});
    sla::Ruling ruling;
    ruling.id = in_.String(from, "id", "");
    ruling.interval = ReadSpan(from, ruling.id, Time(from, "end_ms"));
    if (from.Find("state") == nullptr) in_.Fail(from.PathOf("state"), "missing");
    ruling.state = in_.Word(from, "state", ParseRuled, sla::State::kExcluded, "up, down, excluded");
    ruling.revoked = in_.Bool(from, "revoked", false);
    Record(std::move(ruling), case_.exclusions.rulings);
  }

  StrictJson in_;
  CaseFile case_;
};

}  // namespace

absl::StatusOr<CaseFile> ParseCase(std::string_view json) {
  NINES_ASSIGN_OR_RETURN(const value parsed, ParseJson(json));
  return CaseReader().Read(parsed);
}

}  // namespace nines::cli
