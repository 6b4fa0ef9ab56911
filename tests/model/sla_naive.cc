#include "tests/model/sla_naive.h"

#include <algorithm>

namespace nines::naive {
namespace {

bool Good(State state) { return state == State::kUp || state == State::kDegraded; }

State NodeState(const World& world, const std::vector<std::vector<State>>& checks, const Node& node, size_t at) {
  if (node.kind == Node::Kind::kCheck) return node.index < checks.size() ? checks[node.index][at] : State::kUnknown;
  if (node.kind == Node::Kind::kTarget) {
    const State state = world.targets[node.index][at];
    return state == State::kExcluded ? State::kUnknown : state;
  }
  const size_t n = node.inputs.size();
  if (n == 0) return State::kUnknown;
  size_t k = 1;
  if (node.down_when == "all") k = n;
  if (node.down_when == "majority") k = n / 2 + 1;
  if (node.down_when[0] >= '1' && node.down_when[0] <= '9') k = node.down_when[0] - '0';
  size_t down = 0;
  size_t unknown = 0;
  bool degraded = false;
  for (const Node& input : node.inputs) {
    const State state = NodeState(world, checks, input, at);
    if (state == State::kDown) ++down;
    if (state == State::kUnknown) ++unknown;
    if (state == State::kDegraded) degraded = true;
  }
  if (down >= k) return State::kDown;
  if (down + unknown >= k) return State::kUnknown;  // if all the unknown ones were down
  return degraded ? State::kDegraded : State::kUp;
}

std::vector<State> WithoutShortOutages(const std::vector<State>& states, int64_t min_outage) {
  std::vector<State> result = states;
  for (size_t at = 0; at < states.size(); ++at) {
    if (states[at] != State::kDown) continue;
    size_t first = at;
    while (first > 0 && states[first - 1] == State::kDown) --first;
    size_t after = at;
    while (after < states.size() && states[after] == State::kDown) ++after;
    const bool between_good = first > 0 && after < states.size() && Good(states[first - 1]) && Good(states[after]);
    if (between_good && static_cast<int64_t>(after - first) < min_outage) result[at] = State::kUp;
  }
  return result;
}

State DeclaredState(const World& world, int64_t time) {
  State worst = State::kUp;
  for (const Declared& each : world.declared) {
    if (time < each.start || time >= each.end) continue;
    if (each.impact == State::kDown) worst = State::kDown;
    if (each.impact == State::kDegraded && worst == State::kUp) worst = State::kDegraded;
  }
  return worst;
}

int Badness(State state) { return state == State::kDown ? 2 : state == State::kDegraded ? 1 : 0; }

State Counted(sla::Basis basis, State observed, State declared) {
  if (basis == sla::Basis::kObserved) return observed;
  if (basis == sla::Basis::kDeclared) return declared;
  if (observed == State::kUnknown) return Badness(declared) > 0 ? declared : State::kUnknown;
  const int badness = basis == sla::Basis::kEither ? std::max(Badness(observed), Badness(declared))
                                                   : std::min(Badness(observed), Badness(declared));
  return badness == 2 ? State::kDown : badness == 1 ? State::kDegraded : State::kUp;
}

std::string VerdictOf(const Outcome& outcome, int64_t unknown, const sla::Contract& contract) {
  const int64_t scheduled = outcome.good + outcome.bad + unknown;
  if (scheduled == 0) return "not_applicable";
  const int64_t objective = contract.objective_ppm;
  const int64_t million = 1'000'000;
  if ((outcome.good + outcome.bad) * million >= contract.min_coverage_ppm * scheduled && outcome.availability) {
    return outcome.availability->first * million >= objective * outcome.availability->second ? "met" : "breached";
  }
  if (outcome.good * million >= objective * scheduled) return "met";
  return (outcome.good + unknown) * million < objective * scheduled ? "breached" : "undetermined";
}

Node RandomNode(std::mt19937_64& random, const World& world, int depth) {
  Node node;
  const int64_t choice = Pick(random, 0, depth > 1 ? 9 : 5);
  if (depth < 3 && choice < 5) {
    node.kind = choice == 0 && !world.targets.empty() ? Node::Kind::kTarget : Node::Kind::kCheck;
    node.index = node.kind == Node::Kind::kTarget ? Pick(random, 0, world.targets.size() - 1)
                                                  : Pick(random, 0, world.checks.size());
    return node;
  }
  if (depth == 0) {
    node.kind = Node::Kind::kCheck;
    node.index = Pick(random, 0, world.checks.size());
    return node;
  }
  const int64_t inputs = Pick(random, depth == 3 ? 0 : 1, 4);
  for (int64_t i = 0; i < inputs; ++i) node.inputs.push_back(RandomNode(random, world, depth - 1));
  const std::vector<std::string> words = {"any", "all", "majority",
                                          std::to_string(Pick(random, 1, std::max<int64_t>(inputs, 1)))};
  node.down_when = words[Pick(random, 0, 3)];
  return node;
}

Check RandomCheck(std::mt19937_64& random) {
  Check check;
  check.hold = Pick(random, 0, 3) == 0 ? kForever : Pick(random, 0, 12);
  check.down_after = Pick(random, 0, 1) == 0 ? 1 : static_cast<int>(Pick(random, 2, 4));
  const int64_t results = Pick(random, 0, 40);
  // Mostly of one state, so that there are runs.
  ResultState state = ResultState::kUp;
  for (int64_t i = 0; i < results; ++i) {
    if (Pick(random, 0, 2) == 0) state = static_cast<ResultState>(Pick(random, 0, 3));
    check.recorded.emplace_back(Pick(random, kFirst, kLast), state);
  }
  if (Pick(random, 0, 1) == 0) {
    std::stable_sort(check.recorded.begin(), check.recorded.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  return check;
}

}  // namespace

int64_t Pick(std::mt19937_64& random, int64_t low, int64_t high) {
  return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
}

World RandomWorld(std::mt19937_64& random) {
  World world;
  const int64_t checks = Pick(random, 0, 4);
  for (int64_t i = 0; i < checks; ++i) world.checks.push_back(RandomCheck(random));
  const int64_t targets = Pick(random, 0, 2);
  for (int64_t i = 0; i < targets; ++i) {
    std::vector<State>& states = world.targets.emplace_back();
    State state = State::kUp;
    for (int64_t time = kFirst; time < kLast; ++time) {
      if (Pick(random, 0, 7) == 0) state = static_cast<State>(Pick(random, 0, 4));
      states.push_back(state);
    }
  }
  world.root = RandomNode(random, world, 3);
  const int64_t declared = Pick(random, 0, 4);
  for (int64_t i = 0; i < declared; ++i) {
    const int64_t start = Pick(random, kFirst - 10, kLast);
    const int64_t end = Pick(random, 0, 4) == 0 ? kForever : start + Pick(random, 1, 30);
    world.declared.push_back({start, end, Pick(random, 0, 1) == 0 ? State::kDown : State::kDegraded});
  }
  sla::Contract& contract = world.contract;
  contract.objective_ppm = Pick(random, 0, 3) == 0 ? 999'000 : Pick(random, 0, 10) * 100'000;
  contract.min_coverage_ppm = Pick(random, 0, 10) * 100'000;
  contract.min_outage_ms = Pick(random, 0, 1) == 0 ? 0 : Pick(random, 1, 10);
  contract.basis = static_cast<sla::Basis>(Pick(random, 0, 3));
  contract.no_data = static_cast<sla::NoData>(Pick(random, 0, 2));
  contract.degraded_counts_as = static_cast<sla::DegradedCountsAs>(Pick(random, 0, 1));
  world.start = Pick(random, kFirst, kLast - 1);
  world.end = Pick(random, world.start + 1, kLast);
  world.now = Pick(random, 0, 2) == 0 ? Pick(random, kFirst, kLast) : kLast;
  return world;
}

std::vector<State> CheckStates(const Check& check, int64_t now) {
  std::map<int64_t, ResultState> known;
  for (const auto& [time, state] : check.recorded) known[time] = state;
  known.erase(known.upper_bound(now), known.end());
  // The down results whose row is long enough; stale markers are no results.
  std::map<int64_t, bool> counts;
  std::vector<int64_t> row;
  const auto end_row = [&] {
    for (int64_t time : row) counts[time] = static_cast<int>(row.size()) >= check.down_after;
    row.clear();
  };
  for (const auto& [time, state] : known) {
    if (state == ResultState::kDown) row.push_back(time);
    if (state == ResultState::kUp || state == ResultState::kDegraded) end_row();
  }
  end_row();
  std::vector<State> states;
  for (int64_t time = kFirst; time < now; ++time) {
    State state = State::kUnknown;
    auto result = known.upper_bound(time);
    if (result != known.begin()) {
      --result;
      const bool held = time < result->first + check.hold;
      if (held && result->second == ResultState::kUp) state = State::kUp;
      if (held && result->second == ResultState::kDegraded) state = State::kDegraded;
      if (held && result->second == ResultState::kDown) state = counts[result->first] ? State::kDown : State::kUp;
    }
    states.push_back(state);
  }
  return states;
}

std::vector<State> CountedStates(const World& world) {
  std::vector<std::vector<State>> checks;
  for (const Check& check : world.checks) checks.push_back(CheckStates(check, world.now));
  std::vector<State> observed;
  for (int64_t time = kFirst; time < world.now; ++time) {
    observed.push_back(NodeState(world, checks, world.root, time - kFirst));
  }
  std::vector<State> counted = WithoutShortOutages(observed, world.contract.min_outage_ms);
  for (int64_t time = kFirst; time < world.now; ++time) {
    State& state = counted[time - kFirst];
    state = Counted(world.contract.basis, state, DeclaredState(world, time));
  }
  return counted;
}

Outcome Assess(const World& world) {
  const std::vector<State> states = CountedStates(world);
  const bool degraded_is_bad = world.contract.degraded_counts_as == sla::DegradedCountsAs::kDown;
  const auto bad = [&](State state) { return state == State::kDown || (state == State::kDegraded && degraded_is_bad); };
  Outcome outcome;
  const int64_t end = std::min(world.end, world.now);
  for (int64_t time = world.start; time < end; ++time) {
    const State state = states[time - kFirst];
    ++outcome.account[state];
    if (bad(state)) {
      ++outcome.bad;
    } else if (Good(state)) {
      ++outcome.good;
    }
  }
  const int64_t unknown = outcome.account[State::kUnknown];
  const int64_t good = outcome.good + (world.contract.no_data == sla::NoData::kUp ? unknown : 0);
  const int64_t all = good + outcome.bad + (world.contract.no_data == sla::NoData::kDown ? unknown : 0);
  if (all > 0) outcome.availability = {good, all};
  const int64_t scheduled = outcome.good + outcome.bad + unknown;
  if (scheduled > 0) outcome.coverage_ppm = (outcome.good + outcome.bad) * 1'000'000 / scheduled;
  outcome.verdict = VerdictOf(outcome, unknown, world.contract);
  int64_t begun = kForever;
  for (int64_t time = kFirst; time <= world.now; ++time) {
    const bool is_bad = time < world.now && bad(states[time - kFirst]);
    if (is_bad && begun == kForever) begun = time;
    if (!is_bad && begun != kForever) {
      if (begun < end && time > world.start && end > world.start) outcome.outages.emplace_back(begun, time);
      begun = kForever;
    }
  }
  return outcome;
}

}  // namespace nines::naive
