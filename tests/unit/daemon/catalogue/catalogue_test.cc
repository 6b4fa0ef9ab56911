#include "daemon/catalogue/catalogue.h"

#include <gmock/gmock.h>

#include "daemon/catalogue/cache.h"
#include "daemon/catalogue/circles.h"
#include "tests/unit/daemon/catalogue/ledger_fixture.h"

namespace nines::catalogue {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kWorld[] = R"(
providers: [{id: a, name: {zh: 甲}}, {id: b, name: B}, {id: watch}]
regions: [{id: a-north, provider: a}]
agencies: [{id: tax, name: {en: Tax}}]
systems: [{id: filing, agency: tax}]
contracts: [{id: gold, objective_ppm: 99.95%, time_zone: UTC, basis: either, degraded_counts_as: down, no_data: up,
             min_coverage_ppm: 50%, min_outage: 1m}]
targets:
- {id: db, provider: a, region: a-north, service: database, down_when: 2}
- {id: portal, provider: a, system: filing, contract: gold, weight: 7, down_when: majority,
   inputs: [web, {target: db}, {down_when: all, inputs: [other, {check: web}]}]}
- {id: all, inputs: [{target: portal}]}
- {id: empty, provider: b, service: database}
checks:
- {id: db-2, target: db, hold: 20s, down_after: 3}
- {id: db-1, target: db, provider: watch, interval: 10s}
- {id: web, provider: watch, hold: unlimited}
- {id: other, target: empty}
- {id: unused, provider: b}
)";

class CatalogueTest : public LedgerFixture {
 protected:
  std::shared_ptr<const Catalogue> Build() {
    auto catalogue = BuildCatalogue(*ledger_);
    EXPECT_TRUE(catalogue.ok()) << catalogue.status();
    return *catalogue;
  }

  // "add target portal", …
  std::vector<std::string> Changes(const std::string& yaml, Prune prune = Prune::kNo) {
    std::vector<std::string> lines;
    const std::vector<Change> changes = *Diff({{"f.yaml", yaml}}, prune, *ledger_);
    for (const Change& change : changes) {
      const char* verbs[] = {"?", "add", "change", "retire"};
      EXPECT_EQ(change.before_bytes.empty(), change.action == v1::CHANGE_ACTION_ADD);
      EXPECT_EQ(change.after_bytes.empty(), change.action == v1::CHANGE_ACTION_RETIRE);
      lines.push_back(StrCat(verbs[change.action], " ", change.kind, " ", change.id));
    }
    return lines;
  }
};

TEST_F(CatalogueTest, NothingYet) {
  EXPECT_THAT(Build()->targets, IsEmpty());
  EXPECT_EQ(Build()->position, FactId(0));
}

TEST_F(CatalogueTest, NamesFallBackToTheOtherLanguageAndTheId) {
  Apply(kWorld);
  const auto catalogue = Build();
  EXPECT_EQ(catalogue->providers.at(ProviderId("a")).en, "甲");
  EXPECT_EQ(catalogue->providers.at(ProviderId("b")).zh, "B");
  EXPECT_EQ(catalogue->providers.at(ProviderId("watch")).zh, "watch");
  EXPECT_EQ(catalogue->agencies.at(AgencyId("tax")).zh, "Tax");
  EXPECT_EQ(catalogue->systems.at(SystemId("filing")).en, "filing");
  EXPECT_EQ(catalogue->targets.at(TargetId("portal")).name.zh, "portal");
  EXPECT_EQ(catalogue->position, ledger_->LastPosition());
}

TEST_F(CatalogueTest, TargetsHaveTheirTermsAndInputs) {
  Apply(kWorld);
  const auto catalogue = Build();
  const Target& portal = catalogue->targets.at(TargetId("portal"));
  EXPECT_EQ(portal.provider, ProviderId("a"));
  EXPECT_EQ(portal.agency, AgencyId("tax"));
  EXPECT_EQ(portal.weight, 7);
  EXPECT_EQ(portal.contracts.back().id, ContractId("gold"));
  EXPECT_EQ(std::get<ledger::CatalogueChange>(ledger_->Get(portal.contracts.back().position)->body).id, "gold");
  EXPECT_EQ(portal.contracts.back().terms, (sla::Contract{.objective_ppm = 999'500,
                                                          .time_zone = "UTC",
                                                          .basis = sla::Basis::kEither,
                                                          .degraded_counts_as = sla::DegradedCountsAs::kDown,
                                                          .no_data = sla::NoData::kUp,
                                                          .min_coverage_ppm = 500'000,
                                                          .min_outage_ms = 60'000,
                                                          .credits = {}}));
  EXPECT_EQ(portal.root.down_when, (sla::DownWhen{sla::DownWhen::Kind::kMajority}));
  ASSERT_EQ(portal.root.inputs.size(), 3u);
  EXPECT_EQ(portal.root.inputs[0].check, CheckId("web"));
  EXPECT_EQ(portal.root.inputs[1].target, TargetId("db"));
  EXPECT_EQ(portal.root.inputs[2].down_when, (sla::DownWhen{sla::DownWhen::Kind::kAll}));
  EXPECT_EQ(portal.root.inputs[2].inputs[1].check, CheckId("web"));

  const Target& db = catalogue->targets.at(TargetId("db"));
  EXPECT_EQ(db.contracts.back().position, FactId(0));
  EXPECT_EQ(db.contracts.back().terms, sla::Contract{});
  EXPECT_EQ(db.weight, 1);
  EXPECT_EQ(db.root.down_when, (sla::DownWhen{sla::DownWhen::Kind::kNumber, 2}));
  ASSERT_EQ(db.root.inputs.size(), 2u) << "every check that names it";
  EXPECT_EQ(db.root.inputs[0].check, CheckId("db-1")) << "by id";
  EXPECT_EQ(db.root.inputs[1].check, CheckId("db-2"));
}

TEST_F(CatalogueTest, ContractsHaveHoursMaintenanceAndCredits) {
  Apply(R"(
contracts:
- id: office
  service_hours:
    weekly:
    - {days: [mon, fri], open: "08:00", close: "12:00"}
    - {days: [mon], open: "13:00"}
    closed_dates: [2025-01-01]
    open_dates: [{date: 2025-01-26, close: "18:00"}]
  maintenance: {excluded: false, notice: 3d, cap_per_month: 4h}
  credits: [{below_ppm: 99.9%, credit_ppm: 10%}, {below_ppm: 95%, credit_ppm: 100%}]
- {id: holidays, service_hours: {closed_dates: [2025-10-01]}, maintenance: {cap_per_month: unlimited}}
targets:
- {id: a, contract: office, in_service_from: 2025-01-10T00:00:00+08:00, in_service_to: 2026-01-01T00:00:00+08:00,
   monthly_fee_fen: 123456789}
- {id: b, contract: holidays}
)");
  const auto catalogue = Build();
  const Target& a = catalogue->targets.at(TargetId("a"));
  sla::ServiceHours office;
  office.weekly[0] = {{8 * 60, 12 * 60}, {13 * 60, 24 * 60}};
  office.weekly[4] = {{8 * 60, 12 * 60}};
  office.closed_dates = {absl::CivilDay(2025, 1, 1)};
  office.open_dates = {{absl::CivilDay(2025, 1, 26), {{0, 18 * 60}}}};
  EXPECT_EQ(a.contracts.back().terms.service_hours, office);
  EXPECT_EQ(a.contracts.back().terms.maintenance,
            (sla::MaintenanceTerms{.excluded = false, .notice_ms = 259'200'000, .cap_ms_per_month = 14'400'000}));
  EXPECT_THAT(a.contracts.back().terms.credits,
              ElementsAre(sla::CreditTier{999'000, 100'000}, sla::CreditTier{950'000, 1'000'000}));
  EXPECT_EQ(a.in_service, (Interval{1736438400000, 1767196800000}));
  EXPECT_EQ(a.contracts.back().monthly_fee_fen, 123'456'789);
  const Target& b = catalogue->targets.at(TargetId("b"));
  sla::ServiceHours holidays = sla::ServiceHours::AlwaysOpen();
  holidays.closed_dates = {absl::CivilDay(2025, 10, 1)};
  EXPECT_EQ(b.contracts.back().terms.service_hours, holidays);
  EXPECT_EQ(b.contracts.back().terms.maintenance, sla::MaintenanceTerms());
  EXPECT_EQ(b.in_service, (Interval{kTimeMinMs, kTimeMaxMs}));
  EXPECT_EQ(b.contracts.back().monthly_fee_fen, std::nullopt);
}

TEST_F(CatalogueTest, ChecksHaveTheirRules) {
  Apply(kWorld);
  const auto catalogue = Build();
  const auto& checks = catalogue->checks;
  EXPECT_EQ(checks.at(CheckId("db-2")).provider, ProviderId("a")) << "its target's";
  EXPECT_EQ(checks.at(CheckId("db-2")).rule, (sla::CheckRule{.hold_ms = 20'000, .down_after = 3}));
  EXPECT_EQ(checks.at(CheckId("db-1")).provider, ProviderId("watch"));
  EXPECT_EQ(checks.at(CheckId("db-1")).rule, (sla::CheckRule{.hold_ms = 30'000, .down_after = 1}));
  EXPECT_EQ(checks.at(CheckId("web")).rule.hold_ms, sla::kUnlimitedHoldMs);
  EXPECT_EQ(checks.at(CheckId("unused")).rule.hold_ms, 45'000);
}

TEST_F(CatalogueTest, KnowsWhatAResultCanChange) {
  Apply(kWorld);
  const auto catalogue = Build();
  const auto& targets = catalogue->targets_of_check;
  EXPECT_THAT(targets.at(CheckId("db-1")), ElementsAre(TargetId("all"), TargetId("db"), TargetId("portal")));
  EXPECT_THAT(targets.at(CheckId("web")), ElementsAre(TargetId("all"), TargetId("portal")));
  EXPECT_THAT(targets.at(CheckId("other")), ElementsAre(TargetId("all"), TargetId("empty"), TargetId("portal")));
  EXPECT_THAT(targets.at(CheckId("unused")), IsEmpty());
  EXPECT_THAT(catalogue->in_order_of_use,
              ElementsAre(TargetId("db"), TargetId("empty"), TargetId("portal"), TargetId("all")));
}

TEST_F(CatalogueTest, ScopesCover) {
  Apply(kWorld);
  const auto catalogue = Build();
  const Target& db = catalogue->targets.at(TargetId("db"));
  const ProviderId person, a("a"), b("b");
  EXPECT_TRUE(Catalogue::Covers({ledger::ScopeKind::kTarget, "db"}, a, db));
  EXPECT_FALSE(Catalogue::Covers({ledger::ScopeKind::kTarget, "db"}, b, db)) << "not its own";
  EXPECT_FALSE(Catalogue::Covers({ledger::ScopeKind::kTarget, "portal"}, person, db));
  EXPECT_TRUE(Catalogue::Covers({ledger::ScopeKind::kProvider, "a"}, person, db));
  EXPECT_FALSE(Catalogue::Covers({ledger::ScopeKind::kProvider, "b"}, b, db));
  EXPECT_TRUE(Catalogue::Covers({ledger::ScopeKind::kRegion, "a-north"}, a, db));
  EXPECT_FALSE(Catalogue::Covers({ledger::ScopeKind::kRegion, "db"}, person, db));
  EXPECT_TRUE(Catalogue::Covers({ledger::ScopeKind::kService, "database"}, a, db));
  EXPECT_FALSE(
      Catalogue::Covers({ledger::ScopeKind::kService, "database"}, a, catalogue->targets.at(TargetId("empty"))));
  EXPECT_TRUE(
      Catalogue::Covers({ledger::ScopeKind::kService, "database"}, person, catalogue->targets.at(TargetId("empty"))));
}

TEST_F(CatalogueTest, ApplyingAgainChangesNothing) {
  Apply(kWorld);
  EXPECT_THAT(Changes(kWorld), IsEmpty());
  EXPECT_THAT(Changes(kWorld, Prune::kYes), IsEmpty());
  EXPECT_THAT(Changes(""), IsEmpty());
}

TEST_F(CatalogueTest, AddsChangesAndRetires) {
  EXPECT_THAT(Changes("targets: [{id: t}]\nproviders: [{id: b}, {id: a}]"),
              ElementsAre("add provider a", "add provider b", "add target t"));
  Apply("targets: [{id: t}]\nproviders: [{id: b}, {id: a}]");
  const char* next = "targets: [{id: t, provider: a}]\nproviders: [{id: a}]";
  EXPECT_THAT(Changes(next), ElementsAre("change target t"));
  EXPECT_THAT(Changes(next, Prune::kYes), ElementsAre("change target t", "retire provider b"));
  Apply(next, Prune::kYes);
  EXPECT_EQ(Build()->providers.size(), 1u);
  EXPECT_EQ(Build()->targets.at(TargetId("t")).provider, ProviderId("a"));
  EXPECT_THAT(Changes("providers: [{id: b}]"), ElementsAre("add provider b")) << "it was retired";
  EXPECT_THAT(Changes("", Prune::kYes), ElementsAre("retire provider a", "retire target t"));
}

TEST_F(CatalogueTest, FilesReferToEachOtherAndToWhatIsInForce) {
  Apply("providers: [{id: a}]");
  const auto changes =
      Diff({{"1", "checks: [{id: k, target: t}]"}, {"2", "targets: [{id: t, provider: a}]"}}, Prune::kNo, *ledger_);
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ(changes->size(), 2u);
}

TEST_F(CatalogueTest, EntriesAreShownAsYaml) {
  const auto changes =
      *Diff({{"1", "contracts: [{objective_ppm: 999000, id: c, min_outage: 90s}]"}}, Prune::kNo, *ledger_);
  EXPECT_EQ(*EntryYaml("contract", changes[0].after_bytes), "id: c\nobjective_ppm: 99.9%\nmin_outage: 1m30s\n");
  EXPECT_EQ(*EntryYaml("contract", ""), "");
  EXPECT_FALSE(EntryYaml("contrat", "x").ok());
  EXPECT_FALSE(EntryYaml("contract", "\xff").ok());
}

TEST_F(CatalogueTest, ABrokenLedgerIsNamed) {
  Record({{.author = "", .provider = {}, .body = ledger::CatalogueChange{"target", "t", "\xff"}}});
  const absl::Status status = BuildCatalogue(*ledger_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(FromAbsl(status.message())), HasSubstr("fact 1: the bytes are not a target"));
}

TEST_F(CatalogueTest, CacheFollowsTheLedger) {
  Cache cache(*ledger_);
  const auto empty = *cache.Get();
  Apply("providers: [{id: a}]");
  const auto one = *cache.Get();
  EXPECT_EQ(one->providers.size(), 1u);
  EXPECT_EQ(*cache.Get(), one);
  Record({{.author = "li", .provider = {}, .body = ledger::Ruling{.id = "r", .target = TargetId("t"), .reason = ""}}});
  EXPECT_EQ(*cache.Get(), one) << "a ruling is no part of it";
  EXPECT_THAT(empty->providers, IsEmpty());
}

TEST(OrderByUseTest, LongChainsAndManyCircles) {
  Uses chain;
  for (int i = 0; i < 20'000; ++i) chain[StrCat("t", i)] = {StrCat("t", i + 1)};
  const UseOrder order = OrderByUse(chain);
  EXPECT_THAT(order.circles, IsEmpty());
  ASSERT_EQ(order.order.size(), 20'000u);
  EXPECT_EQ(order.order.front(), "t19999");
  EXPECT_EQ(order.order.back(), "t0");
  chain["t20000"] = {"t0"};
  const UseOrder circle = OrderByUse(chain);
  ASSERT_EQ(circle.circles.size(), 1u);
  EXPECT_EQ(circle.circles[0].size(), 20'001u);
  EXPECT_EQ(circle.circles[0][0], "t0");
  EXPECT_THAT(circle.order, IsEmpty());
}

}  // namespace
}  // namespace nines::catalogue
