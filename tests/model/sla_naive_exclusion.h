#pragma once

#include <random>
#include <string>
#include <vector>

#include "daemon/sla/exclusion.h"
#include "tests/model/sla_naive.h"

// SLA.md section 6 asked half hour by half hour, with the clock of the zone in hand.
namespace nines::naive {

inline constexpr int64_t kUnitMs = 30 * 60'000;  // all hours, spans and changes of the zones used are multiples of it

// The times of a World are units from `base_ms` on; a month of the zone ends, or its clocks change, or both.
struct Calendar {
  int64_t base_ms = 0;
  sla::Contract contract;  // its zone, service hours and maintenance terms
  sla::Exclusions exclusions;

  int64_t TimeMs(int64_t unit) const { return base_ms + unit * kUnitMs; }
};

Calendar RandomCalendar(std::mt19937_64& random);

// From kFirst on, one state a unit.
std::vector<State> AfterExclusions(const std::vector<State>& counted, const Calendar& calendar);

}  // namespace nines::naive
