#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "daemon/sla/contract.h"
#include "daemon/sla/state.h"

// SLA.md sections 3 to 5 and 7 asked instant by instant over a few small times: slow, obvious, and without a line of
// the implementation. The property tests compare the two.
namespace nines::naive {

using sla::ResultState;
using sla::State;

inline constexpr int64_t kForever = 1'000'000;  // as a hold or an end: beyond every time of a world

struct Check {
  int64_t hold = 0;
  int down_after = 1;
  std::vector<std::pair<int64_t, ResultState>> recorded;  // in the order of recording
};

struct Node {
  enum class Kind { kCheck, kTarget, kGroup };
  Kind kind = Kind::kGroup;
  size_t index = 0;  // may be one too many: nobody has that check
  std::string down_when = "any";
  std::vector<Node> inputs;
};

struct Declared {
  int64_t start = 0;
  int64_t end = 0;
  State impact = State::kDown;
};

// Times are in [kFirst, kLast); what happens before the first is the context of the period.
inline constexpr int64_t kFirst = -30;
inline constexpr int64_t kLast = 90;

struct World {
  std::vector<Check> checks;
  std::vector<std::vector<State>> targets;  // state at kFirst, kFirst + 1, ...
  Node root;
  std::vector<Declared> declared;
  sla::Contract contract;
  int64_t start = 0;
  int64_t end = 0;
  int64_t now = 0;
};

World RandomWorld(std::mt19937_64& random);
// A whole number in [low, high].
int64_t Pick(std::mt19937_64& random, int64_t low, int64_t high);

// All from kFirst on, one state an instant, up to now.
std::vector<State> CheckStates(const Check& check, int64_t now);
std::vector<State> CountedStates(const World& world);

struct Outcome {
  std::map<State, int64_t> account;
  int64_t good = 0;
  int64_t bad = 0;
  std::optional<std::pair<int64_t, int64_t>> availability;  // numerator, denominator
  int64_t coverage_ppm = 0;
  std::string verdict;
  std::vector<std::pair<int64_t, int64_t>> outages;  // whole
};
Outcome Assess(const World& world);

}  // namespace nines::naive
