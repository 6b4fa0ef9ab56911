#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/scenario/script.h"

namespace nines::scenario {
namespace {

std::vector<std::filesystem::path> Scripts() {
  std::vector<std::filesystem::path> scripts;
  for (const auto& entry : std::filesystem::directory_iterator(NINES_SOURCE_DIR "/tests/scenario")) {
    if (entry.path().extension() == ".scn") scripts.push_back(entry.path());
  }
  std::sort(scripts.begin(), scripts.end());
  return scripts;
}

class Scenario : public testing::TestWithParam<std::filesystem::path> {};

// "===" begins the next script of the file.
TEST_P(Scenario, ComesOutAsWritten) {
  std::ifstream file(GetParam());
  ASSERT_TRUE(file);
  Script script;
  int number = 0;
  int expectations = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.starts_with("===")) {
      script = Script();
      continue;
    }
    const std::string wrong = script.Run(line);
    if (!wrong.empty()) ADD_FAILURE_AT(GetParam().c_str(), number) << line << "\n  " << wrong;
    if (line.starts_with("expect")) ++expectations;
  }
  EXPECT_GT(expectations, 0) << "a script that expects nothing cannot fail";
}

INSTANTIATE_TEST_SUITE_P(Sla, Scenario, testing::ValuesIn(Scripts()), [](const auto& info) {
  std::string name = info.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

using Pair = std::pair<std::string, std::string>;

Pair PairOf(std::string a, std::string b) { return a < b ? Pair(a, b) : Pair(b, a); }

// What "# Pairs: hold stale, hold k_of_n" lines say that a script is about.
std::set<Pair> PairsWithScript() {
  std::set<Pair> pairs;
  constexpr std::string_view kMark = "# Pairs:";
  for (const std::filesystem::path& path : Scripts()) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
      if (!line.starts_with(kMark)) continue;
      std::replace(line.begin(), line.end(), ',', ' ');
      std::istringstream words(line.substr(kMark.size()));
      for (std::string a, b; words >> a >> b;) pairs.insert(PairOf(a, b));
    }
  }
  return pairs;
}

// README.md says why some cannot meet.
bool CannotMeet(const Pair& pair) {
  const std::set<std::string> of_time = {"down_after", "hold",          "stale",  "k_of_n",     "min_outage",
                                         "declared",   "service_hours", "ruling", "maintenance"};
  const std::set<std::string> of_sums = {"credits", "groups"};
  if (of_sums.contains(pair.first) && of_sums.contains(pair.second)) return true;
  if (of_sums.contains(pair.first) && of_time.contains(pair.second)) return true;
  if (of_sums.contains(pair.second) && of_time.contains(pair.first)) return true;
  return pair == PairOf("min_coverage", "down_after") || pair == PairOf("min_coverage", "min_outage") ||
         pair == PairOf("k_of_n", "versions");
}

TEST(ScenarioPairs, EveryPairOfRulesThatCanMeetHasAScript) {
  const std::vector<std::string> rules = {
      "down_after", "hold",        "stale",    "k_of_n",  "min_outage", "declared",     "in_service", "service_hours",
      "ruling",     "maintenance", "degraded", "no_data", "versions",   "min_coverage", "credits",    "groups"};
  std::set<Pair> scripts = PairsWithScript();
  for (size_t i = 0; i < rules.size(); ++i) {
    for (size_t k = 0; k < i; ++k) {
      const Pair pair = PairOf(rules[i], rules[k]);
      const bool found = scripts.erase(pair) > 0;
      EXPECT_NE(found, CannotMeet(pair)) << pair.first << " and " << pair.second;
    }
  }
  for (const Pair& pair : scripts) ADD_FAILURE() << "no rules: " << pair.first << " and " << pair.second;
}

TEST(ScenarioLanguage, SaysWhatIsWrong) {
  for (const char* line : {"perhaps",
                           "period 2025-13 UTC",
                           "period 2025-01 Mars",
                           "objective 101%",
                           "at 10T08 web up",
                           "at 10T08:00 nobody up",
                           "check web every",
                           "expect nothing 5",
                           "expect unknown 1",
                           "expect outage 1 from start to end",
                           "expect met",
                           "contract from 2025",
                           "fee 10 monthly",
                           "fee 10.5 a month",
                           "target",
                           "expect rule at start maintenance m-1",
                           "expect refused at start cancelled m-1",
                           "expect credits 1.00",
                           "expect credit of 2025-01 10.0000% 1.00",
                           "expect burn over 2m none",
                           "expect end of budget start"}) {
    Script script;
    EXPECT_NE(script.Run(line), "") << line;
  }
}

}  // namespace
}  // namespace nines::scenario
