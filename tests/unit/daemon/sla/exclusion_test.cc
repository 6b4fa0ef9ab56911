#include "daemon/sla/exclusion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nines::sla {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr ExclusionReason kRuled = ExclusionReason::kRuling;
constexpr ExclusionReason kMaintained = ExclusionReason::kMaintenance;

Contract Terms(int64_t notice_ms, std::optional<int64_t> cap_ms) {
  Contract contract;
  contract.time_zone = "UTC";
  contract.maintenance = {.excluded = true, .notice_ms = notice_ms, .cap_ms_per_month = cap_ms};
  return contract;
}

Ruling Ruled(int64_t start_ms, int64_t end_ms, State state) {
  return {.interval = {start_ms, end_ms}, .state = state, .revoked = false, .id = ""};
}

MaintenanceWindow Window(int64_t start_ms, int64_t end_ms, int64_t announced_ms) {
  return {.interval = {start_ms, end_ms}, .announced_ms = announced_ms, .cancelled_ms = std::nullopt, .id = ""};
}

TEST(Overrides, TheFirstRuleThatHoldsGivesClassAndReason) {
  Exclusions exclusions;
  exclusions.in_service = {10, 90};
  exclusions.rulings = {Ruled(0, 30, State::kUp), Ruled(20, 50, State::kDown)};
  exclusions.maintenance = {Window(40, 95, 0)};
  EXPECT_THAT(OverridesOf(exclusions, Terms(40, std::nullopt), {0, 100}),
              ElementsAre(Override{{0, 10}, State::kExcluded, ExclusionReason::kNotInService},
                          Override{{10, 20}, State::kUp, kRuled}, Override{{20, 50}, State::kDown, kRuled, 1},
                          Override{{50, 90}, State::kExcluded, kMaintained},
                          Override{{90, 100}, State::kExcluded, ExclusionReason::kNotInService}));
  EXPECT_THAT(OverridesOf(exclusions, Terms(41, std::nullopt), {60, 80}), IsEmpty()) << "announced 1 ms late";
  EXPECT_THAT(OverridesOf(exclusions, Terms(40, std::nullopt), {80, 80}), IsEmpty());
}

TEST(Overrides, OutsideServiceHoursIsAskedBeforeRulings) {
  Contract contract = Terms(0, std::nullopt);
  contract.service_hours.emplace();
  AddHours({0, 1}, contract.service_hours->weekly[3]);  // the first minute of 1970
  Exclusions exclusions;
  exclusions.rulings = {Ruled(50'000, 70'000, State::kDown)};
  EXPECT_THAT(OverridesOf(exclusions, contract, {0, 80'000}),
              ElementsAre(Override{{50'000, 60'000}, State::kDown, kRuled},
                          Override{{60'000, 80'000}, State::kExcluded, ExclusionReason::kOutsideServiceHours}));
}

TEST(Overrides, ACapIsUsedUpFromTheStartOfTheMonth) {
  Exclusions exclusions;
  exclusions.maintenance = {Window(500, 600, 0), Window(100, 200, 0), Window(150, 220, 0)};
  const Contract contract = Terms(0, 150);
  const Override first = {{100, 200}, State::kExcluded, kMaintained, 1};
  const Override second = {{200, 220}, State::kExcluded, kMaintained, 2};
  const Override rest = {{500, 530}, State::kExcluded, kMaintained};
  EXPECT_THAT(OverridesOf(exclusions, contract, {0, 1000}), ElementsAre(first, second, rest));
  EXPECT_THAT(OverridesOf(exclusions, contract, {400, 1000}), ElementsAre(rest));
  EXPECT_THAT(OverridesOf(exclusions, Terms(0, 0), {0, 1000}), IsEmpty());
}

TEST(ApplyExclusions, KeepsTheWindowAndMergesEqualNeighbours) {
  Exclusions exclusions;
  exclusions.rulings = {Ruled(-50, 5, State::kUp), Ruled(20, 30, State::kUp), Ruled(95, 300, State::kExcluded)};
  const Timeline counted = {{0, 20, State::kUp}, {20, 40, State::kDown}, {40, 100, State::kUnknown}};
  EXPECT_EQ(
      ApplyExclusions(counted, exclusions, {}),
      (Timeline{{0, 30, State::kUp}, {30, 40, State::kDown}, {40, 95, State::kUnknown}, {95, 100, State::kExcluded}}));
  EXPECT_EQ(ApplyExclusions({}, exclusions, {}), Timeline{});
  EXPECT_EQ(ApplyExclusions(counted, {}, {}), counted);
}

TEST(ApplyExclusions, CountsAheadWhatIsKnown) {
  Exclusions exclusions;
  exclusions.in_service.end_ms = 900;
  exclusions.rulings = {Ruled(500, 600, State::kUp)};
  exclusions.maintenance = {Window(400, 700, 0)};
  EXPECT_EQ(ExcludedMs(exclusions, Terms(0, std::nullopt), {450, 1000}), 50 + 100 + 100);
  EXPECT_EQ(ExcludedMs(exclusions, Terms(0, std::nullopt), {1000, 450}), 0);
}

TEST(Contract, RefusesTermsOfMaintenanceThatAreNegative) {
  EXPECT_TRUE(Validate(Terms(0, 0)).ok());
  EXPECT_FALSE(Validate(Terms(-1, std::nullopt)).ok());
  EXPECT_FALSE(Validate(Terms(0, -1)).ok());
  Contract contract;
  contract.service_hours.emplace().weekly[0] = {{5, 4}};
  EXPECT_FALSE(Validate(contract).ok());
}

}  // namespace
}  // namespace nines::sla
