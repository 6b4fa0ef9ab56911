#include <gtest/gtest.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "base/text.h"
#include "daemon/sla/period.h"
#include "tests/unit/daemon/sla/peer_cases.h"

// The cases of other programs with the seconds that those programs expect. NINES_SLA_CASES names a folder with other
// cases of the same kinds.
namespace nines::sla::peers {
namespace {

// Why SLA.md cannot be asked for something, in one line.
struct CannotAsk {
  std::string why;
};

// The figures that a case expects of a question.
struct Expected {
  std::string about;
  Question question;
  Figures theirs;
};

// Both readings of what ends a downtime are tried where they can differ: the peer's own logs disagree.
void Compare(const Expected& expected) {
  ASSERT_FALSE(expected.theirs.empty()) << expected.about << " expects nothing";
  std::string differences = Differences(expected.theirs, FiguresOf(Ask(expected.question)));
  if (!differences.empty() && HasNestedDowntimes(expected.question)) {
    Question other = expected.question;
    other.downtime_end = DowntimeEnd::kTheFirst;
    const std::string in_other = Differences(expected.theirs, FiguresOf(Ask(other)));
    differences = in_other.empty() ? "" : StrCat(differences, "and if the first end ends a downtime: ", in_other);
  }
  EXPECT_EQ(differences, "") << expected.about;
}

// Each case is asked, or left out with a reason that the README gives, too.
void RunCases(const std::string& file, std::vector<Expected> (*read)(const json::value& file, const json::object&)) {
  const json::value cases = ReadCases(file);
  std::ifstream readme(NINES_TEST_DATA "/sla_cases/README.md");
  std::stringstream known;
  known << readme.rdbuf();
  size_t asked = 0;
  size_t left_out = 0;
  for (const json::value& each : cases.at("cases").as_array()) {
    const std::string id = Text(each.at("id"));
    SCOPED_TRACE(id);
    try {
      for (const Expected& expected : read(cases, each.as_object())) Compare(expected);
      ++asked;
    } catch (const CannotAsk& cannot) {
      ++left_out;
      std::cout << "left out: " << id << ": " << cannot.why << "\n";
      EXPECT_TRUE(absl::StrContains(known.str(), cannot.why)) << "tests/data/sla_cases/README.md does not say so";
    } catch (const std::exception& error) {
      ADD_FAILURE() << "not a case of this kind: " << error.what();
    }
  }
  std::cout << file << ": " << asked << " asked, " << left_out << " left out\n";
  EXPECT_GT(asked, left_out);
}

// "times" of a peer: from and to in seconds of the day, again and again.
HoursOfDay HoursIn(const json::array& seconds) {
  HoursOfDay hours;
  for (size_t i = 0; i + 1 < seconds.size(); i += 2) {
    const int64_t from = seconds[i].as_int64();
    const int64_t to = seconds[i + 1].as_int64();
    if (from % 60 != 0 || to % 60 != 0) throw CannotAsk{"hours to the second; SLA.md's are to the minute"};
    if (from < to) AddHours({static_cast<int>(from / 60), static_cast<int>(to / 60)}, hours);
  }
  return hours;
}

absl::CivilDay DayIn(const json::object& exception, const std::string& edge) {
  return absl::CivilDay(exception.at(edge + "year").as_int64(),
                        static_cast<int>(exception.at(edge + "mon").as_int64()) + 1,  // from 0
                        static_cast<int>(exception.at(edge + "mday").as_int64()));
}

ServiceHours HoursOf(const json::object& period) {
  ServiceHours hours;
  if (const json::value* days = Find(period, "days")) {
    for (size_t day = 0; day < 7; ++day) {
      hours.weekly[(day + 6) % 7] = HoursIn(days->as_array().at(day).as_array());  // Sunday first
    }
  }
  const json::value* exceptions = Find(period, "exceptions_calendar_dates");
  if (exceptions == nullptr) return hours;
  for (const json::value& each : exceptions->as_array()) {
    const json::object& exception = each.as_object();
    const json::value* skip = Find(exception, "skip_interval");
    const int64_t step = skip == nullptr ? 1 : std::max<int64_t>(skip->as_int64(), 1);
    for (absl::CivilDay day = DayIn(exception, "s"); day <= DayIn(exception, "e"); day += step) {
      for (const DayHours& open : HoursIn(exception.at("times").as_array())) AddHours(open, hours.open_dates[day]);
    }
  }
  return hours;
}

// The time within the hours.
std::vector<Interval> OpenTime(const ServiceHours& hours, const std::string& zone_name, Interval window) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(zone_name, &zone));
  std::vector<Interval> open;
  int64_t from_ms = window.start_ms;
  for (const Interval& closed : ClosedTime(hours, zone, window)) {
    if (from_ms < closed.start_ms) open.push_back({from_ms, closed.start_ms});
    from_ms = closed.end_ms;
  }
  if (from_ms < window.end_ms) open.push_back({from_ms, window.end_ms});
  return open;
}

void ReadHoursOfCase(const json::object& of_case, Question& question) {
  if (const json::value* period = Find(of_case, "timeperiod")) question.hours = HoursOf(period->as_object());
  const json::value* excluded = Find(of_case, "timeperiod_excluded");
  if (excluded == nullptr) return;
  const json::array periods = excluded->is_array() ? excluded->as_array() : json::array{*excluded};
  for (const json::value& period : periods) {
    const std::vector<Interval> open = OpenTime(HoursOf(period.as_object()), question.time_zone, question.window);
    question.closed.insert(question.closed.end(), open.begin(), open.end());
  }
}

std::vector<std::string> ObjectsIn(const json::value& objects) {
  std::vector<std::string> names;
  if (objects.is_array()) {
    for (const json::value& name : objects.as_array()) names.push_back(Text(name));
  } else {
    for (const auto& group : objects.as_object()) {
      for (const json::value& name : group.value().as_array()) names.push_back(Text(name));
    }
  }
  return names;
}

// What a state of a peer is called here.
std::string ClassOf(const std::string& word) {
  if (word == "UNDETERMINED" || word == "INDETERMINATE") return "unknown";
  switch (StateOf(word)) {
    case ResultState::kUp:
      return "up";
    case ResultState::kDegraded:
      return "degraded";
    case ResultState::kDown:
      return "down";
    case ResultState::kStale:
      break;
  }
  return "unknown";
}

// TIME_UP_SCHEDULED, TOTAL_TIME_UP, TOTAL_TIME_SCHEDULED and the like.
Figure Op5Figure(std::string key) {
  if (key == "TIME_INACTIVE") return {"excluded"};
  if (key == "TOTAL_TIME_ACTIVE") return {"active"};
  if (key == "TOTAL_TIME_KNOWN") return {"known"};
  if (key == "TOTAL_TIME_SCHEDULED") return {"known", Part::kScheduled};
  if (key == "TOTAL_TIME_UNSCHEDULED") return {"known", Part::kUnscheduled};
  if (key.starts_with("TIME_UNDETERMINED")) return {"unknown"};
  if (key.starts_with("TOTAL_TIME_")) return {ClassOf(key.substr(11))};
  const size_t last = key.rfind('_');
  if (!key.starts_with("TIME_") || last < 5) throw std::invalid_argument("no figure stands for " + key);
  const std::string part = key.substr(last + 1);
  if (part != "SCHEDULED" && part != "UNSCHEDULED") throw std::invalid_argument("no figure stands for " + key);
  return {ClassOf(key.substr(5, last - 5)), part == "SCHEDULED" ? Part::kScheduled : Part::kUnscheduled};
}

Figures Op5Figures(const json::object& expected) {
  Figures figures;
  for (const auto& field : expected) {
    const std::string key(field.key().data(), field.key().size());
    if (key != "subs") figures[Op5Figure(key)] += SecondsAsMs(field.value());
  }
  return figures;
}

bool IsTrue(const json::value* option) {
  if (option == nullptr) return false;
  if (option->is_bool()) return option->as_bool();
  if (option->is_int64()) return option->as_int64() != 0;
  const std::string word = Text(*option);
  return word == "true" || word == "yes" || word == "1";
}

std::vector<Expected> Op5Case(const json::value& file, const json::object& of_case) {
  const json::object& options = of_case.at("options").as_object();
  if (const json::value* hidden = Find(options, "hidden_states"); hidden != nullptr && !hidden->as_array().empty()) {
    throw CannotAsk{
        "hides a state from the report under a class of its own; SLA.md has no class for time that is "
        "known and not shown"};
  }
  Question question;
  question.window = WindowOf(of_case);
  question.objects = ObjectsIn(of_case.at("objects"));
  question.events = &file.at("logs").at(Text(of_case.at("log"))).as_array();
  question.soft = IsTrue(Find(options, "include_soft_states"));
  question.downtime_is_up = IsTrue(Find(options, "count_scheduled_downtime_as_uptime"));
  const json::value* assume = Find(options, "assume_states_while_monitor_down");
  question.assume_while_stopped = assume == nullptr || IsTrue(assume);
  const std::string aggregation = Text(options.at("aggregation"));
  if (aggregation == "best_state_cluster") question.aggregation = Aggregation::kBest;
  if (aggregation == "average") question.aggregation = Aggregation::kAverage;
  ReadHoursOfCase(of_case, question);
  const json::object& expected = of_case.at("expected_seconds").as_object();
  std::vector<Expected> all = {{"the whole", question, Op5Figures(expected)}};
  if (const json::value* subs = Find(expected, "subs")) {
    for (const auto& sub : subs->as_object()) {
      question.objects = {std::string(sub.key().data(), sub.key().size())};
      all.push_back({question.objects[0], question, Op5Figures(sub.value().as_object())});
    }
  }
  return all;
}

TEST(PeerCases, Op5Reports) { RunCases("op5_report_cases.json", Op5Case); }

// Spans in which the log says that the report's time period is off.
std::vector<Interval> OffTime(const Question& question, const std::string& period) {
  std::vector<Interval> off;
  std::optional<int64_t> off_ms;
  for (const json::value& event : *question.events) {
    const json::object& fields = event.as_object();
    if (Text(fields.at("kind")) != "timeperiod" || Text(fields.at("name")) != period) continue;
    const int64_t time_ms = SecondsAsMs(fields.at("t"));
    const bool on = fields.at("to").as_int64() != 0;
    if (!on && !off_ms.has_value()) off_ms = time_ms;
    if (on && off_ms.has_value()) {
      off.push_back({*off_ms, time_ms});
      off_ms.reset();
    }
  }
  if (off_ms.has_value()) off.push_back({*off_ms, std::max(*off_ms, question.window.end_ms)});
  return off;
}

// time_up and scheduled_time_up, which is a part of it; time_indeterminate_… says why nothing is known.
Figure NagiosFigure(const std::string& key) {
  if (key == "time_indeterminate_outside_timeperiod") return {"excluded"};
  const bool scheduled = key.starts_with("scheduled_");
  std::string word = key.substr(scheduled ? 10 : 0);
  if (!word.starts_with("time_")) throw std::invalid_argument("no figure stands for " + key);
  word = word.substr(5);
  if (word.starts_with("indeterminate")) word = "INDETERMINATE";
  return {ClassOf(word), scheduled ? Part::kScheduled : Part::kAll};
}

Figures NagiosFigures(const json::object& expected) {
  Figures figures;
  for (const auto& field : expected) {
    const std::string key(field.key().data(), field.key().size());
    if (key != "breakdown") figures[NagiosFigure(key)] += SecondsAsMs(field.value());
  }
  return figures;
}

// The part of the window in the local day "2012-04-21" or month "2012-04".
Interval PartIn(const std::string& label, const Question& question) {
  const absl::StatusOr<Interval> month = MonthOf(label, question.time_zone);
  if (month.ok()) return Intersect(*month, question.window);
  const std::optional<absl::CivilDay> day = ParseDate(label);
  if (!day.has_value()) throw CannotAsk{"a breakdown by weeks; SLA.md's periods are months, quarters and years"};
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(question.time_zone, &zone));
  return Intersect(
      {absl::ToUnixMillis(absl::FromCivil(*day, zone)), absl::ToUnixMillis(absl::FromCivil(*day + 1, zone))},
      question.window);
}

// What is assumed of an object before the log says anything.
std::optional<std::string> InitialState(const json::object& options, const std::string& name) {
  const size_t end = name.find(';');
  const bool is_service = end != std::string::npos;
  const json::value* assume = Find(options, "assumeinitialstates");
  const json::value* word = Find(options, is_service ? "initialassumedservicestate" : "initialassumedhoststate");
  if (word == nullptr || (assume != nullptr && !IsTrue(assume))) return std::nullopt;
  if (Text(*word) == "unspecified") return std::nullopt;
  if (Text(*word) != "current") return Text(*word);
  const json::value* states = Find(options, "initial_states");
  if (states == nullptr) return std::nullopt;
  const json::value* of_kind = Find(states->as_object(), is_service ? "services" : "hosts");
  const json::value* state = of_kind == nullptr ? nullptr : Find(of_kind->as_object(), name.substr(0, end));
  if (state != nullptr && is_service) state = Find(state->as_object(), name.substr(end + 1));
  return state == nullptr ? std::nullopt : std::optional(Text(*state));
}

std::vector<Expected> NagiosCase(const json::value& /*file*/, const json::object& of_case) {
  const json::object& options = of_case.at("options").as_object();
  if (const json::value* retention = Find(options, "assumestateretention"); retention && !IsTrue(retention)) {
    throw CannotAsk{"forgets states when the monitor starts again; in SLA.md a result holds until the next one"};
  }
  std::vector<Expected> all;
  for (const auto& [name, expected] : of_case.at("expected_seconds").as_object()) {
    Question question;
    question.window = WindowOf(of_case);
    question.objects = {std::string(name.data(), name.size())};
    question.events = &of_case.at("events").as_array();
    question.soft = IsTrue(Find(options, "includesoftstates"));
    question.assume_while_stopped = IsTrue(Find(options, "assumestatesduringnotrunning"));
    const std::optional<std::string> initial = InitialState(options, question.objects[0]);
    if (initial.has_value()) question.initial[question.objects[0]] = *initial;
    const json::value* period = Find(options, "rpttimeperiod");
    if (period != nullptr && !Text(*period).empty()) question.closed = OffTime(question, Text(*period));
    all.push_back({question.objects[0], question, NagiosFigures(expected.as_object())});
    const json::value* breakdown = Find(expected.as_object(), "breakdown");
    if (breakdown == nullptr) continue;
    for (const auto& [label, part] : breakdown->as_object()) {
      Expected of_day = {std::string(label.data(), label.size()), question, NagiosFigures(part.as_object())};
      of_day.question.window = PartIn(of_day.about, question);
      all.push_back(std::move(of_day));
    }
  }
  return all;
}

TEST(PeerCases, MonitoringAvailability) { RunCases("nagios_availability_cases.json", NagiosCase); }

}  // namespace
}  // namespace nines::sla::peers
