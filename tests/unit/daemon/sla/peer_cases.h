#pragma once

#include <boost/json.hpp>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/interval.h"
#include "daemon/sla/account.h"
#include "daemon/sla/exclusion.h"

// The event logs and questions of other programs in SLA.md's words. How one is put into the other, and what is left
// out: tests/data/sla_cases/README.md.
namespace nines::sla::peers {

namespace json = boost::json;

inline constexpr int64_t kSecondMs = 1000;

// How several objects are one.
enum class Aggregation : uint8_t { kWorst, kBest, kAverage };
// What an end ends where downtimes of one object overlap; the logs do not say.
enum class DowntimeEnd : uint8_t { kAsManyAsStarts, kTheFirst };

// What a case asks for, whichever program it is from.
struct Question {
  Interval window;
  std::vector<std::string> objects;  // "host" or "host;service"
  const json::array* events = nullptr;
  Aggregation aggregation = Aggregation::kWorst;
  bool soft = false;                 // soft states count
  bool assume_while_stopped = true;  // the last state holds while the monitor does not run
  bool downtime_is_up = false;
  std::map<std::string, std::string> initial;  // by object: its state as long as the log has none
  std::string time_zone = "Europe/Berlin";
  std::optional<ServiceHours> hours;
  std::vector<Interval> closed;  // beside the hours
  DowntimeEnd downtime_end = DowntimeEnd::kAsManyAsStarts;
};

struct Answer {
  Account all;
  Account scheduled;  // the part within downtimes
};
Answer Ask(const Question& question);

// Whether the two readings of an end can differ.
bool HasNestedDowntimes(const Question& question);

// Which of our classes a peer's figure is of, and which part of it. Its figures of one class and part add up to ours:
// a peer tells apart what SLA.md does not, such as why nothing is known.
enum class Part : uint8_t { kAll, kScheduled, kUnscheduled };
struct Figure {
  std::string of;  // "up", "degraded", "down", "unknown", "excluded", "known", "active"
  Part part = Part::kAll;

  friend auto operator<=>(const Figure&, const Figure&) = default;
};
using Figures = std::map<Figure, int64_t>;  // ms
Figures FiguresOf(const Answer& answer);

// "" where the sums are ours.
std::string Differences(const Figures& theirs, const Figures& ours);

// All of these throw std::exception where a file is not of its kind.
// A state as a peer writes it, in any case.
ResultState StateOf(std::string word);
json::value ReadCases(const std::string& name);
std::string Text(const json::value& value);
int64_t SecondsAsMs(const json::value& value);
Interval WindowOf(const json::object& of_case);
// nullptr where absent or null.
const json::value* Find(const json::object& in, const std::string& key);

}  // namespace nines::sla::peers
