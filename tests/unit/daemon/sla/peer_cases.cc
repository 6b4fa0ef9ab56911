#include "tests/unit/daemon/sla/peer_cases.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "base/text.h"
#include "daemon/sla/target.h"

namespace nines::sla::peers {
namespace {

// Earlier than any log.
constexpr int64_t kLongBeforeMs = -1'000'000'000'000;

// One object: what was seen of it, and when it was to be down.
struct Object {
  std::vector<Result> results;  // in the order of the log
  std::vector<Interval> downtimes;
  bool nested = false;
};

// The downtimes that begin and end for `about`.
void AddDowntimes(const Question& question, const std::string& about, Object& object) {
  int depth = 0;
  int64_t start_ms = 0;
  for (const json::value& event : *question.events) {
    const json::object& fields = event.as_object();
    if (Find(fields, "object") == nullptr || Text(fields.at("object")) != about) continue;
    const int64_t time_ms = SecondsAsMs(fields.at("t"));
    const std::string kind = Text(fields.at("kind"));
    if (kind == "downtime_start") {
      if (depth == 0) start_ms = time_ms;
      if (depth > 0) object.nested = true;
      ++depth;
    } else if (kind == "downtime_end" && depth > 0) {
      depth = question.downtime_end == DowntimeEnd::kTheFirst ? 0 : depth - 1;
      if (depth == 0) object.downtimes.push_back({start_ms, time_ms});
    }
  }
  if (depth > 0) object.downtimes.push_back({start_ms, std::max(start_ms, question.window.end_ms)});
}

Object ObjectIn(const Question& question, const std::string& name) {
  Object object;
  std::optional<ResultState> last;
  if (const auto initial = question.initial.find(name); initial != question.initial.end()) {
    last = StateOf(initial->second);
    object.results.push_back({kLongBeforeMs, *last});
  }
  for (const json::value& event : *question.events) {
    const json::object& fields = event.as_object();
    const std::string kind = Text(fields.at("kind"));
    const int64_t time_ms = SecondsAsMs(fields.at("t"));
    const bool mine = Find(fields, "object") != nullptr && Text(fields.at("object")) == name;
    if (kind == "state" && mine && (question.soft || fields.at("hard").as_bool())) {
      last = StateOf(Text(fields.at("state")));
      object.results.push_back({time_ms, *last});
    } else if (kind == "monitor_stop" && !question.assume_while_stopped) {
      object.results.push_back({time_ms, ResultState::kStale});
    } else if (kind == "monitor_start" && !question.assume_while_stopped && last.has_value()) {
      object.results.push_back({time_ms, *last});
    }
  }
  AddDowntimes(question, name, object);
  // A host's downtime covers its services.
  if (const size_t end = name.find(';'); end != std::string::npos) AddDowntimes(question, name.substr(0, end), object);
  return object;
}

Contract NoNotice() {
  Contract contract;
  contract.maintenance.notice_ms = 0;
  return contract;
}

Timeline WithRulings(const Timeline& timeline, const std::vector<Interval>& spans, State state) {
  Exclusions exclusions;
  for (const Interval& span : spans) {
    if (!span.empty()) exclusions.rulings.push_back({.interval = span, .state = state, .revoked = false, .id = ""});
  }
  return ApplyExclusions(timeline, exclusions, Contract());
}

Timeline WithoutDowntimes(const Timeline& timeline, const std::vector<Interval>& downtimes) {
  Exclusions exclusions;
  for (const Interval& span : downtimes) {
    if (span.empty()) continue;
    exclusions.maintenance.push_back(
        {.interval = span, .announced_ms = kLongBeforeMs, .cancelled_ms = std::nullopt, .id = ""});
  }
  return ApplyExclusions(timeline, exclusions, NoNotice());
}

struct Member {
  Timeline seen;
  Timeline unplanned;  // excluded within downtimes
};

Timeline CombineAs(const std::vector<Member>& members, DownWhen::Kind kind, Interval window,
                   std::optional<State> degraded_as = std::nullopt) {
  std::vector<Timeline> timelines;
  for (const Member& member : members) {
    Timeline& timeline = timelines.emplace_back();
    for (const Span& span : member.seen) {
      const State state = span.state == State::kDegraded ? degraded_as.value_or(span.state) : span.state;
      AppendSpan(timeline, span.start_ms, span.end_ms, state);
    }
  }
  std::vector<const Timeline*> inputs;
  for (const Timeline& timeline : timelines) inputs.push_back(&timeline);
  return Combine(inputs, DownWhen{kind}, window);
}

// Stretches of the window in which nothing changes.
std::vector<Interval> Pieces(const std::vector<const Timeline*>& timelines, Interval window) {
  std::set<int64_t> edges = {window.start_ms, window.end_ms};
  for (const Timeline* timeline : timelines) {
    for (const Span& span : *timeline) edges.insert({span.start_ms, span.end_ms});
  }
  std::vector<Interval> pieces;
  for (auto edge = edges.begin(); std::next(edge) != edges.end(); ++edge) pieces.push_back({*edge, *std::next(edge)});
  return pieces;
}

// The best of several has no degraded but where nobody is up: asked twice, with degraded as down and as up.
Timeline BestOf(const std::vector<Member>& members, Interval window) {
  const Timeline strict = CombineAs(members, DownWhen::Kind::kAll, window, State::kDown);
  const Timeline lenient = CombineAs(members, DownWhen::Kind::kAll, window, State::kUp);
  Timeline best;
  for (const Interval& piece : Pieces({&strict, &lenient}, window)) {
    const State low = StateAt(strict, piece.start_ms);
    const State high = StateAt(lenient, piece.start_ms);
    AppendSpan(best, piece.start_ms, piece.end_ms, low == State::kDown && high == State::kUp ? State::kDegraded : low);
  }
  return best;
}

// Where all the members that are in the state of the whole are in a downtime.
std::vector<Interval> ScheduledTime(const std::vector<Member>& members, const Timeline& whole, Interval window) {
  std::vector<const Timeline*> timelines = {&whole};
  for (const Member& member : members) {
    timelines.push_back(&member.seen);
    timelines.push_back(&member.unplanned);
  }
  std::vector<Interval> scheduled;
  for (const Interval& piece : Pieces(timelines, window)) {
    const State state = StateAt(whole, piece.start_ms);
    const bool planned = std::all_of(members.begin(), members.end(), [&](const Member& member) {
      return StateAt(member.seen, piece.start_ms) != state ||
             StateAt(member.unplanned, piece.start_ms) == State::kExcluded;
    });
    if (planned) scheduled.push_back(piece);
  }
  return scheduled;
}

Timeline WithinHours(const Question& question, const Timeline& timeline) {
  Contract contract;
  contract.time_zone = question.time_zone;
  contract.service_hours = question.hours;
  return ApplyExclusions(WithRulings(timeline, question.closed, State::kExcluded), Exclusions(), contract);
}

Answer AskForAverage(Question question) {
  const std::vector<std::string> objects = std::move(question.objects);
  question.aggregation = Aggregation::kWorst;
  Answer sum;
  for (const std::string& object : objects) {
    question.objects = {object};
    const Answer one = Ask(question);
    sum.all += one.all;
    sum.scheduled += one.scheduled;
  }
  const auto count = static_cast<int64_t>(objects.size());
  for (Account* account : {&sum.all, &sum.scheduled}) {
    for (int64_t* part :
         {&account->up_ms, &account->degraded_ms, &account->down_ms, &account->unknown_ms, &account->excluded_ms}) {
      *part /= count;
    }
  }
  return sum;
}

}  // namespace

Answer Ask(const Question& question) {
  if (question.aggregation == Aggregation::kAverage) return AskForAverage(question);
  const bool best = question.aggregation == Aggregation::kBest;
  std::vector<Member> members;
  for (const std::string& name : question.objects) {
    const Object object = ObjectIn(question, name);
    const CheckRule rule = {.hold_ms = kUnlimitedHoldMs, .down_after = 1};
    Member& member = members.emplace_back();
    member.seen = CheckTimeline(RunsOf(object.results, rule), rule, question.window, question.window.end_ms);
    member.unplanned = WithoutDowntimes(member.seen, object.downtimes);
    if (question.downtime_is_up && !best) member.seen = WithRulings(member.seen, object.downtimes, State::kUp);
  }
  Timeline whole = best ? BestOf(members, question.window) : CombineAs(members, DownWhen::Kind::kAny, question.window);
  const std::vector<Interval> scheduled = ScheduledTime(members, whole, question.window);
  if (question.downtime_is_up && best) whole = WithRulings(whole, scheduled, State::kUp);
  whole = WithinHours(question, whole);
  Answer answer;
  answer.all = AccountOf(whole, question.window);
  for (const Interval& piece : scheduled) answer.scheduled += AccountOf(whole, piece);
  return answer;
}

bool HasNestedDowntimes(const Question& question) {
  return std::any_of(question.objects.begin(), question.objects.end(),
                     [&](const std::string& name) { return ObjectIn(question, name).nested; });
}

Figures FiguresOf(const Answer& answer) {
  Figures figures;
  const auto add = [&](const std::string& of, int64_t all_ms, int64_t scheduled_ms) {
    figures[{of, Part::kAll}] = all_ms;
    figures[{of, Part::kScheduled}] = scheduled_ms;
    figures[{of, Part::kUnscheduled}] = all_ms - scheduled_ms;
  };
  const Account& all = answer.all;
  const Account& planned = answer.scheduled;
  add("up", all.up_ms, planned.up_ms);
  add("degraded", all.degraded_ms, planned.degraded_ms);
  add("down", all.down_ms, planned.down_ms);
  add("unknown", all.unknown_ms, planned.unknown_ms);
  add("excluded", all.excluded_ms, planned.excluded_ms);
  add("known", all.up_ms + all.degraded_ms + all.down_ms, planned.up_ms + planned.degraded_ms + planned.down_ms);
  add("active", all.scheduled_ms(), planned.scheduled_ms());
  return figures;
}

std::string Differences(const Figures& theirs, const Figures& ours) {
  constexpr const char* kParts[] = {"", " scheduled", " unscheduled"};
  std::string differences;
  for (const auto& [figure, expected_ms] : theirs) {
    const int64_t ours_ms = ours.at(figure);
    if (ours_ms == expected_ms) continue;
    StrAppend(&differences, figure.of, kParts[static_cast<size_t>(figure.part)], " is ", ours_ms, " ms, not ",
              expected_ms, "; ");
  }
  return differences;
}

ResultState StateOf(std::string word) {
  for (char& letter : word) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  if (word == "up" || word == "ok") return ResultState::kUp;
  if (word == "warning") return ResultState::kDegraded;
  if (word == "down" || word == "critical" || word == "unreachable") return ResultState::kDown;
  if (word == "unknown" || word == "pending") return ResultState::kStale;
  throw std::invalid_argument("no peer has the state " + word);
}

json::value ReadCases(const std::string& name) {
  const char* folder = std::getenv("NINES_SLA_CASES");
  std::ifstream file(std::string(folder != nullptr ? folder : NINES_TEST_DATA "/sla_cases") + "/" + name);
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str());
}

std::string Text(const json::value& value) { return {value.as_string().data(), value.as_string().size()}; }

int64_t SecondsAsMs(const json::value& value) {
  if (value.is_double()) return std::llround(value.as_double() * kSecondMs);
  return value.as_int64() * kSecondMs;
}

Interval WindowOf(const json::object& of_case) {
  const json::object& window = of_case.at("window").as_object();
  return {SecondsAsMs(window.at("start_s")), SecondsAsMs(window.at("end_s"))};
}

const json::value* Find(const json::object& in, const std::string& key) {
  const json::value* value = in.if_contains(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace nines::sla::peers
