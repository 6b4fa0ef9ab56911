#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "daemon/sla/account.h"
#include "daemon/sla/exclusion.h"
#include "daemon/sla/pool.h"
#include "daemon/sla/target.h"

// The cases of other programs in SLA.md's words, with the seconds that those programs expect. How one is put into the
// other, and what is left out: tests/data/sla_cases/README.md.
namespace nines::sla {
namespace {

namespace json = boost::json;

constexpr int64_t kSecondMs = 1000;
constexpr int64_t kLongBefore = -1'000'000'000;  // seconds

json::value ReadCases(const std::string& name) {
  std::ifstream file(std::string(NINES_TEST_DATA) + "/sla_cases/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str());
}

std::string Text(const json::value& value) { return std::string(value.as_string()); }

std::optional<ResultState> StateOf(const std::string& word) {
  if (word == "UP" || word == "OK") return ResultState::kUp;
  if (word == "WARNING") return ResultState::kDegraded;
  if (word == "DOWN" || word == "CRITICAL" || word == "UNREACHABLE") return ResultState::kDown;
  if (word == "UNKNOWN") return ResultState::kStale;
  return std::nullopt;
}

// What a case asks for, whichever program it is from.
struct Question {
  Interval window;
  std::vector<std::string> objects;
  const json::array* events = nullptr;
  bool soft = false;
  bool assume_while_stopped = true;
  bool downtime_is_up = false;
  DownWhen down_when;
  std::optional<ResultState> initial;
  Contract contract;
  std::vector<Ruling> closed;
};

// One object: what was seen of it, and its downtimes.
struct Object {
  std::vector<Result> results;  // in the order of the log
  std::vector<Interval> downtimes;
};

Object ObjectIn(const Question& question, const std::string& name) {
  Object object;
  if (question.initial) object.results.push_back({question.window.start_ms, *question.initial});
  const std::string host = name.substr(0, name.find(';'));
  std::optional<ResultState> last;
  std::vector<int64_t> open;
  for (const json::value& event : *question.events) {
    const json::object& fields = event.as_object();
    const std::string kind = Text(fields.at("kind"));
    const int64_t time_ms = fields.at("t").as_int64() * kSecondMs;
    const std::string about = fields.contains("object") ? Text(fields.at("object")) : "";
    if (kind == "state" && about == name && (question.soft || fields.at("hard").as_bool())) {
      last = StateOf(Text(fields.at("state")));
      object.results.push_back({time_ms, last.value()});
    } else if (kind == "monitor_stop" && !question.assume_while_stopped) {
      object.results.push_back({time_ms, ResultState::kStale});
    } else if (kind == "monitor_start" && !question.assume_while_stopped && last) {
      object.results.push_back({time_ms, *last});
    } else if (kind == "downtime_start" && (about == name || about == host)) {
      open.push_back(time_ms);
    } else if (kind == "downtime_end" && (about == name || about == host) && !open.empty()) {
      object.downtimes.push_back({open.front(), time_ms});
      open.erase(open.begin());
    }
  }
  for (const int64_t start_ms : open) object.downtimes.push_back({start_ms, question.window.end_ms});
  return object;
}

Exclusions Maintenance(const std::vector<Interval>& downtimes) {
  Exclusions exclusions;
  for (const Interval& downtime : downtimes) {
    exclusions.maintenance.push_back(
        {.interval = downtime, .announced_ms = kLongBefore * kSecondMs, .cancelled_ms = std::nullopt, .id = ""});
  }
  return exclusions;
}

// The accounts of a case: all of it within hours, and without its downtimes.
struct Answer {
  Account all;
  Account unscheduled;
  PoolResult pooled;  // of the objects one by one
};

Answer Ask(const Question& question) {
  std::vector<Timeline> timelines;
  std::vector<Interval> downtimes;
  std::vector<PooledMember> members;
  for (const std::string& name : question.objects) {
    const Object object = ObjectIn(question, name);
    const CheckRule rule = {.hold_ms = kUnlimitedHoldMs, .down_after = 1};
    const std::vector<ResultRun> runs = RunsOf(object.results, rule);
    Timeline timeline = CheckTimeline(runs, rule, question.window, question.window.end_ms);
    if (question.downtime_is_up) {
      Exclusions rulings;
      for (const Interval& downtime : object.downtimes) {
        rulings.rulings.push_back({.interval = downtime, .state = State::kUp, .revoked = false, .id = ""});
      }
      timeline = ApplyExclusions(timeline, rulings, Contract());
    }
    downtimes.insert(downtimes.end(), object.downtimes.begin(), object.downtimes.end());
    members.push_back(MemberOf(Assess(timeline, question.window, Contract(), question.window.end_ms)));
    timelines.push_back(std::move(timeline));
  }
  std::vector<const Timeline*> inputs;
  for (const Timeline& timeline : timelines) inputs.push_back(&timeline);
  Exclusions closed;
  closed.rulings = question.closed;
  const Timeline combined =
      ApplyExclusions(Combine(inputs, question.down_when, question.window), closed, question.contract);
  Answer answer;
  answer.all = AccountOf(combined, question.window);
  answer.unscheduled = AccountOf(ApplyExclusions(combined, Maintenance(downtimes), question.contract), question.window);
  answer.pooled = Pool(members);
  return answer;
}

Interval WindowOfCase(const json::object& c) {
  const json::object& window = c.at("window").as_object();
  return {window.at("start_s").as_int64() * kSecondMs, window.at("end_s").as_int64() * kSecondMs};
}

// "times" of a peer: from and to in seconds of the day, again and again.
HoursOfDay HoursIn(const json::array& seconds) {
  HoursOfDay hours;
  for (size_t i = 0; i + 1 < seconds.size(); i += 2) {
    AddHours({static_cast<int>(seconds[i].as_int64() / 60), static_cast<int>(seconds[i + 1].as_int64() / 60)}, hours);
  }
  return hours;
}

absl::CivilDay DayOf(const json::object& exception) {
  return absl::CivilDay(exception.at("syear").as_int64(), exception.at("smon").as_int64() + 1,  // from 0
                        exception.at("smday").as_int64());
}

ServiceHours HoursOfCase(const json::object& c) {
  ServiceHours hours;
  const json::object& period = c.at("timeperiod").as_object();
  for (size_t day = 0; day < 7; ++day) {
    hours.weekly[(day + 6) % 7] = HoursIn(period.at("days").as_array()[day].as_array());  // Sunday first
  }
  if (const json::value* exceptions = period.if_contains("exceptions_calendar_dates")) {
    for (const json::value& each : exceptions->as_array()) {
      hours.open_dates[DayOf(each.as_object())] = HoursIn(each.as_object().at("times").as_array());
    }
  }
  if (const json::value* excluded = c.if_contains("timeperiod_excluded")) {
    for (const json::value& each : excluded->as_object().at("exceptions_calendar_dates").as_array()) {
      const HoursOfDay closed = HoursIn(each.as_object().at("times").as_array());
      HoursOfDay& open = hours.open_dates[DayOf(each.as_object())];
      AddHours({0, closed.at(0).open_minute}, open);
      AddHours({closed.at(0).close_minute, kMinutesPerDay}, open);
    }
  }
  return hours;
}

void CompareSeconds(const json::object& expected, const std::map<std::string, int64_t>& ours_ms) {
  int compared = 0;
  for (const auto& [key, value] : expected) {
    if (key == "subs") continue;
    const auto ours = ours_ms.find(std::string(key));
    if (ours == ours_ms.end()) {
      ADD_FAILURE() << "nothing stands for " << key;
      continue;
    }
    EXPECT_EQ(ours->second, value.as_int64() * kSecondMs) << key;
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

std::vector<std::string> ObjectsOf(const json::value& objects) {
  std::vector<std::string> names;
  if (objects.is_array()) {
    for (const json::value& name : objects.as_array()) names.push_back(Text(name));
  } else {
    for (const auto& [group, members] : objects.as_object()) {
      for (const json::value& name : members.as_array()) names.push_back(Text(name));
    }
  }
  return names;
}

TEST(PeerCases, Op5Reports) {
  const json::value file = ReadCases("op5_report_cases.json");
  int asked = 0;
  for (const json::value& each : file.at("cases").as_array()) {
    const json::object& c = each.as_object();
    const json::object& options = c.at("options").as_object();
    if (options.contains("hidden_states")) continue;  // README.md
    SCOPED_TRACE(Text(c.at("id")));
    Question question;
    question.window = WindowOfCase(c);
    question.objects = ObjectsOf(c.at("objects"));
    question.events = &file.at("logs").at(Text(c.at("log"))).as_array();
    question.soft = options.at("include_soft_states").as_bool();
    question.downtime_is_up = options.at("count_scheduled_downtime_as_uptime").as_bool();
    const json::value& assume = options.at("assume_states_while_monitor_down");
    question.assume_while_stopped = assume.is_null() || (assume.is_string() && Text(assume) == "true");
    const std::string aggregation = Text(options.at("aggregation"));
    if (aggregation == "best_state_cluster") question.down_when.kind = DownWhen::Kind::kAll;
    question.contract.time_zone = "Europe/Berlin";
    question.contract.maintenance.notice_ms = 0;
    if (c.contains("timeperiod")) question.contract.service_hours = HoursOfCase(c);
    const Answer answer = Ask(question);
    const Account& all = answer.all;
    const Account& free = answer.unscheduled;
    const int64_t known_ms = all.up_ms + all.degraded_ms + all.down_ms;
    const int64_t free_ms = free.up_ms + free.degraded_ms + free.down_ms;
    std::map<std::string, int64_t> ours = {{"TIME_UP_SCHEDULED", all.up_ms - free.up_ms},
                                           {"TIME_UP_UNSCHEDULED", free.up_ms},
                                           {"TIME_DOWN_SCHEDULED", all.down_ms - free.down_ms},
                                           {"TIME_DOWN_UNSCHEDULED", free.down_ms},
                                           {"TIME_UNDETERMINED_NOT_RUNNING", all.unknown_ms},
                                           {"TIME_INACTIVE", all.excluded_ms},
                                           {"TOTAL_TIME_UP", all.up_ms},
                                           {"TOTAL_TIME_DOWN", all.down_ms},
                                           {"TOTAL_TIME_SCHEDULED", known_ms - free_ms},
                                           {"TOTAL_TIME_UNSCHEDULED", free_ms},
                                           {"TOTAL_TIME_ACTIVE", all.scheduled_ms()},
                                           {"TOTAL_TIME_KNOWN", known_ms}};
    if (aggregation == "average") {
      const auto members = static_cast<int64_t>(question.objects.size());
      const auto up_ms = static_cast<int64_t>(answer.pooled.good) / members;
      const auto down_ms = static_cast<int64_t>(answer.pooled.all - answer.pooled.good) / members;
      ours["TOTAL_TIME_UP"] = ours["TIME_UP_UNSCHEDULED"] = up_ms;
      ours["TOTAL_TIME_DOWN"] = ours["TIME_DOWN_UNSCHEDULED"] = down_ms;
    }
    CompareSeconds(c.at("expected_seconds").as_object(), ours);
    ++asked;
  }
  EXPECT_EQ(asked, 32) << "one case is left out";
}

// Spans in which the log says that the report's time period is off.
std::vector<Ruling> ClosedIn(const Question& question, const std::string& period) {
  std::vector<Ruling> closed;
  std::optional<int64_t> off_ms;
  const auto close = [&](int64_t end_ms) {
    if (!off_ms) return;
    closed.push_back({.interval = {*off_ms, end_ms}, .state = State::kExcluded, .revoked = false, .id = ""});
    off_ms.reset();
  };
  for (const json::value& event : *question.events) {
    const json::object& fields = event.as_object();
    if (Text(fields.at("kind")) != "timeperiod" || Text(fields.at("name")) != period) continue;
    const int64_t time_ms = fields.at("t").as_int64() * kSecondMs;
    if (fields.at("to").as_int64() == 0) {
      if (!off_ms) off_ms = time_ms;
    } else {
      close(time_ms);
    }
  }
  close(question.window.end_ms);
  return closed;
}

TEST(PeerCases, MonitoringAvailability) {
  const json::value file = ReadCases("nagios_availability_cases.json");
  int asked = 0;
  for (const json::value& each : file.at("cases").as_array()) {
    const json::object& c = each.as_object();
    const json::object& options = c.at("options").as_object();
    SCOPED_TRACE(Text(c.at("id")));
    for (const json::value& object : c.at("objects").as_array()) {
      const std::string name = Text(object);
      Question question;
      question.window = WindowOfCase(c);
      question.objects = {name};
      question.events = &c.at("events").as_array();
      question.assume_while_stopped = Text(options.at("assumestatesduringnotrunning")) == "yes";
      const bool is_service = name.find(';') != std::string::npos;
      const std::string initial =
          Text(options.at(is_service ? "initialassumedservicestate" : "initialassumedhoststate"));
      if (initial == "ok" || initial == "up") question.initial = ResultState::kUp;
      question.contract.maintenance.notice_ms = 0;
      if (const json::value* period = options.if_contains("rpttimeperiod"); period != nullptr) {
        if (!Text(*period).empty()) question.closed = ClosedIn(question, Text(*period));
      }
      const Answer answer = Ask(question);
      const Account& all = answer.all;
      const Account& free = answer.unscheduled;
      // The peer tells apart why nothing is known, and which kind of down it was.
      std::map<std::string, int64_t> theirs;
      for (const auto& [key, seconds] : c.at("expected_seconds").at(name).as_object()) {
        static const std::map<std::string, std::string>* const classes =
            new std::map<std::string, std::string>{{"time_up", "up"},
                                                   {"time_ok", "up"},
                                                   {"time_warning", "degraded"},
                                                   {"time_down", "down"},
                                                   {"time_unreachable", "down"},
                                                   {"time_critical", "down"},
                                                   {"time_unknown", "unknown"},
                                                   {"time_indeterminate_nodata", "unknown"},
                                                   {"time_indeterminate_notrunning", "unknown"},
                                                   {"time_indeterminate_outside_timeperiod", "excluded"},
                                                   {"scheduled_time_up", "scheduled up"},
                                                   {"scheduled_time_ok", "scheduled up"},
                                                   {"scheduled_time_warning", "scheduled degraded"},
                                                   {"scheduled_time_down", "scheduled down"},
                                                   {"scheduled_time_unreachable", "scheduled down"},
                                                   {"scheduled_time_critical", "scheduled down"},
                                                   {"scheduled_time_unknown", "scheduled unknown"},
                                                   {"scheduled_time_indeterminate", "scheduled unknown"}};
        const auto found = classes->find(std::string(key));
        ASSERT_NE(found, classes->end()) << key;
        theirs[found->second] += seconds.as_int64() * kSecondMs;
      }
      const std::map<std::string, int64_t> ours = {{"up", all.up_ms},
                                                   {"degraded", all.degraded_ms},
                                                   {"down", all.down_ms},
                                                   {"unknown", all.unknown_ms},
                                                   {"excluded", all.excluded_ms},
                                                   {"scheduled up", all.up_ms - free.up_ms},
                                                   {"scheduled degraded", all.degraded_ms - free.degraded_ms},
                                                   {"scheduled down", all.down_ms - free.down_ms},
                                                   {"scheduled unknown", all.unknown_ms - free.unknown_ms}};
      for (const auto& [key, ms] : theirs) EXPECT_EQ(ours.at(key), ms) << key;
      ++asked;
    }
  }
  EXPECT_EQ(asked, 12);
}

}  // namespace
}  // namespace nines::sla
