#include <gtest/gtest.h>

#include <algorithm>

#include "daemon/sla/account.h"
#include "daemon/sla/exclusion.h"
#include "tests/model/seeded_cases.h"
#include "tests/model/sla_naive_exclusion.h"

// Properties of section 6 over random worlds, calendars and facts.
namespace nines::sla {
namespace {

using naive::Calendar;
using naive::kFirst;
using naive::kLast;
using naive::kUnitMs;
using naive::Pick;

Timeline TimelineOf(const std::vector<State>& states, const Calendar& calendar) {
  Timeline timeline;
  for (size_t at = 0; at < states.size(); ++at) {
    const int64_t unit = kFirst + static_cast<int64_t>(at);
    AppendSpan(timeline, calendar.TimeMs(unit), calendar.TimeMs(unit + 1), states[at]);
  }
  return timeline;
}

struct Drawn {
  Calendar calendar;
  std::vector<State> states;  // that the basis gives
  Timeline counted;
};

Drawn Draw(std::mt19937_64& random) {
  Drawn drawn;
  drawn.states = naive::CountedStates(naive::RandomWorld(random));
  drawn.calendar = naive::RandomCalendar(random);
  drawn.counted = TimelineOf(drawn.states, drawn.calendar);
  return drawn;
}

// Anywhere, not only where units begin.
Interval RandomWindow(std::mt19937_64& random, const Calendar& calendar) {
  const int64_t start_ms = Pick(random, calendar.TimeMs(kFirst), calendar.TimeMs(kLast) - 1);
  return {start_ms, Pick(random, start_ms + 1, calendar.TimeMs(kLast))};
}

TEST(SlaExclusionProperty, EqualsTheNaiveModel) {
  int64_t excluded = 0;
  ForEachCase([&](std::mt19937_64& random) {
    const Drawn drawn = Draw(random);
    ASSERT_TRUE(Validate(drawn.calendar.contract).ok());
    const std::vector<State> expected = naive::AfterExclusions(drawn.states, drawn.calendar);
    ASSERT_EQ(ApplyExclusions(drawn.counted, drawn.calendar.exclusions, drawn.calendar.contract),
              TimelineOf(expected, drawn.calendar));
    excluded += std::count(expected.begin(), expected.end(), State::kExcluded);
  });
  EXPECT_GT(excluded, 0);
}

TEST(SlaExclusionProperty, AnyWindowGetsTheAnswerOfTheWhole) {
  ForEachCase([](std::mt19937_64& random) {
    const Drawn drawn = Draw(random);
    const Exclusions& exclusions = drawn.calendar.exclusions;
    const Contract& contract = drawn.calendar.contract;
    const Interval window = RandomWindow(random, drawn.calendar);
    EXPECT_EQ(ApplyExclusions(Clip(drawn.counted, window), exclusions, contract),
              Clip(ApplyExclusions(drawn.counted, exclusions, contract), window));
  });
}

TEST(SlaExclusionProperty, AccountsPartitionThePeriodAndAddUp) {
  ForEachCase([](std::mt19937_64& random) {
    const Drawn drawn = Draw(random);
    const Exclusions& exclusions = drawn.calendar.exclusions;
    const Contract& contract = drawn.calendar.contract;
    const Interval period = Intersect(RandomWindow(random, drawn.calendar), WindowOf(drawn.counted));
    if (period.empty()) return;
    const Account whole = AccountOf(ApplyExclusions(drawn.counted, exclusions, contract), period);
    EXPECT_EQ(whole.total_ms(), period.length_ms());
    EXPECT_EQ(ExcludedMs(exclusions, contract, period), whole.excluded_ms);
    Account sum;
    for (int64_t from = period.start_ms; from < period.end_ms;) {
      const int64_t to = std::min(period.end_ms, from + Pick(random, 1, 30 * kUnitMs));
      sum += AccountOf(ApplyExclusions(Clip(drawn.counted, {from, to}), exclusions, contract), {from, to});
      from = to;
    }
    EXPECT_EQ(sum, whole);
  });
}

TEST(SlaExclusionProperty, TheBudgetIsTheSameWhateverTheTime) {
  ForEachCase([](std::mt19937_64& random) {
    const Drawn drawn = Draw(random);
    const Exclusions& exclusions = drawn.calendar.exclusions;
    const Contract& contract = drawn.calendar.contract;
    const Interval period = RandomWindow(random, drawn.calendar);
    const auto budget_at = [&](int64_t now_ms) {
      Timeline counted;
      AppendSpan(counted, drawn.calendar.TimeMs(kFirst), now_ms, State::kUp);
      const Interval ahead = {std::max(period.start_ms, now_ms), period.end_ms};
      return Assess(ApplyExclusions(counted, exclusions, contract), period, contract, now_ms,
                    ExcludedMs(exclusions, contract, ahead))
          .budget_ms;
    };
    const int64_t now_ms = Pick(random, drawn.calendar.TimeMs(kFirst), drawn.calendar.TimeMs(kLast));
    EXPECT_EQ(budget_at(now_ms), budget_at(drawn.calendar.TimeMs(kLast)));
  });
}

}  // namespace
}  // namespace nines::sla
