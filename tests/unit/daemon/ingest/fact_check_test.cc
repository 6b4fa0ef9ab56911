#include "daemon/ingest/fact_check.h"

#include <gmock/gmock.h>

#include "daemon/ingest/fact_form.h"
#include "tests/unit/daemon/ingest/world.h"
#include "wire/time.h"

namespace nines::ingest {
namespace {

using testing::HasSubstr;

class FactCheckTest : public testing::Test {
 protected:
  absl::Status Check(const ledger::NewFact& fact) { return CheckFact(fact, **world.catalogue->Get()); }
  absl::Status CheckScope(ledger::ScopeKind kind, const std::string& id, const std::string& sender) {
    ledger::NewFact fact = World::Incident("i-1", "portal", 1000, 2000);
    std::get<ledger::Declaration>(fact.body).scope = {kind, id};
    fact.provider = ProviderId(sender);
    return Check(fact);
  }
  static void ExpectError(const absl::Status& status, absl::StatusCode code, const std::string& words) {
    EXPECT_EQ(status.code(), code) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(words));
  }
  World world;
};

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
constexpr auto kDenied = absl::StatusCode::kPermissionDenied;

TEST_F(FactCheckTest, SpansEndAfterTheyStart) {
  EXPECT_TRUE(Check(World::Incident("i-1", "portal", 1000, 1001)).ok());
  ExpectError(Check(World::Incident("i-1", "portal", 1000, 1000)), kInvalid,
              "declaration tickets/i-1 ends (1970-01-01T00:00:01+00:00) at or before its start");
  ledger::NewFact open = World::Incident("i-1", "portal", 1000, 0);
  std::get<ledger::Declaration>(open.body).end_ms.reset();
  EXPECT_TRUE(Check(open).ok());
  ledger::Maintenance window;
  window.source = "plan";
  window.id = "m";
  window.scope = {ledger::ScopeKind::kTarget, "portal"};
  window.start_ms = 5;
  window.end_ms = 4;
  ExpectError(Check({"a", ProviderId("north"), window}), kInvalid, "maintenance plan/m ends");
}

TEST_F(FactCheckTest, NamesAreNeitherEmptyNorEndless) {
  ExpectError(Check(World::Incident("", "portal", 1, 2)), kInvalid, "declaration: id is empty");
  ExpectError(Check(World::Incident(std::string(201, 'x'), "portal", 1, 2)), kInvalid, "longer than 200 bytes");
  ExpectError(Check(World::Incident("a\nb", "portal", 1, 2)), kInvalid, "control characters");
  EXPECT_TRUE(Check(World::Incident("工单-1", "portal", 1, 2)).ok());
  ledger::NewFact nobody = World::Incident("i", "portal", 1, 2);
  nobody.author.clear();
  ExpectError(Check(nobody), kInvalid, "needs an author");
}

TEST_F(FactCheckTest, ScopesNameSomethingOfTheSender) {
  using enum ledger::ScopeKind;
  EXPECT_TRUE(CheckScope(kTarget, "portal", "north").ok());
  EXPECT_TRUE(CheckScope(kProvider, "north", "north").ok());
  EXPECT_TRUE(CheckScope(kRegion, "n-1", "north").ok());
  EXPECT_TRUE(CheckScope(kService, "web", "north").ok());
  EXPECT_TRUE(CheckScope(kService, "web", "south").ok());
  EXPECT_TRUE(CheckScope(kTarget, "shop", "").ok()) << "people speak for all";
  ExpectError(CheckScope(kTarget, "shop", "north"), kDenied, "the target 'shop', which is not of provider 'north'");
  ExpectError(CheckScope(kProvider, "south", "north"), kDenied, "the provider 'south'");
  ExpectError(CheckScope(kRegion, "s-1", "north"), kDenied, "the region 's-1'");
  ExpectError(CheckScope(kTarget, "x", "north"), kInvalid, "names the target 'x'");
  ExpectError(CheckScope(kProvider, "x", ""), kInvalid, "names the provider 'x'");
  ExpectError(CheckScope(kRegion, "x", ""), kInvalid, "names the region 'x'");
  ExpectError(CheckScope(kService, "x", ""), kInvalid, "names the service 'x'");
  ExpectError(CheckScope(kService, "", ""), kInvalid, "the id of its scope is empty");
}

TEST_F(FactCheckTest, RulingsAreForPeopleWithReasons) {
  ledger::Ruling ruling;
  ruling.id = "r";
  ruling.target = TargetId("portal");
  ruling.start_ms = 1;
  ruling.end_ms = 2;
  ruling.reason = "fire drill";
  EXPECT_TRUE(Check({"ann", ProviderId(), ruling}).ok());
  ExpectError(Check({"ann", ProviderId("north"), ruling}), kDenied, "providers do not rule");
  ruling.reason.clear();
  ExpectError(Check({"ann", ProviderId(), ruling}), kInvalid, "give a reason");
}

TEST(FactFormTest, SaysWhichFieldIsMissing) {
  v1::Declaration declaration;
  declaration.set_source("t");
  declaration.set_id("1");
  EXPECT_THAT(ReadDeclaration(declaration).status().ToString(), HasSubstr("declaration t/1: scope is missing"));
  declaration.mutable_scope()->set_target_id("portal");
  EXPECT_THAT(ReadDeclaration(declaration).status().ToString(), HasSubstr("start_time is missing"));
  *declaration.mutable_start_time() = wire::FromMs(1500);
  EXPECT_THAT(ReadDeclaration(declaration).status().ToString(), HasSubstr("impact is missing"));
  declaration.set_impact(static_cast<v1::Impact>(9));
  EXPECT_THAT(ReadDeclaration(declaration).status().ToString(), HasSubstr("impact is missing or unknown"));
  declaration.set_impact(v1::IMPACT_DEGRADED);
  const auto read = ReadDeclaration(declaration);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->start_ms, 1500);
  EXPECT_EQ(read->impact, ledger::Impact::kDegraded);
  EXPECT_FALSE(read->end_ms.has_value());
  declaration.mutable_end_time()->set_seconds(-1);
  EXPECT_THAT(ReadDeclaration(declaration).status().ToString(),
              HasSubstr("end_time is not a time between 1970 and 9999"));
  declaration.mutable_end_time()->set_seconds(253'402'300'800);
  EXPECT_FALSE(ReadDeclaration(declaration).ok());
  declaration.mutable_end_time()->set_seconds(253'402'300'799);
  EXPECT_TRUE(ReadDeclaration(declaration).ok());
}

}  // namespace
}  // namespace nines::ingest
