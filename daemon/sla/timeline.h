#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/interval.h"
#include "daemon/sla/result.h"
#include "daemon/sla/state.h"

// Timelines: which state holds when (SLA.md sections 3 and 4). All functions are pure.
namespace nines::sla {

struct Span {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  State state = State::kUnknown;

  Interval interval() const { return {start_ms, end_ms}; }
  int64_t length_ms() const { return end_ms - start_ms; }
  friend bool operator==(const Span&, const Span&) = default;
};

// Contiguous non-empty spans in the order of time; neighbours differ in state; they cover their window exactly.
// Empty where the window is.
using Timeline = std::vector<Span>;

// Appends [timeline's end, end_ms) in `state`; `start_ms` is that end, or where an empty timeline begins. Nothing is
// appended where end_ms <= start_ms, and a span in the last span's state lengthens it.
void AppendSpan(Timeline& timeline, int64_t start_ms, int64_t end_ms, State state);

// The window that a timeline covers; {0, 0} if it is empty.
Interval WindowOf(const Timeline& timeline);

// The part inside `window`; not more than the timeline covers.
Timeline Clip(const Timeline& timeline, Interval window);

// The state at an instant; unknown where the timeline does not reach.
State StateAt(const Timeline& timeline, int64_t time_ms);

// The timeline of a check over [window.start_ms, min(window.end_ms, now_ms)), in which results later than now_ms play
// no part. `runs` come from a RunBuilder with the same rule. Takes O(log runs + runs in the window).
Timeline CheckTimeline(std::span<const ResultRun> runs, const CheckRule& rule, Interval window, int64_t now_ms);

// How many of a target's inputs must be down for the target to be down.
struct DownWhen {
  enum class Kind : uint8_t { kAny, kAll, kMajority, kNumber };

  Kind kind = Kind::kAny;
  int number = 1;  // for kNumber, at least 1

  // The k of "k of n down", between 1 and n for n >= 1: a number beyond n asks for all.
  int Threshold(int n) const;
  friend bool operator==(const DownWhen& a, const DownWhen& b) {
    return a.kind == b.kind && (a.kind != Kind::kNumber || a.number == b.number);
  }
};

// "any", "all", "majority" or a whole number from 1 on.
absl::StatusOr<DownWhen> ParseDownWhen(std::string_view text);
std::string DownWhenText(const DownWhen& down_when);

// A target's timeline over `window` from those of its inputs. Time that an input does not cover, or is excluded in it,
// is unknown for it. Without inputs everything is unknown. Takes O(spans * log inputs).
Timeline Combine(std::span<const Timeline* const> inputs, DownWhen down_when, Interval window);

// A down span shorter than `min_outage_ms` between two spans that are both up or degraded becomes up. A span at the
// timeline's edge lacks a neighbour and stays down: give a timeline wider than the period that is asked for.
Timeline ApplyMinOutage(Timeline timeline, int64_t min_outage_ms);
// The same, where the shortest length depends on where the span starts.
Timeline ApplyMinOutage(Timeline timeline, const std::function<int64_t(int64_t start_ms)>& min_outage_ms);

}  // namespace nines::sla
