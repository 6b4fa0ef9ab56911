#include "daemon/catalogue/contract_file.h"

#include <gmock/gmock.h>

#include "base/text.h"

namespace nines::catalogue {
namespace {

std::string MistakesOf(const std::string& yaml) {
  const absl::Status status = ReadContractFile({"c.yaml", yaml}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(FromAbsl(status.message()));
}

TEST(ContractFileTest, IsReadAsInACatalogue) {
  const auto contract = ReadContractFile({"c.yaml", R"(
contracts:
- id: strict
  objective_ppm: 99.99%
  time_zone: UTC
  basis: either
  credits: [{below_ppm: 99.9%, credit_ppm: 10%}]
)"});
  ASSERT_TRUE(contract.ok()) << contract.status();
  EXPECT_EQ(contract->id, ContractId("strict"));
  EXPECT_EQ(contract->position, FactId());
  EXPECT_EQ(contract->from_ms, kTimeMinMs);
  EXPECT_EQ(contract->terms.objective_ppm, 999'900);
  EXPECT_EQ(contract->terms.time_zone, "UTC");
  EXPECT_EQ(contract->terms.basis, sla::Basis::kEither);
  EXPECT_EQ(contract->terms.credits, (std::vector<sla::CreditTier>{{999'000, 100'000}}));
  EXPECT_EQ(contract->terms.min_coverage_ppm, 900'000);
}

TEST(ContractFileTest, MistakesHaveTheirPlace) {
  EXPECT_THAT(MistakesOf("contracts:\n- {id: c, objective: 99.9%}\n"),
              testing::StartsWith("c.yaml:2:11: unknown key 'objective'"));
  EXPECT_EQ(MistakesOf("contracts:\n- {id: c, basis: observd}\n"),
            "c.yaml:2:18: contracts[0].basis: 'observd' is not one of observed, declared, either, both; did you mean "
            "'observed'?");
  EXPECT_EQ(MistakesOf("contracts:\n- {objective_ppm: 99.9%}\n"), "c.yaml:2:3: contracts[0] has no id; give it one");
}

TEST(ContractFileTest, HoldsOneContractForAllTimeAndNothingElse) {
  EXPECT_EQ(MistakesOf(""), "c.yaml:1:1: holds no contract; write one under contracts");
  EXPECT_EQ(MistakesOf("contracts:\n- id: b\n- id: a\n"),
            "c.yaml:3:7: contracts[1] is one contract too many; write one and nothing else");
  EXPECT_EQ(MistakesOf("contracts:\n- id: c\nagencies:\n- id: tax\n"),
            "c.yaml:4:7: agencies[0] is no contract; write one contract and nothing else");
  EXPECT_EQ(MistakesOf("contracts:\n- id: c\n  effective_from: 2026-05\n"),
            "c.yaml:3:19: contracts[0].effective_from: this contract is taken to hold for all time; remove the month");
}

}  // namespace
}  // namespace nines::catalogue
