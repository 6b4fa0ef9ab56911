#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
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

TEST(ScenarioLanguage, SaysWhatIsWrong) {
  for (const char* line : {"perhaps", "period 2025-13 UTC", "period 2025-01 Mars", "objective 101%", "at 10T08 web up",
                           "at 10T08:00 nobody up", "check web every", "expect nothing 5", "expect unknown 1",
                           "expect outage 1 from start to end", "expect met"}) {
    Script script;
    EXPECT_NE(script.Run(line), "") << line;
  }
}

}  // namespace
}  // namespace nines::scenario
