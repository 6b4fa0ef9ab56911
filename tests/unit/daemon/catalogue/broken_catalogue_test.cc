#include <gmock/gmock.h>

#include "tests/unit/daemon/catalogue/ledger_fixture.h"

namespace nines::catalogue {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// In force before every case.
constexpr char kInForceYaml[] = R"(
providers: [{id: a}, {id: b}]
regions: [{id: a-north, provider: a}]
agencies: [{id: tax}]
systems: [{id: filing, agency: tax}]
contracts: [{id: gold}]
targets: [{id: portal, provider: a}, {id: db, provider: a, region: a-north}, {id: whole, inputs: [{target: portal}]}]
checks: [{id: web, target: portal}]
)";

struct Broken {
  const char* yaml;
  const char* mistakes;  // all of them
};

class BrokenCatalogueTest : public LedgerFixture, public ::testing::WithParamInterface<Broken> {};

TEST_P(BrokenCatalogueTest, IsRefusedWithPlaceAndWords) {
  Apply(kInForceYaml);
  EXPECT_EQ(MistakesIn({{"c.yaml", GetParam().yaml}}), GetParam().mistakes);
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenCatalogueTest,
    ::testing::Values(
        Broken{"check:\n- id: x\n", "c.yaml:1:1: unknown key 'check'; did you mean 'checks'?"},
        Broken{"checks:\n- target: portal\n", "c.yaml:2:3: checks[0] has no id; give it one"},
        Broken{"checks:\n- {id: \"a\\x01b\", target: portal}\n",
               "c.yaml:2:8: checks[0].id: has a control character; remove it"},
        Broken{"checks:\n- {id: \"a\\u0085b\", target: portal}\n",
               "c.yaml:2:8: checks[0].id: has a control character; remove it"},
        Broken{"providers:\n- id: c\n- id: c\n",
               "c.yaml:3:7: provider 'c' stands twice, first at c.yaml:2:7; remove one"},
        Broken{"regions:\n- {id: r}\n", "c.yaml:2:3: regions[0].provider: is missing; write the id of the provider"},
        Broken{"regions:\n- {id: r, provider: z}\n",
               "c.yaml:2:21: regions[0].provider: there is no provider 'z'; did you mean 'a'?"},
        Broken{"systems:\n- id: s\n", "c.yaml:2:3: systems[0].agency: is missing; write the id of the agency"},
        Broken{"systems:\n- id: s\n  agency: taxes\n",
               "c.yaml:3:11: systems[0].agency: there is no agency 'taxes'; add it, or correct the id"},
        Broken{"targets:\n- {id: t, provider: acme}\n",
               "c.yaml:2:21: targets[0].provider: there is no provider 'acme'; add it, or correct the id"},
        Broken{"targets:\n- {id: t, region: a-nort, provider: a}\n",
               "c.yaml:2:19: targets[0].region: there is no region 'a-nort'; did you mean 'a-north'?"},
        Broken{"targets:\n- id: t\n  provider: b\n  region: a-north\n",
               "c.yaml:4:11: targets[0].region: region 'a-north' belongs to provider 'a', the target to 'b'; correct "
               "the region "
               "or the target's provider"},
        Broken{"targets:\n- id: t\n  region: a-north\n",
               "c.yaml:3:11: targets[0].region: region 'a-north' belongs to provider 'a', the target to none; correct "
               "the region "
               "or the target's provider"},
        Broken{"targets:\n- {id: t, system: fling}\n",
               "c.yaml:2:19: targets[0].system: there is no system 'fling'; did you mean 'filing'?"},
        Broken{"targets:\n- {id: t, contract: silver}\n",
               "c.yaml:2:21: targets[0].contract: there is no contract 'silver'; add it, or correct the id"},
        Broken{"targets:\n- {id: t, weight: 0}\n", "c.yaml:2:19: targets[0].weight: 0 is less than 1; write 1 or more"},
        Broken{"targets:\n- {id: t, down_when: most}\n",
               "c.yaml:2:22: targets[0].down_when: 'most' does not say how many inputs must be down; write any, all, "
               "majority or "
               "a number from 1 on"},
        Broken{"targets:\n- {id: t, down_when: 3, inputs: [web, {target: portal}]}\n",
               "c.yaml:2:22: targets[0].down_when: 3 of 2 inputs can never be down; write at most 2"},
        Broken{"targets:\n- {id: t, inputs: [{down_when: 2, inputs: [web]}]}\n",
               "c.yaml:2:32: targets[0].inputs[0].down_when: 2 of 1 inputs can never be down; write at most 1"},
        Broken{"targets:\n- {id: t, inputs: [{check: web, down_when: all}]}\n",
               "c.yaml:2:44: targets[0].inputs[0].down_when: has no inputs to count; remove it, or write inputs beside "
               "it"},
        Broken{"targets:\n- id: t\n  inputs:\n  - wbe\n",
               "c.yaml:4:5: targets[0].inputs[0].check: there is no check 'wbe'; add it, or correct the id"},
        Broken{
            "targets:\n- id: t\n  inputs:\n  - inputs:\n    - target: portl\n",
            "c.yaml:5:15: targets[0].inputs[0].inputs[0].target: there is no target 'portl'; did you mean 'portal'?"},
        Broken{"targets:\n- id: t\n  inputs:\n  - {}\n",
               "c.yaml:4:5: targets[0].inputs[0]: names nothing; write exactly one of check, target and inputs"},
        Broken{"targets:\n- id: t\n  inputs:\n  - check: web\n    target: db\n",
               "c.yaml:4:5: targets[0].inputs[0]: names several things; write exactly one of check, target and inputs"},
        Broken{"targets:\n- id: t\n  inputs:\n  - target: t\n",
               "c.yaml:4:13: targets[0].inputs[0].target: a target cannot be an input of itself: t → t; remove one of "
               "these "
               "inputs"},
        Broken{"targets:\n- {id: y, inputs: [{inputs: [{target: z}]}]}\n- {id: z, inputs: [web, {target: x}]}\n- {id: "
               "x, inputs: "
               "[{target: y}]}\n",
               "c.yaml:4:29: targets[2].inputs[0].target: a target cannot be an input of itself: x → y → z → x; remove "
               "one of "
               "these inputs"},
        Broken{"targets:\n- {id: portal, provider: a, inputs: [{target: whole}]}\n",
               "c.yaml:2:47: targets[0].inputs[0].target: a target cannot be an input of itself: portal → whole → "
               "portal; remove "
               "one of these inputs"},
        Broken{"contracts:\n- {id: c, objective_ppm: 1000001}\n",
               "c.yaml:2:26: contracts[0].objective_ppm: 1000001 is not between 0 and 1000000; write parts per "
               "million, or a "
               "percentage"},
        Broken{"contracts:\n- {id: c, min_coverage_ppm: -1}\n",
               "c.yaml:2:29: contracts[0].min_coverage_ppm: -1 is not between 0 and 1000000; write parts per million, "
               "or a "
               "percentage"},
        Broken{
            "contracts:\n- {id: c, time_zone: Asia/Shangai}\n",
            "c.yaml:2:22: contracts[0].time_zone: 'Asia/Shangai' is not a known time zone; write an IANA name such as "
            "Asia/Shanghai"},
        Broken{"contracts:\n- {id: c, time_zone: localtime}\n",
               "c.yaml:2:22: contracts[0].time_zone: 'localtime' is not a known time zone; write an IANA name such as "
               "Asia/Shanghai"},
        Broken{
            "contracts:\n- {id: c, basis: observd}\n",
            "c.yaml:2:18: contracts[0].basis: 'observd' is not one of observed, declared, either, both; did you mean "
            "'observed'?"},
        Broken{"contracts:\n- {id: c, degraded_counts_as: excluded}\n",
               "c.yaml:2:31: contracts[0].degraded_counts_as: 'excluded' is not one of up, down"},
        Broken{"contracts:\n- {id: c, no_data: \"\"}\n",
               "c.yaml:2:20: contracts[0].no_data: '' is not one of exclude, down, up"},
        Broken{"contracts:\n- {id: c, min_outage: unlimited}\n",
               "c.yaml:2:23: contracts[0].min_outage: must be a length of time; write e.g. 30s, or 0s for none"},
        Broken{"contracts:\n- {id: c, service_hours: {weekly: [{days: [mon, tu]}]}}\n",
               "c.yaml:2:49: contracts[0].service_hours.weekly[0].days[1]: 'tu' is not one of mon, tue, wed, thu, fri, "
               "sat, sun"},
        Broken{
            "contracts:\n- {id: c, service_hours: {weekly: [{open: '08:00'}]}}\n",
            "c.yaml:2:36: contracts[0].service_hours.weekly[0].days: names no day; write some of mon, tue, wed, thu, "
            "fri, sat, sun"},
        Broken{"contracts:\n- {id: c, service_hours: {weekly: [{days: [mon], open: '25:00'}]}}\n",
               "c.yaml:2:56: contracts[0].service_hours.weekly[0].open: '25:00' is not a time of day; write 00:00 to "
               "24:00 such as 08:30"},
        Broken{"contracts:\n- {id: c, service_hours: {weekly: [{days: [mon], open: '22:00', close: '06:00'}]}}\n",
               "c.yaml:2:72: contracts[0].service_hours.weekly[0].close: is not later than open; hours over midnight "
               "are two, one up to 24:00 and one from 00:00"},
        Broken{"contracts:\n- {id: c, service_hours: {closed_dates: [2025-02-29]}}\n",
               "c.yaml:2:42: contracts[0].service_hours.closed_dates[0]: '2025-02-29' is not a day; write one that "
               "exists such as 2025-01-26"},
        Broken{
            "contracts:\n- {id: c, service_hours: {open_dates: [{open: '08:00'}]}}\n",
            "c.yaml:2:40: contracts[0].service_hours.open_dates[0].date: '' is not a day; write one that exists such "
            "as 2025-01-26"},
        Broken{
            "contracts:\n- {id: c, service_hours: {closed_dates: [2025-01-01], open_dates: [{date: 2025-01-01}]}}\n",
            "c.yaml:2:75: contracts[0].service_hours.open_dates[0].date: '2025-01-01' is a closed date too; leave it "
            "in one of the lists"},
        Broken{
            "contracts:\n- {id: c, maintenance: {notice: unlimited}}\n",
            "c.yaml:2:33: contracts[0].maintenance.notice: must be a length of time; write e.g. 48h, or 0s for none"},
        Broken{"contracts:\n- {id: c, maintenance: {cap_per_month: -1h}}\n",
               "c.yaml:2:40: contracts[0].maintenance.cap_per_month: '-1h' is not a duration; write whole numbers "
               "with units, e.g. 250ms, 15s, 1h30m, 2d"},
        Broken{"contracts:\n- {id: c, credits: [{below_ppm: 99.9%}]}\n",
               "c.yaml:2:21: contracts[0].credits[0].credit_ppm: 0 is not between 1 and 1000000; write parts per "
               "million, or a percentage"},
        Broken{
            "contracts:\n- {id: c, credits: [{below_ppm: 99%, credit_ppm: 10%}, {below_ppm: 99%, credit_ppm: 20%}]}\n",
            "c.yaml:2:68: contracts[0].credits[1].below_ppm: another tier begins there too; remove one"},
        Broken{
            "contracts:\n- {id: c, credits: [{below_ppm: 99%, credit_ppm: 10%}, {below_ppm: 95%, credit_ppm: 10%}]}\n",
            "c.yaml:2:85: contracts[0].credits[1].credit_ppm: must be larger than that of every tier for a better "
            "availability, and smaller than that of every tier for a worse one"},
        Broken{"targets:\n- {id: t, in_service_from: 2025-01-10T00:00:00+08:00, in_service_to: "
               "2025-01-10T00:00:00+08:00}\n",
               "c.yaml:2:70: targets[0].in_service_to: is not later than in_service_from; correct one of them"},
        Broken{"targets:\n- {id: t, monthly_fee_fen: -1}\n",
               "c.yaml:2:28: targets[0].monthly_fee_fen: -1 is not between 0 and 1000000000000; write the fee in fen"},
        Broken{"checks:\n- {id: k, target: protal}\n",
               "c.yaml:2:19: checks[0].target: there is no target 'protal'; did you mean 'portal'?"},
        Broken{"checks:\n- {id: k, provider: c}\n",
               "c.yaml:2:21: checks[0].provider: there is no provider 'c'; did you mean 'a'?"},
        Broken{"checks:\n- id: k\n",
               "c.yaml:2:3: checks[0].provider: is missing, and there is no target to take it from; write whose "
               "collector sends "
               "the results"},
        Broken{"checks:\n- {id: k, target: whole}\n",
               "c.yaml:2:3: checks[0].provider: is missing, and target 'whole' has none either; write whose collector "
               "sends the "
               "results"},
        Broken{"checks:\n- {id: k, target: db, interval: 0s}\n",
               "c.yaml:2:33: checks[0].interval: must be longer than 0s, and limited; write e.g. 15s"},
        Broken{"checks:\n- {id: k, target: db, interval: unlimited}\n",
               "c.yaml:2:33: checks[0].interval: must be longer than 0s, and limited; write e.g. 15s"},
        Broken{"checks:\n- {id: k, target: db, hold: 0s}\n",
               "c.yaml:2:29: checks[0].hold: must be longer than 0s; write e.g. 45s, or unlimited for a source that "
               "reports only "
               "changes"},
        Broken{"checks:\n- {id: k, target: db, down_after: 0}\n",
               "c.yaml:2:35: checks[0].down_after: 0 is less than 1; write 1 or more"},
        Broken{"regions:\n- {id: a-north, provider: b}\n",
               "c.yaml:2:3: regions[0] breaks target 'db', which is in force: region: region 'a-north' belongs to "
               "provider 'b', the "
               "target to 'a'; correct the region or the target's provider"},
        Broken{"targets:\n- {id: portal}\n",
               "c.yaml:2:3: targets[0] breaks check 'web', which is in force: provider: is missing, and target "
               "'portal' has none "
               "either; write whose collector sends the results"}));

using BrokenFilesTest = LedgerFixture;

TEST_F(BrokenFilesTest, IdsThatAreTooLong) {
  EXPECT_EQ(MistakesIn({{"c.yaml", "providers: [{id: " + std::string(200, 'x') + "}]"}}), "");
  EXPECT_EQ(MistakesIn({{"c.yaml", "providers: [{id: " + std::string(201, 'x') + "}]"}}),
            "c.yaml:1:18: providers[0].id: longer than 200 bytes; shorten it");
}

TEST_F(BrokenFilesTest, AllMistakesOfAllFilesInTheirOrder) {
  EXPECT_EQ(MistakesIn({{"1.yaml", "checks:\n- {id: k, target: t, hold: 0s}\nsystems:\n- {id: s, agency: z}\n"},
                        {"2.yaml", "targets:\n- {id: t, provider: p}\n"},
                        {"3.yaml", "agencies: [{id: z}]"}}),
            "1.yaml:2:28: checks[0].hold: must be longer than 0s; write e.g. 45s, or unlimited for a source that "
            "reports only "
            "changes\n"
            "2.yaml:2:21: targets[0].provider: there is no provider 'p'; add it, or correct the id");
}

TEST_F(BrokenFilesTest, AnEntryInTwoFiles) {
  EXPECT_EQ(MistakesIn({{"1.yaml", "providers: [{id: a}]"}, {"2.yaml", "\nproviders: [{id: a}]"}}),
            "2.yaml:2:18: provider 'a' stands twice, first at 1.yaml:1:18; remove one");
}

TEST_F(BrokenFilesTest, WhatPruningWouldRetireThoughItIsReferredTo) {
  Apply("providers: [{id: a}]\ntargets: [{id: t, provider: a}]");
  EXPECT_EQ(MistakesIn({{"c.yaml", "targets: [{id: t, provider: a}]"}}), "");
  EXPECT_EQ(MistakesIn({{"c.yaml", "targets: [{id: t, provider: a}]"}}, Prune::kYes),
            "c.yaml:1:29: targets[0].provider: provider 'a' is in force, but stands in none of the files, so that "
            "pruning would "
            "retire it; add it");
}

TEST_F(BrokenFilesTest, SeveralCirclesAreAllNamedOnce) {
  const std::string mistakes = MistakesIn({{"c.yaml", R"(
targets:
- {id: a, inputs: [{target: b}]}
- {id: b, inputs: [{target: a}]}
- {id: c, inputs: [{target: d}, {target: a}]}
- {id: d, inputs: [{target: c}]}
- {id: outside, inputs: [{target: a}, {target: c}]}
)"}});
  EXPECT_THAT(mistakes,
              HasSubstr("c.yaml:3:29: targets[0].inputs[0].target: a target cannot be an input of itself: a → b → a;"));
  EXPECT_THAT(mistakes,
              HasSubstr("c.yaml:5:29: targets[2].inputs[0].target: a target cannot be an input of itself: c → d → c;"));
  EXPECT_EQ(std::count(mistakes.begin(), mistakes.end(), '\n'), 1);
}

TEST_F(BrokenFilesTest, ALineBreakInAnIdDoesNotMakeTwoLines) {
  EXPECT_THAT(MistakesIn({{"c.yaml", "targets: [{id: t, provider: \"a\\nb\"}]"}}),
              StartsWith("c.yaml:1:29: targets[0].provider: there is no provider 'a\\nb'; add it"));
}

}  // namespace
}  // namespace nines::catalogue
