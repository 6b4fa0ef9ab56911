#include "tests/scenario/script.h"

#include <algorithm>
#include <cstdio>

#include "base/duration_text.h"
#include "base/text.h"
#include "daemon/sla/period.h"

namespace nines::scenario {
namespace {

template <typename T>
T OrFail(Words& words, absl::StatusOr<T> value) {
  if (!value.ok()) words.Fail(std::string(FromAbsl(value.status().message())));
  return value.ok() ? *std::move(value) : T{};
}

template <typename T>
T OrFail(Words& words, std::optional<T> value, std::string_view word) {
  if (!value.has_value()) words.Fail(StrCat("'", word, "' is not known here"));
  return value.value_or(T{});
}

bool WholeNumber(std::string_view text) {
  return !text.empty() && text.size() < 19 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::string Script::Run(std::string_view line) {
  Words words(line);
  if (words.done()) return "";
  const std::string verb = words.Take("a word");
  if (verb == "period") {
    ReadPeriod(words);
  } else if (verb == "target") {
    ReadTarget(words);
  } else if (verb == "check") {
    ReadCheck(words);
  } else if (verb == "at") {
    ReadResult(words);
  } else if (verb == "from") {
    ReadSeries(words);
  } else if (verb == "declared") {
    ReadDeclared(words);
  } else if (verb == "member") {
    ReadMember(words);
  } else if (verb == "expect") {
    Expect(words);
  } else if (verb == "down") {
    words.Expect("if");
    target().root = ReadGroup(words);
  } else if (verb == "now") {
    now_ms_ = TakeTime(words);
  } else if (!ReadExclusionLine(verb, words)) {
    ReadContractLine(verb, words);
  }
  if (!words.done()) words.Fail(StrCat("nothing should follow, but '", words.Peek(), "' does"));
  return words.error();
}

void Script::ReadPeriod(Words& words) {
  const std::string first = words.Take("a period");
  const bool span = words.Accept("to");
  const std::string last = span ? words.Take("a time") : "";
  zone_name_ = words.Take("a time zone");
  if (!absl::LoadTimeZone(zone_name_, &zone_)) words.Fail("the time zone is not known");
  if (span) {
    Words times(first + " " + last);
    period_.start_ms = TakeTime(times);
    period_.end_ms = TakeTime(times);
    if (!times.error().empty()) words.Fail(times.error());
  } else {
    period_ = OrFail(words, sla::PeriodOf(first, zone_name_));
  }
  first_day_ = absl::CivilDay(zone_.At(absl::FromUnixMillis(period_.start_ms)).cs);
  for (Target& each : targets_) {
    for (catalogue::ContractVersion& version : each.versions) version.terms.time_zone = zone_name_;
  }
}

// A name that is new begins a target, with the contract that the lines above the first of them say.
void Script::ReadTarget(Words& words) {
  const std::string name = words.Take("a name");
  if (!targets_[0].checks.empty() && targets_.size() == 1) {
    words.Fail("a check stands above the first target; write it below its own");
  }
  current_ = FindTarget(name);
  if (current_ == targets_.size()) {
    Target& added = targets_.emplace_back();
    added.name = name;
    added.versions = targets_[0].versions;
  }
  if (words.Accept("weight")) target().weight = TakeNumber(words);
}

void Script::ReadCheck(Words& words) {
  Check check;
  check.name = words.Take("a name");
  if (words.Accept("every")) check.rule.hold_ms = 3 * TakeDuration(words);
  if (words.Accept("hold"))
    check.rule.hold_ms = words.Accept("unlimited") ? sla::kUnlimitedHoldMs : TakeDuration(words);
  if (words.Accept("down")) {
    words.Expect("after");
    check.rule.down_after = static_cast<int>(TakeNumber(words));
  }
  target().checks.push_back(std::move(check));
}

void Script::ReadResult(Words& words) {
  const int64_t time_ms = TakeTime(words);
  Check& check = TakeCheck(words);
  const std::string word = words.Take("a state");
  check.results.push_back({time_ms, OrFail(words, sla::ParseResultState(word), word)});
}

void Script::ReadSeries(Words& words) {
  const int64_t from_ms = TakeTime(words);
  words.Expect("to");
  const int64_t to_ms = TakeTime(words);
  words.Expect("every");
  const int64_t every_ms = std::max<int64_t>(TakeDuration(words), 1);
  Check& check = TakeCheck(words);
  const std::string word = words.Take("a state");
  const sla::ResultState state = OrFail(words, sla::ParseResultState(word), word);
  if (!words.error().empty()) return;
  for (int64_t time_ms = from_ms; time_ms < to_ms; time_ms += every_ms) check.results.push_back({time_ms, state});
}

void Script::ReadDeclared(Words& words) {
  sla::DeclaredSpan declared;
  declared.id = words.Take("an id");
  const std::string impact = words.Take("degraded or down");
  declared.impact = OrFail(words, sla::ParseState(impact), impact);
  words.Expect("from");
  declared.interval.start_ms = TakeTime(words);
  declared.interval.end_ms = words.Accept("on") ? kTimeMaxMs : (words.Expect("to"), TakeTime(words));
  std::vector<sla::DeclaredSpan>& declarations = target().declarations;
  std::erase_if(declarations, [&](const sla::DeclaredSpan& earlier) { return earlier.id == declared.id; });
  declarations.push_back(std::move(declared));
}

void Script::ReadMember(Words& words) {
  sla::PooledMember member;
  member_names_.push_back(words.Take("a name"));
  if (words.Accept("weight")) member.weight = TakeNumber(words);
  words.Expect("good");
  member.good_ms = TakeDuration(words);
  words.Expect("bad");
  member.bad_ms = TakeDuration(words);
  const std::string verdict = words.Take("a verdict");
  for (auto each : {sla::Verdict::kMet, sla::Verdict::kBreached, sla::Verdict::kUndetermined}) {
    if (verdict == sla::VerdictName(each)) member.verdict = each;
  }
  if (verdict != sla::VerdictName(member.verdict)) words.Fail(StrCat("'", verdict, "' is not a verdict"));
  members_.push_back(member);
}

// any of web (majority of db-1 db-2 db-3); a name may be a check's or an earlier target's.
sla::InputNode Script::ReadGroup(Words& words) {
  const auto down_when = OrFail(words, sla::ParseDownWhen(words.Take("any, all, majority or a number")));
  words.Expect("of");
  std::vector<sla::InputNode> inputs;
  while (!words.done() && words.Peek() != ")") {
    if (words.Accept("(")) {
      inputs.push_back(ReadGroup(words));
      words.Expect(")");
    } else {
      inputs.push_back(InputNamed(words.Take("a check or a target"), words));
    }
  }
  return sla::InputNode::Group(down_when, std::move(inputs));
}

// 10T08:00, 2025-01-10T08:00:00.250, 08:00 on the period's first day, start, end, now.
int64_t Script::TakeTime(Words& words) {
  const std::string text = words.Take("a time");
  if (text == "start") return period_.start_ms;
  if (text == "end") return period_.end_ms;
  if (text == "now") return NowMs();
  const size_t t = text.find('T');
  const std::string date = t == std::string::npos ? "" : text.substr(0, t);
  const std::string time = t == std::string::npos ? text : text.substr(t + 1);
  long long year = first_day_.year();
  int month = first_day_.month();
  int day = first_day_.day();
  int used = 0;
  bool good = date.empty() || (sscanf(date.c_str(), "%4lld-%2d-%2d%n", &year, &month, &day, &used) == 3 &&
                               used == static_cast<int>(date.size()));
  if (!good) {
    year = first_day_.year();
    month = first_day_.month();
    good = sscanf(date.c_str(), "%2d%n", &day, &used) == 1 && used == static_cast<int>(date.size());
  }
  int hour = 0;
  int minute = 0;
  int second = 0;
  int ms = 0;
  const int fields = sscanf(time.c_str(), "%2d:%2d%n:%2d%n.%3d%n", &hour, &minute, &used, &second, &used, &ms, &used);
  if (!good || fields < 2 || used != static_cast<int>(time.size())) {
    words.Fail(StrCat("'", text, "' is not a time; write 10T08:00, 08:00:15.250 or 2025-01-10T08:00"));
  }
  return absl::ToUnixMillis(absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute, second), zone_)) + ms;
}

int64_t Script::TakeDuration(Words& words) {
  std::string text = words.Take("a duration");
  const int64_t sign = text.starts_with("-") ? -1 : 1;
  if (sign < 0) text.erase(0, 1);
  return sign * (WholeNumber(text) ? std::stoll(text) : OrFail(words, ParseDurationMs(text)));
}

int64_t Script::TakeShare(Words& words) { return OrFail(words, ParsePartsPerMillion(words.Take("a percentage"))); }

int64_t Script::TakeNumber(Words& words) {
  const std::string text = words.Take("a number");
  if (!WholeNumber(text)) words.Fail(StrCat("'", text, "' is not a number"));
  return WholeNumber(text) ? std::stoll(text) : 0;
}

// "12000.00" yuan in fen.
int64_t Script::TakeMoney(Words& words) {
  const std::string text = words.Take("an amount");
  const size_t point = text.find('.');
  const std::string yuan = text.substr(0, point);
  const std::string fen = point == std::string::npos ? "00" : text.substr(point + 1);
  if (!WholeNumber(yuan) || !WholeNumber(fen) || fen.size() != 2) {
    words.Fail(StrCat("'", text, "' is not an amount; write 12000.00"));
    return 0;
  }
  return std::stoll(yuan) * 100 + std::stoll(fen);
}

size_t Script::FindCheck(std::string_view name) const {
  const std::vector<Check>& checks = target().checks;
  const auto found = std::find_if(checks.begin(), checks.end(), [&](const Check& check) { return check.name == name; });
  return found - checks.begin();
}

size_t Script::FindTarget(std::string_view name) const {
  const auto found =
      std::find_if(targets_.begin(), targets_.end(), [&](const Target& each) { return each.name == name; });
  return found - targets_.begin();
}

// A name that nobody has is a check without results.
sla::InputNode Script::InputNamed(const std::string& name, Words& words) {
  const size_t other = FindTarget(name);
  const size_t check = FindCheck(name);
  if (check < target().checks.size() || other == targets_.size()) return sla::InputNode::Check(check);
  if (other >= current_) words.Fail(StrCat("'", name, "' has to be described before it is used"));
  target().uses.insert(other);
  return sla::InputNode::Computed(other);
}

Script::Check& Script::TakeCheck(Words& words) {
  const std::string name = words.Take("a check");
  const size_t at = FindCheck(name);
  if (at < target().checks.size()) return target().checks[at];
  words.Fail(StrCat("there is no check '", name, "'"));
  return target().checks.emplace_back();
}

}  // namespace nines::scenario
