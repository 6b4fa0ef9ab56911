#include "daemon/rpc/services.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <filesystem>

#include "nines/v1/admin.grpc.pb.h"
#include "nines/v1/availability.pb.h"
#include "nines/v1/comparison.pb.h"
#include "nines/v1/fact.pb.h"
#include "nines/v1/query.pb.h"
#include "nines/v1/report.grpc.pb.h"
#include "nines/v1/seal.pb.h"
#include "tests/unit/daemon/report/supervised_world.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

using report::kDown;
using report::kUp;
using report::Ms;
using report::Must;
using report::SupervisedWorld;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// All services on a real storage, asked as a browser would: by path, in JSON.
class ServicesTest : public testing::Test {
 protected:
  ServicesTest() {
    world_.clock.SetWall(absl::FromUnixMillis(Ms("2025-01-20 00:00:00")));
    std::vector<ledger::NewFact> facts;
    for (const char* id : {"a", "b", "portal"}) {
      facts.push_back(world_.Entry("target", world_.Target(id)));
      facts.push_back(world_.Entry("check", world_.Check(StrCat("web-", id), id, -1)));
    }
    world_.Record(facts);
    for (const char* id : {"a", "b", "portal"}) {
      world_.Store(
          StrCat("web-", id),
          {{Ms("2024-12-01 00:00:00"), kUp}, {Ms("2025-01-10 08:00:00"), kDown}, {Ms("2025-01-10 09:00:00"), kUp}});
    }
    live_ = Must(live::Live::Create(*world_.store, *world_.ledger, *world_.catalogue, world_.clock));
    ingest_.SetListener({.on_results = nullptr, .on_facts = [this] { EXPECT_TRUE(live_->OnFacts().ok()); }});
    ingest_.Start();
    services_ = std::make_unique<Services>(Services::Dependencies{*world_.database, *world_.store, *world_.ledger,
                                                                  *world_.catalogue, ingest_, *live_, reporter_,
                                                                  sealer_, world_.clock});
  }
  ~ServicesTest() override { ingest_.Stop(); }

  absl::StatusOr<std::string> Call(const std::string& method, const std::string& json) {
    const auto found = services_->unary().find("/nines.v1." + method);
    NINES_CHECK(found != services_->unary().end());
    return found->second({.json = true, .body = json, .peer = "test"});
  }
  std::string Ok(const std::string& method, const std::string& json) {
    const auto answer = Call(method, json);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : "";
  }
  std::string ErrorOf(const std::string& method, const std::string& json,
                      absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
    const absl::Status status = Call(method, json).status();
    EXPECT_EQ(status.code(), code) << status;
    return std::string(status.message());
  }
  template <typename Response, typename Request>
  Response Ask(const std::string& method, const Request& request) {
    const auto answer = services_->unary().at("/nines.v1." + method)({false, request.SerializeAsString(), "test"});
    EXPECT_TRUE(answer.ok()) << answer.status();
    Response response;
    EXPECT_TRUE(answer.ok() && response.ParseFromString(*answer));
    return response;
  }

  SupervisedWorld world_;
  ingest::Ingest ingest_{*world_.database, *world_.store, *world_.ledger, *world_.catalogue, world_.clock, {}};
  report::Reporter reporter_{*world_.store, *world_.ledger, *world_.catalogue, world_.clock};
  sealing::Sealer sealer_{reporter_,
                          *world_.ledger,
                          ingest_,
                          world_.clock,
                          {.key_file = world_.directory + "/seal.key", .results_kept_ms = 3660 * 86'400'000LL}};
  std::unique_ptr<live::Live> live_;
  std::unique_ptr<Services> services_;
};

TEST_F(ServicesTest, ReportsAreTheSameInJsonAndOverGrpc) {
  const std::string json = Ok("ReportService/GetReport", R"({"month":"2025-01","target_ids":["portal"]})");
  EXPECT_THAT(json, HasSubstr(R"("target_id":"portal")"));
  EXPECT_THAT(json, HasSubstr(R"("bad_ms":"3600000")"));
  EXPECT_THAT(json, HasSubstr(R"("unknown_ms":"0")")) << "zeros are printed";
  EXPECT_THAT(json, HasSubstr(R"("availability_percent":"99.7807")"));  // 455 of 456 hours
  EXPECT_THAT(json, HasSubstr(R"("generated_time":"2025-01-19T16:00:00Z")"));

  grpc::ServerBuilder builder;
  services_->Register(builder);
  const auto server = builder.BuildAndStart();
  const auto channel = server->InProcessChannel({});
  v1::GetReportRequest request;
  request.set_month("2025-01");
  v1::GetReportResponse over_grpc;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::ReportService::NewStub(channel)->GetReport(&context, request, &over_grpc).ok());
  EXPECT_EQ(over_grpc.SerializeAsString(),
            (Ask<v1::GetReportResponse>("ReportService/GetReport", request).SerializeAsString()));
  request.set_month("never");
  grpc::ClientContext second;
  const grpc::Status status = v1::ReportService::NewStub(channel)->GetReport(&second, request, &over_grpc);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("is not a month such as 2026-05"));
  server->Shutdown();
}

TEST_F(ServicesTest, DeclarationsAreComparedPageByPage) {
  // A declared half hour of an observed hour, told when it was over.
  Ok("LedgerService/RecordDeclaration",
     R"({"author":"li","declaration":{"source":"tickets","id":"i-1","scope":{"target_id":"portal"},"title":"power",)"
     R"("start_time":"2025-01-10T00:00:00Z","end_time":"2025-01-10T00:30:00Z","impact":"IMPACT_DEGRADED"}})");
  const std::string method = "ComparisonService/CompareDeclarations";
  v1::CompareDeclarationsRequest request;
  request.set_month("2025-01");
  request.set_page_size(2);
  const auto first = Ask<v1::CompareDeclarationsResponse>(method, request);
  ASSERT_EQ(first.providers_size(), 1);
  const v1::ProviderComparison& north = first.providers(0);
  EXPECT_EQ(north.provider_id(), "north");
  EXPECT_EQ(north.targets(), 3);
  EXPECT_EQ(north.time().observed_down_ms(), 3 * 3'600'000);
  EXPECT_EQ(north.time().declared_degraded_ms(), 1'800'000);
  EXPECT_EQ(north.time().observed_not_declared_ms(), 3 * 3'600'000);
  EXPECT_EQ(north.declarations(), 1);
  EXPECT_EQ(north.recorded().longest_ms(), Ms("2025-01-20 00:00:00") - Ms("2025-01-10 08:00:00"));
  EXPECT_EQ(north.recorded().after_end(), 1);
  ASSERT_EQ(north.bases_size(), 4);
  EXPECT_EQ(north.bases(0).basis(), "observed");
  EXPECT_EQ(north.bases(0).pooled().breached(), 3);
  EXPECT_EQ(north.bases(1).basis(), "declared");
  EXPECT_EQ(north.bases(1).pooled().met(), 3);
  EXPECT_EQ(first.targets_size(), 2);
  EXPECT_EQ(first.total_size(), 3);
  request.set_page_token(first.next_page_token());
  const auto second = Ask<v1::CompareDeclarationsResponse>(method, request);
  EXPECT_EQ(second.providers_size(), 0);
  EXPECT_EQ(second.next_page_token(), "");
  ASSERT_EQ(second.targets_size(), 1);
  const v1::TargetComparison& portal = second.targets(0);
  EXPECT_EQ(portal.period_label(), "2025-01");
  EXPECT_EQ(portal.contract().basis(), "observed");
  ASSERT_EQ(portal.differences_size(), 2);
  EXPECT_EQ(portal.differences(0).kind(), v1::DIFFERENCE_KIND_OBSERVED_NOT_DECLARED);
  EXPECT_EQ(portal.differences(0).declared(), v1::STATE_DEGRADED);
  EXPECT_EQ(portal.differences(0).checks(0).check_id(), "web-portal");
  EXPECT_EQ(portal.differences(0).facts(0).id(), "tickets/i-1");
  EXPECT_EQ(portal.differences(1).start_ms(), Ms("2025-01-10 08:30:00"));
  EXPECT_EQ(portal.differences(1).end_ms(), Ms("2025-01-10 09:00:00"));
  EXPECT_EQ(portal.declarations(0).title(), "power");
  EXPECT_EQ(portal.bases(0).account().bad_ms(), 3'600'000);
  EXPECT_EQ(portal.bases(1).account().degraded_ms(), 1'800'000);
  int64_t observed_ms = 0;
  for (const v1::TimelineSpan& span : portal.observed()) observed_ms += span.end_ms() - span.start_ms();
  EXPECT_EQ(observed_ms, portal.accounted_to_ms() - portal.period_start_ms());
  EXPECT_EQ(portal.declared_size(), 3);
  EXPECT_THAT(ErrorOf(method, "{}"), HasSubstr("the period is missing"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-01","provider_id":"x"})", absl::StatusCode::kNotFound),
              HasSubstr("provider 'x'"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-01","page_token":"!"})"), HasSubstr("page_token"));
}

TEST_F(ServicesTest, WrongReportRequestsAreAnsweredInWords) {
  const std::string method = "ReportService/GetReport";
  EXPECT_THAT(ErrorOf(method, "{}"), HasSubstr("give one of month, quarter, year, fee_year, span"));
  EXPECT_THAT(ErrorOf(method, R"({"moth":"2025-01"})"), HasSubstr("moth"));
  EXPECT_THAT(ErrorOf(method, "{"), HasSubstr("nines.v1.GetReportRequest"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-1"})"), HasSubstr("'2025-1' is not a month"));
  EXPECT_THAT(ErrorOf(method, R"({"quarter":"2025"})"), HasSubstr("is not a quarter such as 2026-Q2"));
  EXPECT_THAT(ErrorOf(method, R"({"fee_year":"20"})"), HasSubstr("fee year"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-01","page_size":1001})"), HasSubstr("from 1 to 1000"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-01","page_size":-1})"), HasSubstr("page_size is -1"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-01","page_token":"!"})"), HasSubstr("page_token"));
  EXPECT_THAT(ErrorOf(method, R"({"span":{"start_time":"2025-01-01T00:00:00Z"}})"), HasSubstr("both"));
  EXPECT_THAT(ErrorOf(method, R"({"span":{"start_time":"2025-01-02T00:00:00Z","end_time":"2025-01-02T00:00:00Z"}})"),
              HasSubstr("end_time must be later than start_time"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-01","target_ids":["x"]})", absl::StatusCode::kNotFound),
              HasSubstr("target 'x' is not in the catalogue"));
  EXPECT_FALSE(services_->unary().at("/nines.v1.ReportService/GetReport")({false, "\xff", "test"}).ok());
}

TEST_F(ServicesTest, AReportUnderAnotherContractSaysSoOnEveryPage) {
  const std::string method = "ReportService/GetReport";
  EXPECT_THAT(Ok(method, R"({"month":"2025-01"})"), Not(HasSubstr("hypothetical")));
  const auto what_if = [](const std::string& yaml) {
    return StrCat(R"({"month":"2025-01","what_if":{"name":"w.yaml","content":")", yaml, R"("}})");
  };
  EXPECT_THAT(ErrorOf(method, what_if("contracts: [{id: w, basis: told}]")),
              HasSubstr("w.yaml:1:28: contracts[0].basis"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2025-01","what_if":{}})"), HasSubstr("what_if:1:1: holds no contract"));
  const uint64_t before = world_.ledger->LastPosition().value();
  v1::GetReportRequest request;
  request.set_month("2025-01");
  request.set_page_size(2);
  request.mutable_what_if()->set_name("w.yaml");
  request.mutable_what_if()->set_content("contracts: [{id: w, objective_ppm: 90%}]");
  int targets = 0;
  do {
    const auto page = Ask<v1::GetReportResponse>(method, request);
    EXPECT_EQ(page.hypothetical().contract().contract_id(), "w");
    EXPECT_EQ(page.hypothetical().contract().objective_ppm(), 900'000);
    EXPECT_EQ(page.hypothetical().file(), "w.yaml");
    EXPECT_EQ(page.pooled().met(), 3);
    targets += page.targets_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(targets, 3);
  EXPECT_EQ(world_.ledger->LastPosition().value(), before);
}

TEST_F(ServicesTest, PagesOfReportsAndTargetsGoOnWhereTheLastOneEnded) {
  v1::GetReportRequest request;
  request.set_month("2025-01");
  request.set_page_size(1);
  std::vector<std::string> ids;
  do {
    const auto page = Ask<v1::GetReportResponse>("ReportService/GetReport", request);
    ASSERT_EQ(page.targets_size(), 1);
    EXPECT_EQ(page.total_size(), 3);
    EXPECT_EQ(page.pooled().breached(), 3);
    ids.push_back(page.targets(0).target_id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("a", "b", "portal"));

  v1::ListTargetsRequest list;
  list.set_page_size(2);
  const auto first = Ask<v1::ListTargetsResponse>("AvailabilityService/ListTargets", list);
  EXPECT_EQ(first.targets_size(), 2);
  EXPECT_EQ(first.total_size(), 3);
  list.set_page_token(first.next_page_token());
  const auto second = Ask<v1::ListTargetsResponse>("AvailabilityService/ListTargets", list);
  ASSERT_EQ(second.targets_size(), 1);
  EXPECT_EQ(second.targets(0).target_id(), "portal");
  EXPECT_EQ(second.next_page_token(), "");
  request.set_page_token(first.next_page_token());
  EXPECT_FALSE(
      services_->unary().at("/nines.v1.ReportService/GetReport")({false, request.SerializeAsString(), "test"}).ok())
      << "a token of another method";
}

TEST_F(ServicesTest, ListTargetsShowsStateMonthAndOutages) {
  const auto list = Ask<v1::ListTargetsResponse>("AvailabilityService/ListTargets", v1::ListTargetsRequest());
  const v1::TargetStatus& portal = list.targets(2);
  EXPECT_EQ(portal.state(), v1::STATE_UP);
  EXPECT_EQ(wire::ToMs(portal.since_time()), Ms("2025-01-10 09:00:00"));
  EXPECT_EQ(portal.month().bad_ms(), 3'600'000);
  EXPECT_EQ(portal.budget().left_ms(), 2'678'400 - 3'600'000);
  EXPECT_EQ(portal.objective_ppm(), 999'000);
  EXPECT_EQ(portal.period_label(), "2025-01");
  ASSERT_EQ(portal.last_outages_size(), 1);
  EXPECT_EQ(wire::ToMs(portal.last_outages(0).end_time()), Ms("2025-01-10 09:00:00"));
  ASSERT_EQ(portal.checks_size(), 1);
  EXPECT_EQ(wire::ToMs(portal.checks(0).last_result_time()), Ms("2025-01-10 09:00:00"));
  EXPECT_THAT(ErrorOf("AvailabilityService/ListTargets", R"({"provider_id":"x"})", absl::StatusCode::kNotFound),
              HasSubstr("provider 'x'"));
}

TEST_F(ServicesTest, OutagesArePagedByStartAndTarget) {
  v1::ListOutagesRequest request;
  request.set_page_size(2);
  std::vector<std::string> ids;
  do {
    const auto page = Ask<v1::ListOutagesResponse>("AvailabilityService/ListOutages", request);
    for (const v1::TargetOutage& outage : page.outages()) ids.push_back(outage.target_id());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("a", "b", "portal"));
  const std::string method = "AvailabilityService/ListOutages";
  EXPECT_THAT(Ok(method, R"({"month":"2024-12"})"), Not(HasSubstr("portal")));
  EXPECT_THAT(ErrorOf(method, R"({"month":"2024-12","start_time":"2025-01-01T00:00:00Z"})"), HasSubstr("not both"));
  EXPECT_THAT(ErrorOf(method, R"({"month":"May"})"), HasSubstr("'May' is not a month"));
  EXPECT_THAT(ErrorOf(method, R"({"start_time":"1969-01-01T00:00:00Z"})"), HasSubstr("start_time is not a time"));
}

TEST_F(ServicesTest, FactsAreRecordedOnceAndListed) {
  const std::string incident =
      R"({"author":"li","declaration":{"source":"tickets","id":"i-1","scope":{"target_id":"portal"},)"
      R"("start_time":"2025-01-10T00:00:00Z","impact":"IMPACT_DOWN","title":"power"}})";
  EXPECT_THAT(Ok("LedgerService/RecordDeclaration", incident), HasSubstr(R"("unchanged":false)"));
  EXPECT_THAT(Ok("LedgerService/RecordDeclaration", incident), HasSubstr(R"("unchanged":true)"));
  Ok("LedgerService/RecordRuling",
     R"({"author":"li","ruling":{"id":"r-1","target_id":"a","start_time":"2025-01-10T00:00:00Z",)"
     R"("end_time":"2025-01-11T00:00:00Z","state":"RULING_STATE_UP","reason":"probe fault"}})");
  Ok("LedgerService/RecordMaintenance",
     R"({"author":"li","maintenance":{"source":"tickets","id":"m-1","scope":{"provider_id":"north"},)"
     R"("start_time":"2025-01-10T00:00:00Z","end_time":"2025-01-11T00:00:00Z"}})");

  v1::ListFactsRequest request;
  request.set_target_id("portal");
  request.add_kinds("declaration");
  request.add_kinds("maintenance");
  request.set_page_size(1);
  const auto first = Ask<v1::ListFactsResponse>("LedgerService/ListFacts", request);
  ASSERT_EQ(first.facts_size(), 1);
  EXPECT_EQ(first.facts(0).declaration().title(), "power");
  EXPECT_EQ(first.facts(0).author(), "li");
  EXPECT_FALSE(first.facts(0).declaration().has_end_time());
  request.set_page_token(first.next_page_token());
  const auto second = Ask<v1::ListFactsResponse>("LedgerService/ListFacts", request);
  ASSERT_EQ(second.facts_size(), 1);
  EXPECT_EQ(second.facts(0).maintenance().id(), "m-1");
  EXPECT_EQ(second.next_page_token(), "");
  const std::string entries = Ok("LedgerService/ListFacts", R"({"kinds":["catalogue"],"target_id":"portal"})");
  EXPECT_THAT(entries, HasSubstr("entry_yaml"));
  EXPECT_THAT(ErrorOf("LedgerService/ListFacts", R"({"kinds":["rumour"]})"), HasSubstr("'rumour' is no kind of fact"));
  EXPECT_THAT(ErrorOf("LedgerService/ListFacts", R"({"target_id":"x"})", absl::StatusCode::kNotFound),
              HasSubstr("target 'x'"));
}

TEST_F(ServicesTest, AReplacedFactIsShownOnRequestAlone) {
  const auto record = [this](const std::string& impact) {
    Ok("LedgerService/RecordDeclaration",
       StrCat(R"({"author":"li","declaration":{"source":"s","id":"i","scope":{"target_id":"a"},"impact":")", impact,
              R"(","start_time":"2025-01-10T00:00:00Z"}})"));
  };
  record("IMPACT_DOWN");
  record("IMPACT_NONE");
  v1::ListFactsRequest request;
  request.add_kinds("declaration");
  EXPECT_EQ((Ask<v1::ListFactsResponse>("LedgerService/ListFacts", request).facts_size()), 1);
  request.set_include_replaced(true);
  const auto all = Ask<v1::ListFactsResponse>("LedgerService/ListFacts", request);
  ASSERT_EQ(all.facts_size(), 2);
  EXPECT_EQ(all.facts(0).replaced_by(), all.facts(1).position());
}

TEST_F(ServicesTest, FactsThatCannotBeTrueAreRefused) {
  const std::string method = "LedgerService/RecordDeclaration";
  EXPECT_THAT(ErrorOf(method, R"({"author":"li"})"), HasSubstr("scope is missing"));
  const std::string rest = R"("scope":{"target_id":"a"},"impact":"IMPACT_DOWN","start_time":"2025-01-10T00:00:00Z")";
  EXPECT_THAT(ErrorOf(method, StrCat(R"({"declaration":{"source":"s","id":"i",)", rest, "}}")),
              HasSubstr("author is missing"));
  EXPECT_THAT(ErrorOf(method, StrCat(R"({"author":"li","declaration":{"source":"s","id":"i",)", rest,
                                     R"(,"end_time":"2025-01-10T00:00:00Z"}})")),
              HasSubstr("s/i"));
}

TEST_F(ServicesTest, QueriesArePagedAcrossAndInsideSeries) {
  v1::QuerySeriesRequest request;
  v1::Matcher* matcher = request.add_matchers();
  matcher->set_type(v1::MATCH_TYPE_REGEX);
  matcher->set_name("check");
  matcher->set_value("web-(a|b)");
  *request.mutable_start_time() = wire::FromMs(Ms("2024-01-01 00:00:00"));
  *request.mutable_end_time() = wire::FromMs(Ms("2025-01-10 09:00:00"));  // exclusive: two samples a series
  for (int page_size : {1, 2, 3, 4, 5}) {
    request.set_page_size(page_size);
    request.clear_page_token();
    std::string seen;
    do {
      const auto page = Ask<v1::QuerySeriesResponse>("QueryService/QuerySeries", request);
      int samples = 0;
      for (const v1::SeriesSamples& series : page.series()) {
        for (int i = 0; i < series.time_ms_size(); ++i, ++samples) {
          StrAppend(&seen, series.labels(1).value(), "=", series.values(i), " ");
        }
      }
      EXPECT_LE(samples, page_size);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    EXPECT_EQ(seen, "web-a=1 web-a=0 web-b=1 web-b=0 ") << page_size;
  }
}

TEST_F(ServicesTest, ListSeriesPagesLabelSets) {
  v1::ListSeriesRequest request;
  v1::Matcher* matcher = request.add_matchers();
  matcher->set_type(v1::MATCH_TYPE_EQUAL);
  matcher->set_name("__name__");
  matcher->set_value(series::kCheckResultName);
  request.set_page_size(2);
  const auto first = Ask<v1::ListSeriesResponse>("QueryService/ListSeries", request);
  EXPECT_EQ(first.series_size(), 2);
  request.set_page_token(first.next_page_token());
  const auto second = Ask<v1::ListSeriesResponse>("QueryService/ListSeries", request);
  ASSERT_EQ(second.series_size(), 1);
  EXPECT_EQ(second.series(0).labels(1).value(), "web-portal");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(ServicesTest, WrongQueriesAreAnsweredInWords) {
  const std::string method = "QueryService/QuerySeries";
  const std::string span = R"("start_time":"2025-01-01T00:00:00Z","end_time":"2025-01-02T00:00:00Z")";
  EXPECT_THAT(ErrorOf(method, StrCat("{", span, "}")), HasSubstr("matchers is empty"));
  EXPECT_THAT(ErrorOf(method, StrCat(R"({"matchers":[{"type":"MATCH_TYPE_EQUAL","value":"x"}],)", span, "}")),
              HasSubstr("matchers[0]: name is missing"));
  EXPECT_THAT(ErrorOf(method, StrCat(R"({"matchers":[{"name":"x","value":"x"}],)", span, "}")),
              HasSubstr("matchers[0]: type is missing"));
  EXPECT_THAT(
      ErrorOf(method, StrCat(R"({"matchers":[{"type":"MATCH_TYPE_REGEX","name":"x","value":"("}],)", span, "}")),
      HasSubstr("is no regular expression"));
  EXPECT_THAT(ErrorOf(method, R"({"matchers":[{"type":"MATCH_TYPE_EQUAL","name":"x","value":"x"}]})"),
              HasSubstr("start_time and end_time are both needed"));
  EXPECT_THAT(ErrorOf(method, R"({"page_size":100001})"), HasSubstr("from 1 to 100000"));
  EXPECT_THAT(ErrorOf(method, R"({"page_token":"c2FtcGxlczp4"})"), HasSubstr("page_token"));
}

TEST_F(ServicesTest, ACatalogueIsComparedAppliedAndListed) {
  const std::string files = R"("files":[{"name":"c.yaml","content":"agencies:\n- id: parks\n  name: Parks\n"}])";
  EXPECT_THAT(Ok("CatalogueService/DiffCatalogue", StrCat("{", files, "}")), HasSubstr("CHANGE_ACTION_ADD"));
  EXPECT_THAT(ErrorOf("CatalogueService/ApplyCatalogue", StrCat("{", files, "}")), HasSubstr("author is missing"));
  EXPECT_THAT(ErrorOf("CatalogueService/DiffCatalogue", "{}"), HasSubstr("files is empty"));
  EXPECT_THAT(ErrorOf("CatalogueService/DiffCatalogue",
                      R"({"files":[{"name":"c.yaml","content":"agencies:\n- idd: parks\n"}]})"),
              HasSubstr("c.yaml:2:3"));
  const uint64_t before = world_.ledger->LastPosition().value();
  EXPECT_THAT(Ok("CatalogueService/ApplyCatalogue", StrCat(R"({"author":"li",)", files, "}")),
              HasSubstr(StrCat(R"("position":")", before + 1, "\"")));
  EXPECT_THAT(Ok("CatalogueService/DiffCatalogue", StrCat("{", files, "}")), HasSubstr(R"("changes":[])"));

  v1::ListEntriesRequest request;
  request.set_page_size(4);
  std::vector<std::string> keys;
  do {
    const auto page = Ask<v1::ListEntriesResponse>("CatalogueService/ListEntries", request);
    for (const v1::Entry& entry : page.entries()) keys.push_back(StrCat(entry.kind(), "/", entry.id()));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(keys, ElementsAre("agency/health", "agency/parks", "check/web-a", "check/web-b", "check/web-portal",
                                "provider/north", "system/his", "target/a", "target/b", "target/portal"));
  EXPECT_THAT(ErrorOf("CatalogueService/ListEntries", R"({"kind":"cloud"})"), HasSubstr("'cloud' is no kind of entry"));
}

TEST_F(ServicesTest, ABackupHoldsWhatTheLedgerHolds) {
  const std::string copy = std::filesystem::path(world_.directory + "/copy").lexically_normal().string();
  v1::BackupRequest request;
  request.set_directory(copy + "/");
  const auto response = Ask<v1::BackupResponse>("AdminService/Backup", request);
  EXPECT_EQ(response.directory(), copy);
  EXPECT_GT(response.bytes(), 0u);
  EXPECT_GT(response.files(), 0u);
  EXPECT_EQ(response.ledger_position(), world_.ledger->LastPosition().value());
  const auto database = Must(rocks::Database::Open(copy, {}));
  EXPECT_EQ(Must(ledger::Ledger::Open(*database))->LastPosition(), world_.ledger->LastPosition());
  const std::string method = "AdminService/Backup";
  EXPECT_THAT(ErrorOf(method, R"({"directory":"copy"})"), HasSubstr("must be an absolute path"));
  EXPECT_THAT(ErrorOf(method, StrCat(R"({"directory":")", copy, "\"}"), absl::StatusCode::kAlreadyExists),
              HasSubstr("exists already"));
  EXPECT_THAT(ErrorOf(method, R"({"directory":"/no/such/place"})", absl::StatusCode::kFailedPrecondition),
              HasSubstr("/no/such is not a folder"));
  EXPECT_THAT(Ok("AdminService/GetVersion", ""), HasSubstr("0.1.0"));
}

TEST_F(ServicesTest, ASealedReportSaysWhatTheReportSaid) {
  const std::string subject = R"("subject": {"month": "2024-12", "provider_id": "north"})";
  v1::GetReportRequest request;
  request.set_month("2024-12");
  const auto live = Ask<v1::GetReportResponse>("ReportService/GetReport", request);
  Ok("SealService/SealPeriod", StrCat("{", subject, R"(, "author": "li"})"));
  v1::GetSealedReportRequest sealed_request;
  sealed_request.mutable_subject()->set_month("2024-12");
  sealed_request.mutable_subject()->set_provider_id("north");
  const auto sealed = Ask<v1::GetSealedReportResponse>("SealService/GetSealedReport", sealed_request);
  EXPECT_EQ(sealed.report().SerializeAsString(), live.SerializeAsString());
  EXPECT_THAT(Ok("SealService/ListSeals", "{}"), HasSubstr(R"("scope":"provider/north")"));
  EXPECT_THAT(Ok("SealService/GetSealKey", "{}"), HasSubstr("BEGIN PUBLIC KEY"));
  EXPECT_THAT(Ok("AdminService/VerifyStorage", "{}"), HasSubstr(R"("seals":"1")"));
  EXPECT_THAT(Ok("AdminService/VerifyStorage", "{}"), HasSubstr(R"("damaged":"0")"));
  EXPECT_THAT(ErrorOf("SealService/SealPeriod", StrCat("{", subject, "}")), HasSubstr("author"));
  EXPECT_THAT(ErrorOf("SealService/SealPeriod", R"({"subject": {}, "author": "li"})"), HasSubstr("period"));
  EXPECT_THAT(ErrorOf("SealService/GetSealedReport",
                      R"({"subject": {"month": "2024-12", "provider_id": "a", "agency_id": "b"}})"),
              HasSubstr("not both"));
}

}  // namespace
}  // namespace nines::rpc
