#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <random>
#include <string>

namespace nines {

// Every case has a seed of its own, which is printed where it fails; then the test ends. NINES_SEED and NINES_CASES
// choose other cases than the usual ones.
inline void ForEachCase(const std::function<void(std::mt19937_64&)>& run, int64_t usual_cases = 3'000) {
  const auto from_environment = [](const char* name, int64_t usual) {
    const char* value = std::getenv(name);
    return value == nullptr ? usual : std::atoll(value);
  };
  const int64_t first_seed = from_environment("NINES_SEED", 1);
  const int64_t cases = from_environment("NINES_CASES", usual_cases);
  for (int64_t seed = first_seed; seed < first_seed + cases && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("to repeat: NINES_CASES=1 NINES_SEED=" + std::to_string(seed));
    std::mt19937_64 random(seed);
    run(random);
  }
}

}  // namespace nines
