#include <gmock/gmock.h>

#include "daemon/report/report.h"
#include "tests/unit/daemon/report/supervised_world.h"

namespace nines::report {
namespace {

// Three targets in two regions; a has 1 h of outage in January 2025, b 10 h, c is up.
class GroupReportTest : public testing::Test {
 protected:
  GroupReportTest() {
    world_.clock.SetWall(absl::FromUnixMillis(Ms("2025-02-01 00:00:00")));
    Add("a", "east", 1, "2025-01-10 01:00:00");
    Add("b", "east", 3, "2025-01-10 10:00:00");
    Add("c", "west", 1, "2025-01-10 00:00:00");
  }
  void Add(const std::string& id, const std::string& region, int weight, std::string_view up_again) {
    v1::Target target = world_.Target(id);
    target.set_region(region);
    target.set_weight(weight);
    if (id == "a") target.set_system("his");
    world_.Record({world_.Entry("target", target), world_.Entry("check", world_.Check(id + "-web", id, -1))});
    world_.Store(id + "-web",
                 {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2025-01-10 00:00:00"), kDown}, {Ms(up_again), kUp}});
  }
  Report By(GroupBy group_by) {
    // Groups are of all that match, whatever the page.
    return Must(reporter_.Build({PeriodKind::kMonth, "2025-01", {}}, {}, "", 1, {.group_by = group_by}));
  }

  SupervisedWorld world_;
  Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
};

TEST_F(GroupReportTest, RegionsArePooledByWeight) {
  const Report report = By(GroupBy::kRegion);
  ASSERT_EQ(report.groups.size(), 2u);
  const Group& east = report.groups[0];
  EXPECT_EQ(east.id, "east");
  EXPECT_EQ(east.members, 2u);
  // (743 + 3 * 734) / (4 * 744) = 0.98958333…
  EXPECT_EQ(east.pooled.Percent(), "98.9583");
  EXPECT_EQ(east.worst, TargetId("b"));
  EXPECT_EQ(east.pooled.breached, 2);
  const Group& west = report.groups[1];
  EXPECT_EQ(west.id, "west");
  EXPECT_EQ(west.pooled.Percent(), "100.0000");
  EXPECT_EQ(west.pooled.met, 1);
  EXPECT_EQ(report.pooled.met + report.pooled.breached, 3);
}

TEST_F(GroupReportTest, TargetsThatNameNoneAreAGroupOfTheirOwn) {
  const Report report = By(GroupBy::kAgency);
  ASSERT_EQ(report.groups.size(), 2u);
  EXPECT_EQ(report.groups[0].id, "");
  EXPECT_EQ(report.groups[0].members, 2u);
  EXPECT_EQ(report.groups[1].id, "health");
  EXPECT_EQ(report.groups[1].name.zh, "health");
  EXPECT_EQ(report.groups[1].worst, TargetId("a"));
  EXPECT_EQ(By(GroupBy::kProvider).groups.size(), 1u);
  EXPECT_EQ(By(GroupBy::kService).groups.size(), 1u);
  EXPECT_TRUE(By(GroupBy::kNothing).groups.empty());
}

}  // namespace
}  // namespace nines::report
