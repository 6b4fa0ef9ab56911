#include "cli/case_file.h"

#include <algorithm>
#include <optional>

#include "absl/time/civil_time.h"
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

std::optional<int> ParseWeekday(std::string_view word) {
  constexpr std::string_view kDays[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  const auto* day = std::find(std::begin(kDays), std::end(kDays), word);
  return day == std::end(kDays) ? std::nullopt : std::optional<int>(day - kDays);
}

// "08:00" → 480; "24:00" is the day's end.
std::optional<int> ParseMinute(std::string_view text) {
  const auto digit = [&](size_t at) { return text[at] >= '0' && text[at] <= '9'; };
  if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour * 60 + minute > 24 * 60) return std::nullopt;
  return hour * 60 + minute;
}

std::optional<absl::CivilDay> ParseDate(std::string_view text) {
  absl::CivilDay day;
  if (text.size() != 10 || !absl::ParseCivilTime(ToAbsl(text), &day)) return std::nullopt;
  return day;
}

// Reads a case, and remembers the keys that ask for exclusions.
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
    if (!excluding_key_.empty()) {
      return absl::UnimplementedError(
          StrCat(excluding_key_,
                 ": exclusions (SLA.md section 6) are not accounted yet; leave it out for the account without"));
    }
    return std::move(case_);
  }

 private:
  void NeedsExclusions(std::string_view key) {
    if (excluding_key_.empty()) excluding_key_ = key;
  }

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
    if (!from.Null("maintenance")) {
      const Object rule = in_.ReadObject(from, "maintenance", {"excluded", "notice_ms", "cap_ms_per_month"});
      in_.Bool(rule, "excluded", true);
      in_.Int(rule, "notice_ms", 0, 0, kTimeMaxMs);
      in_.IntOrNull(rule, "cap_ms_per_month", 0, kTimeMaxMs);
    }
  }

  void ReadServiceHours(const Object& contract) {
    NeedsExclusions(contract.PathOf("service_hours"));
    const Object hours = in_.ReadObject(contract, "service_hours", {"weekly", "closed_dates", "open_dates"});
    in_.ForEach(hours, "weekly", [&](const value& each, const std::string& path) {
      const Object week = in_.ReadObject(each, path, {"days", "open", "close"});
      in_.ForEach(week, "days", [&](const value& day, const std::string& day_path) {
        in_.Word(day, day_path, ParseWeekday, 0, "mon, tue, wed, thu, fri, sat, sun");
      });
      ReadOpenHours(week);
    });
    in_.ForEach(hours, "closed_dates", [&](const value& each, const std::string& path) { ReadDate(each, path); });
    in_.ForEach(hours, "open_dates", [&](const value& each, const std::string& path) {
      const Object open = in_.ReadObject(each, path, {"date", "open", "close"});
      if (const value* date = open.Find("date")) {
        ReadDate(*date, open.PathOf("date"));
      } else {
        in_.Fail(open.PathOf("date"), "missing");
      }
      ReadOpenHours(open);
    });
  }

  void ReadDate(const value& date, const std::string& path) {
    in_.Word(date, path, ParseDate, absl::CivilDay(), "dates such as 2025-01-26");
  }

  void ReadOpenHours(const Object& from) {
    const int open = in_.Word(from, "open", ParseMinute, 0, "00:00 to 24:00");
    const int close = in_.Word(from, "close", ParseMinute, 24 * 60, "00:00 to 24:00");
    if (close <= open) in_.Fail(from.path, "close is not after open");
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
    for (std::string_view key : {"in_service_from_ms", "in_service_to_ms"}) {
      if (TimeOrNull(target, key).has_value()) NeedsExclusions(target.PathOf(key));
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
    // Recorded again under the same id it replaces the earlier one.
    if (!declared.id.empty()) {
      std::erase_if(case_.declarations, [&](const sla::DeclaredSpan& earlier) { return earlier.id == declared.id; });
    }
    case_.declarations.push_back(std::move(declared));
  }

  void ReadMaintenance(const value& json, const std::string& path) {
    const Object from = in_.ReadObject(json, path, {"id", "start_ms", "end_ms", "announced_ms", "cancelled_ms"});
    ReadSpan(from, in_.String(from, "id", ""), Time(from, "end_ms"));
    Time(from, "announced_ms");
    TimeOrNull(from, "cancelled_ms");
    NeedsExclusions("maintenance");
  }

  void ReadRuling(const value& json, const std::string& path) {
    const Object from = in_.ReadObject(json, path, {"id", "start_ms", "end_ms", "state", "revoked"});
    ReadSpan(from, in_.String(from, "id", ""), Time(from, "end_ms"));
    if (from.Find("state") == nullptr) in_.Fail(from.PathOf("state"), "missing");
    in_.Word(from, "state", ParseRuled, sla::State::kExcluded, "up, down, excluded");
    in_.Bool(from, "revoked", false);
    NeedsExclusions("rulings");
  }

  StrictJson in_;
  CaseFile case_;
  std::string excluding_key_;
};

}  // namespace

absl::StatusOr<CaseFile> ParseCase(std::string_view json) {
  NINES_ASSIGN_OR_RETURN(const value parsed, ParseJson(json));
  return CaseReader().Read(parsed);
}

}  // namespace nines::cli
