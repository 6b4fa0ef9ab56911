#include "base/text.h"
#include "tests/scenario/script.h"

namespace nines::scenario {
namespace {

template <typename T>
T TakeParsed(Words& words, std::optional<T> (*parse)(std::string_view), std::string_view what) {
  const std::string word = words.Take(what);
  const std::optional<T> parsed = parse(word);
  if (!parsed.has_value()) words.Fail(StrCat("'", word, "' is not ", what));
  return parsed.value_or(T{});
}

sla::DayHours TakeHours(Words& words) {
  words.Expect("from");
  const int open = TakeParsed(words, sla::ParseMinuteOfDay, "a time of day");
  words.Expect("to");
  return {open, TakeParsed(words, sla::ParseMinuteOfDay, "a time of day")};
}

}  // namespace

bool Script::ReadExclusionLine(std::string_view verb, Words& words) {
  if (verb == "in") {
    ReadService(words);
  } else if (verb == "hours") {
    ReadHours(words);
  } else if (verb == "closed") {
    ReadClosed(words);
  } else if (verb == "open") {
    ReadOpen(words);
  } else if (verb == "maintenance") {
    ReadMaintenance(words);
  } else if (verb == "notice") {
    contract().maintenance.notice_ms = TakeDuration(words);
  } else if (verb == "cap") {
    contract().maintenance.cap_ms_per_month = TakeDuration(words);
  } else if (verb == "ruling") {
    ReadRuling(words);
  } else {
    return false;
  }
  return true;
}

void Script::ReadService(Words& words) {
  words.Expect("service");
  if (words.Accept("from")) target().exclusions.in_service.start_ms = TakeTime(words);
  if (words.Accept("to")) target().exclusions.in_service.end_ms = TakeTime(words);
}

sla::ServiceHours& Script::Hours() {
  std::optional<sla::ServiceHours>& hours = contract().service_hours;
  if (!hours.has_value()) hours = sla::ServiceHours::AlwaysOpen();
  return *hours;
}

// The first such line leaves nothing else of the week open.
void Script::ReadHours(Words& words) {
  if (Hours().weekly == sla::ServiceHours::AlwaysOpen().weekly) Hours().weekly = {};
  std::vector<int> days;
  while (!words.done() && words.Peek() != "from") days.push_back(TakeParsed(words, sla::ParseWeekday, "a weekday"));
  const sla::DayHours hours = TakeHours(words);
  for (int day : days) sla::AddHours(hours, Hours().weekly[day]);
}

void Script::ReadClosed(Words& words) {
  words.Expect("on");
  Hours().closed_dates.insert(TakeParsed(words, sla::ParseDate, "a date"));
}

void Script::ReadOpen(Words& words) {
  words.Expect("on");
  const absl::CivilDay date = TakeParsed(words, sla::ParseDate, "a date");
  sla::AddHours(TakeHours(words), Hours().open_dates[date]);
}

void Script::ReadMaintenance(Words& words) {
  if (words.Accept("is")) {
    words.Expect("not");
    words.Expect("excluded");
    contract().maintenance.excluded = false;
    return;
  }
  sla::MaintenanceWindow window;
  window.id = words.Take("an id");
  words.Expect("from");
  window.interval.start_ms = TakeTime(words);
  words.Expect("to");
  window.interval.end_ms = TakeTime(words);
  words.Expect("announced");
  window.announced_ms = TakeTime(words);
  if (words.Accept("cancelled")) window.cancelled_ms = TakeTime(words);
  std::vector<sla::MaintenanceWindow>& windows = target().exclusions.maintenance;
  std::erase_if(windows, [&](const auto& earlier) { return earlier.id == window.id; });
  windows.push_back(std::move(window));
}

void Script::ReadRuling(Words& words) {
  sla::Ruling ruling;
  ruling.id = words.Take("an id");
  ruling.state = TakeParsed(words, sla::ParseState, "up, down or excluded");
  words.Expect("from");
  ruling.interval.start_ms = TakeTime(words);
  words.Expect("to");
  ruling.interval.end_ms = TakeTime(words);
  ruling.revoked = words.Accept("revoked");
  std::vector<sla::Ruling>& rulings = target().exclusions.rulings;
  std::erase_if(rulings, [&](const auto& earlier) { return earlier.id == ruling.id; });
  rulings.push_back(std::move(ruling));
}

}  // namespace nines::scenario
