#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "daemon/sla/period.h"
#include "daemon/sla/target.h"
#include "daemon/sla/terms.h"

// Small worlds at random, with everything that SLA.md sections 3 to 7 know: checks with holds, rows of down results and
// stale markers, k of n over them and over another target, declarations, in-service dates, service hours, rulings,
// maintenance, contract versions, in zones whose clocks change. For property tests.
namespace nines::sla::drawn {

class Dice {
 public:
  explicit Dice(std::mt19937_64& random) : random_(random) {}

  // A whole number in [low, high].
  int64_t Pick(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
  }
  bool OneIn(int64_t n) { return Pick(1, n) == 1; }
  template <typename T>
  void Shuffle(std::vector<T>& all) {
    std::shuffle(all.begin(), all.end(), random_);
  }

 private:
  std::mt19937_64& random_;
};

struct DrawnCheck {
  CheckRule rule;
  std::vector<Result> recorded;  // in the order of recording; several may have one time
};

struct DrawnTarget {
  InputNode root;
  Exclusions exclusions;
  std::vector<Contract> versions;
  std::vector<int64_t> from_ms;  // of each version

  // Borrows from `versions`.
  std::vector<Term> Terms() const {
    std::vector<Term> terms;
    for (size_t i = 0; i < versions.size(); ++i) terms.push_back({from_ms[i], &versions[i]});
    return terms;
  }
};

struct DrawnWorld {
  Interval window;  // nothing is known of any other time
  int64_t now_ms = 0;
  std::vector<DrawnCheck> checks;
  std::vector<DrawnTarget> inner;  // at most one: an input of `target`
  DrawnTarget target;
  std::vector<DeclaredSpan> declarations;
};

// What a world comes to, as the daemon computes it.
struct Counted {
  Timeline observed;  // after min_outage
  Timeline declared;
  Timeline counted;  // by the basis
  std::vector<Override> overrides;
  Timeline accounted;
};

// The checks' runs, and what borrows from them.
class Inputs {
 public:
  explicit Inputs(const std::vector<DrawnCheck>& checks) {
    for (const DrawnCheck& check : checks) runs_.push_back(RunsOf(check.recorded, check.rule));
    for (size_t i = 0; i < checks.size(); ++i) inputs_.push_back({runs_[i], checks[i].rule});
  }
  std::span<const CheckInput> get() const { return inputs_; }

 private:
  std::vector<std::vector<ResultRun>> runs_;
  std::vector<CheckInput> inputs_;
};

inline Counted CountedOf(const DrawnWorld& world, std::span<const CheckInput> checks) {
  const Interval known = {world.window.start_ms, std::min(world.window.end_ms, world.now_ms)};
  std::vector<Timeline> computed;
  std::vector<const Timeline*> pointers;
  for (const DrawnTarget& inner : world.inner) {
    const std::vector<Term> terms = inner.Terms();
    Timeline observed = ApplyMinOutage(ObservedTimeline(inner.root, checks, known, world.now_ms), terms);
    computed.push_back(ApplyOverrides(observed, OverridesOf(inner.exclusions, terms, world.window)));
  }
  for (const Timeline& timeline : computed) pointers.push_back(&timeline);
  const std::vector<Term> terms = world.target.Terms();
  Counted counted;
  counted.observed = ApplyMinOutage(ObservedTimeline(world.target.root, checks, known, world.now_ms, pointers), terms);
  counted.declared = DeclaredTimeline(world.declarations, known);
  counted.counted = ApplyBasis(terms, counted.observed, counted.declared);
  counted.overrides = OverridesOf(world.target.exclusions, terms, world.window);
  counted.accounted = ApplyOverrides(counted.counted, counted.overrides);
  return counted;
}

inline Counted CountedOf(const DrawnWorld& world) {
  const Inputs inputs(world.checks);
  return CountedOf(world, inputs.get());
}

// Draws one world.
class Drawing {
 public:
  explicit Drawing(std::mt19937_64& random) : dice_(random) {}

  DrawnWorld World() {
    PickPlace();
    DrawnWorld world;
    world.window = window_;
    world.now_ms = dice_.OneIn(3) ? dice_.Pick(window_.start_ms, window_.end_ms) : window_.end_ms;
    for (int64_t n = dice_.Pick(0, 4); n > 0; --n) world.checks.push_back(Check());
    checks_ = static_cast<int64_t>(world.checks.size());
    if (dice_.OneIn(3)) world.inner.push_back(Target());
    inner_ = !world.inner.empty();
    world.target = Target();
    for (int64_t n = dice_.Pick(0, 3); n > 0; --n) {
      const Interval span = Span();
      world.declarations.push_back({{span.start_ms, dice_.OneIn(5) ? kTimeMaxMs : span.end_ms},
                                    dice_.OneIn(2) ? State::kDown : State::kDegraded,
                                    std::to_string(n)});
    }
    return world;
  }

  // Somewhere in the window, often where something else is, too.
  int64_t Time() {
    const int64_t on_grid_ms = window_.start_ms + dice_.Pick(0, kSteps) * step_ms_;
    return dice_.OneIn(4) ? on_grid_ms + dice_.Pick(-1, 1) : on_grid_ms;
  }
  Interval Span() {
    const int64_t start_ms = Time();
    return {start_ms, start_ms + dice_.Pick(1, kSteps / 3) * step_ms_ - (dice_.OneIn(4) ? 1 : 0)};
  }
  Dice& dice() { return dice_; }

 private:
  static constexpr int64_t kSteps = 144;  // of a window
  static constexpr int64_t kHourMs = 3'600'000;

  struct Place {
    const char* zone;
    absl::CivilSecond base;  // UTC
  };

  // About a month's start, where clocks change, or a day is missing, or both.
  void PickPlace() {
    static const auto* const places = new std::vector<Place>{
        {"Europe/Zurich", absl::CivilSecond(2025, 3, 30, 22)},       // summer time began a day ago; April begins
        {"Europe/Zurich", absl::CivilSecond(2027, 10, 31, 6)},       // it ends on the last day of October
        {"America/New_York", absl::CivilSecond(2026, 11, 1, 5)},     // it ends on the first day of November
        {"America/Sao_Paulo", absl::CivilSecond(2018, 11, 3, 12)},   // a midnight that does not exist
        {"Australia/Lord_Howe", absl::CivilSecond(2025, 4, 3, 12)},  // half an hour
        {"Asia/Shanghai", absl::CivilSecond(2024, 2, 29, 16)},       // a leap day, and March begins
        {"Asia/Kolkata", absl::CivilSecond(2025, 12, 31, 18)},       // a year
    };
    const Place& place = (*places)[static_cast<size_t>(dice_.Pick(0, std::ssize(*places) - 1))];
    zone_ = place.zone;
    base_day_ = absl::CivilDay(place.base);
    const int64_t base_ms = absl::ToUnixMillis(absl::FromCivil(place.base, absl::UTCTimeZone()));
    // Two and a half minutes a step, half an hour, or six hours: then it is more than a month.
    const int64_t steps_ms[] = {kHourMs / 24, kHourMs / 2, kHourMs / 2, 6 * kHourMs};
    step_ms_ = steps_ms[dice_.Pick(0, 3)];
    window_ = {base_ms - kSteps / 2 * step_ms_, base_ms + kSteps / 2 * step_ms_};
  }

  int64_t Steps(int64_t low, int64_t high) { return dice_.Pick(low, high) * step_ms_; }

  DrawnCheck Check() {
    DrawnCheck check;
    check.rule.hold_ms = dice_.OneIn(3) ? kUnlimitedHoldMs : Steps(0, 40) + dice_.Pick(0, 1);
    check.rule.down_after = dice_.OneIn(2) ? 1 : static_cast<int>(dice_.Pick(2, 4));
    ResultState state = ResultState::kUp;
    for (int64_t n = dice_.Pick(0, 14); n > 0; --n) {
      if (dice_.OneIn(2)) state = static_cast<ResultState>(dice_.Pick(0, 3));
      check.recorded.push_back({Time(), state});
    }
    if (dice_.OneIn(2)) {
      std::stable_sort(check.recorded.begin(), check.recorded.end(),
                       [](const Result& a, const Result& b) { return a.time_ms < b.time_ms; });
    }
    return check;
  }

  DrawnTarget Target() {
    DrawnTarget target;
    target.root = Group(2);
    Exclude(target.exclusions);
    target.versions.push_back(Version());
    target.from_ms.push_back(kTimeMinMs);
    for (int64_t at_ms = window_.start_ms; target.versions.size() < 3 && dice_.OneIn(2);) {
      const absl::StatusOr<Interval> month = MonthContaining(at_ms, zone_);
      NINES_CHECK(month.ok());
      target.from_ms.push_back(month->end_ms);
      target.versions.push_back(Version());
      at_ms = month->end_ms;
    }
    return target;
  }

  InputNode Group(int depth) {
    std::vector<InputNode> inputs;
    const int64_t count = dice_.Pick(depth == 2 ? 0 : 1, 3);
    for (int64_t i = 0; i < count; ++i) {
      if (depth > 0 && dice_.OneIn(5)) {
        inputs.push_back(Group(depth - 1));
      } else if (inner_ && dice_.OneIn(2)) {
        inputs.push_back(InputNode::Computed(0));
      } else {
        // One too many: nobody has that check.
        const int64_t last = dice_.OneIn(5) ? checks_ : std::max<int64_t>(checks_ - 1, 0);
        inputs.push_back(InputNode::Check(static_cast<size_t>(dice_.Pick(0, last))));
      }
    }
    const auto kind = static_cast<DownWhen::Kind>(dice_.Pick(0, 3));
    return InputNode::Group({kind, static_cast<int>(dice_.Pick(1, std::max<int64_t>(count, 1)))}, std::move(inputs));
  }

  Contract Version() {
    Contract contract;
    contract.time_zone = zone_;
    contract.objective_ppm = dice_.OneIn(3) ? 999'000 : dice_.Pick(0, 10) * 100'000;
    contract.min_coverage_ppm = dice_.Pick(0, 10) * 100'000;
    contract.min_outage_ms = dice_.OneIn(2) ? 0 : Steps(1, 20);
    contract.basis = static_cast<Basis>(dice_.Pick(0, 3));
    contract.no_data = static_cast<NoData>(dice_.Pick(0, 2));
    contract.degraded_counts_as = static_cast<DegradedCountsAs>(dice_.Pick(0, 1));
    if (dice_.OneIn(3)) contract.service_hours = Hours();
    contract.maintenance.excluded = !dice_.OneIn(6);
    contract.maintenance.notice_ms = Steps(0, 6);
    if (dice_.OneIn(2)) contract.maintenance.cap_ms_per_month = Steps(0, 40);
    return contract;
  }

  HoursOfDay OneDay() {
    HoursOfDay hours;
    for (int64_t n = dice_.Pick(0, 2); n > 0; --n) {
      const int open = static_cast<int>(dice_.Pick(0, 47));
      AddHours({open * 30, static_cast<int>(dice_.Pick(open + 1, 48)) * 30}, hours);
    }
    return hours;
  }

  ServiceHours Hours() {
    ServiceHours hours = ServiceHours::AlwaysOpen();
    if (!dice_.OneIn(4)) {
      for (HoursOfDay& day : hours.weekly) day = OneDay();
    }
    for (int day = -2; day <= 2; ++day) {
      const int64_t choice = dice_.Pick(0, 4);
      if (choice == 0) hours.closed_dates.insert(base_day_ + day);
      if (choice == 1) hours.open_dates[base_day_ + day] = OneDay();
    }
    return hours;
  }

  void Exclude(Exclusions& exclusions) {
    if (dice_.OneIn(4)) exclusions.in_service.start_ms = Time();
    if (dice_.OneIn(4)) {
      exclusions.in_service.end_ms = std::max(exclusions.in_service.start_ms, window_.start_ms) + Steps(1, kSteps);
    }
    constexpr State kRuled[] = {State::kUp, State::kDown, State::kExcluded};
    for (int64_t n = dice_.Pick(0, 3); n > 0; --n) {
      exclusions.rulings.push_back(
          {.interval = Span(), .state = kRuled[dice_.Pick(0, 2)], .revoked = dice_.OneIn(5), .id = std::to_string(n)});
    }
    for (int64_t n = dice_.Pick(0, 4); n > 0; --n) {
      MaintenanceWindow window;
      window.interval = Span();
      window.announced_ms = window.interval.start_ms - Steps(-2, 12);
      if (dice_.OneIn(4)) window.cancelled_ms = window.interval.start_ms + dice_.Pick(-2, 2);
      window.id = std::to_string(n);
      exclusions.maintenance.push_back(std::move(window));
    }
  }

  Dice dice_;
  std::string zone_;
  absl::CivilDay base_day_;
  int64_t step_ms_ = 1;
  Interval window_;
  int64_t checks_ = 0;
  bool inner_ = false;
};

}  // namespace nines::sla::drawn
