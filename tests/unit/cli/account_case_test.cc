#include "cli/account_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nines::cli {
namespace {

using testing::HasSubstr;

std::string Compute(const std::string& json) {
  const absl::StatusOr<std::string> account = AccountCase(json);
  return account.ok() ? *account : std::string(account.status().message());
}

// A period of 1000 ms with these further keys.
std::string Case(const std::string& more) { return R"({"period":{"start_ms":0,"end_ms":1000})" + more + "}"; }

TEST(AccountCase, WritesEveryKeyInOrder) {
  EXPECT_EQ(Compute(Case(R"(,"checks":[{"id":"web","hold_ms":null,
                          "results":[[0,"up"],[100,"down"],[200,"degraded"],[900,"stale"]]}])")),
            R"({"up_ms":100,"degraded_ms":700,"down_ms":100,"unknown_ms":100,"excluded_ms":0,"good_ms":800,)"
            R"("bad_ms":100,"coverage_ppm":900000,"availability_percent":"88.8888","lower_percent":"80.0000",)"
            R"("upper_percent":"90.0000","verdict":"breached","outages":[{"start_ms":100,"end_ms":200}]})");
}

TEST(AccountCase, WithoutAnythingEverythingIsUnknown) {
  EXPECT_EQ(Compute(Case("")),
            R"({"up_ms":0,"degraded_ms":0,"down_ms":0,"unknown_ms":1000,"excluded_ms":0,"good_ms":0,"bad_ms":0,)"
            R"("coverage_ppm":0,"availability_percent":null,"lower_percent":"0.0000","upper_percent":"100.0000",)"
            R"("verdict":"undetermined","outages":[]})");
}

TEST(AccountCase, BeforeThePeriodNothingIsScheduled) {
  const std::string account = Compute(R"({"period":{"start_ms":1000,"end_ms":2000,"now_ms":500}})");
  EXPECT_THAT(account, HasSubstr(R"("unknown_ms":0)"));
  EXPECT_THAT(account, HasSubstr(R"("lower_percent":null)"));
  EXPECT_THAT(account, HasSubstr(R"("verdict":"not_applicable")"));
}

TEST(AccountCase, HoldDefaultsToThreeTimesFifteenSeconds) {
  EXPECT_THAT(Compute(R"({"period":{"start_ms":0,"end_ms":60000,"now_ms":null},
                          "checks":[{"id":"web","results":[[0,"up"]]}]})"),
              HasSubstr(R"("up_ms":45000,"degraded_ms":0,"down_ms":0,"unknown_ms":15000)"));
}

TEST(AccountCase, OrderInTheArrayIsTheOrderOfRecording) {
  EXPECT_THAT(Compute(Case(R"(,"checks":[{"id":"web","hold_ms":null,
                            "results":[[500,"down"],[0,"down"],[0,"up"],[500,"up"],[600,"up"]]}])")),
              HasSubstr(R"("up_ms":1000,)"));
}

TEST(AccountCase, OutagesAreListedWholeAndClippedToNow) {
  const std::string json = R"({"period":{"start_ms":1000,"end_ms":2000,"now_ms":2500},
      "checks":[{"id":"web","hold_ms":null,"results":[[500,"down"],[1200,"up"],[1900,"down"],[3000,"up"]]}]})";
  EXPECT_THAT(Compute(json),
              HasSubstr(R"("outages":[{"start_ms":500,"end_ms":1200},{"start_ms":1900,"end_ms":2500}])"));
  EXPECT_THAT(Compute(json), HasSubstr(R"("up_ms":700,"degraded_ms":0,"down_ms":300,)"));
}

TEST(AccountCase, InputsNestAndMayNameChecksWithoutEntry) {
  // The majority of db-1, db-2 and the unknown db-3 is down where db-1 and db-2 are: [400, 600). Elsewhere both up.
  EXPECT_THAT(Compute(Case(R"(,"target":{"inputs":["web",{"down_when":"majority","inputs":["db-1","db-2","db-3"]}]},
      "checks":[{"id":"web","hold_ms":null,"results":[[0,"up"]]},
                {"id":"db-1","hold_ms":null,"results":[[0,"up"],[400,"down"],[600,"up"]]},
                {"id":"db-2","hold_ms":null,"results":[[0,"up"],[400,"down"],[600,"up"]]}])")),
              HasSubstr(R"("up_ms":800,"degraded_ms":0,"down_ms":200,"unknown_ms":0)"));
  EXPECT_THAT(Compute(Case(R"(,"target":{"down_when":1,"inputs":["nobody"]})")), HasSubstr(R"("unknown_ms":1000)"));
  // An empty list of inputs is as none: all checks.
  EXPECT_THAT(Compute(Case(R"(,"target":{"inputs":[]},"checks":[{"id":"a","hold_ms":null,"results":[[0,"up"]]}])")),
              HasSubstr(R"("up_ms":1000,)"));
}

TEST(AccountCase, DownWhenIsAWordOrANumberInWhateverForm) {
  const auto with = [](const std::string& down_when) {
    return Compute(Case(R"(,"target":{"down_when":)" + down_when + R"(,"inputs":["a","b","c","nobody"]},"checks":[
        {"id":"a","hold_ms":null,"results":[[0,"down"]]},{"id":"b","hold_ms":null,"results":[[0,"down"]]},
        {"id":"c","hold_ms":null,"results":[[0,"up"],[700,"down"]]}])"));
  };
  // Two are down, then three, of four of which one is never heard of.
  for (const char* two : {R"("any")", "2", R"("2")"}) EXPECT_THAT(with(two), HasSubstr(R"("down_ms":1000,)")) << two;
  for (const char* three : {R"("majority")", "3"}) {
    EXPECT_THAT(with(three), HasSubstr(R"("down_ms":300,"unknown_ms":700)")) << three;
  }
  EXPECT_THAT(with(R"("all")"), HasSubstr(R"("up_ms":700,"degraded_ms":0,"down_ms":0,"unknown_ms":300)"));
}

TEST(AccountCase, DeclarationsCountByTheBasisAndReplaceTheirOwnId) {
  EXPECT_THAT(Compute(Case(R"(,"contract":{"basis":"declared"},"declarations":[
      {"id":"i-1","start_ms":100,"end_ms":300,"impact":"down"},
      {"id":"i-2","start_ms":900,"end_ms":null,"impact":"degraded"},
      {"id":"i-1","start_ms":100,"end_ms":150,"impact":"down"}])")),
              HasSubstr(R"("up_ms":850,"degraded_ms":100,"down_ms":50,)"));
}

TEST(AccountCase, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"{", "line 1: not JSON"},
      {"{}\n x", "line 2: not JSON"},
      {"[]", "must be an object"},
      {"{}", "period: missing"},
      {R"({"period":{"start_ms":0}})", "period.end_ms: missing"},
      {R"({"period":{"start_ms":5,"end_ms":5}})", "period: end_ms 5 is not after start_ms 5"},
      {R"({"period":{"start_ms":0.0,"end_ms":5}})", "period.start_ms: must be a whole number"},
      {R"({"period":{"start_ms":0,"end_ms":18446744073709551615}})", "period.end_ms: must be between"},
      {Case(R"(,"checks":[{"id":"web","hold":5}])"),
       "checks[0].hold: unknown key; known keys: id, hold_ms, down_after, results"},
      {Case(R"(,"results":[])"), "results: unknown key"},
      {Case(R"(,"checks":{})"), "checks: must be an array"},
      {Case(R"(,"checks":[{"results":[]}])"), "checks[0].id: missing"},
      {Case(R"(,"checks":[{"id":"web"},{"id":"web"}])"), "checks[1].id: a check 'web' came before"},
      {Case(R"(,"checks":[{"id":"web","results":[[0,"up",1]]}])"), "checks[0].results[0]: must be [time_ms, state]"},
      {Case(R"(,"checks":[{"id":"web","results":[[0,"UP"]]}])"), "checks[0].results[0][1]: 'UP' is not known"},
      {Case(R"(,"checks":[{"id":"web","results":[["0","up"]]}])"), "checks[0].results[0][0]: must be a whole number"},
      {Case(R"(,"checks":[{"id":"web","down_after":0}])"), "checks[0].down_after: must be between 1"},
      {Case(R"(,"contract":{"basis":"hoped"})"), "contract.basis: 'hoped' is not known; known words: observed"},
      {Case(R"(,"contract":{"objective_ppm":1000001})"), "contract.objective_ppm: must be between 0 and 1000000"},
      {Case(R"(,"contract":{"time_zone":"Asia/Peking"})"), "contract: time_zone: 'Asia/Peking' is not known"},
      {Case(R"(,"target":{"down_when":"most"})"), "target.down_when: 'most'"},
      {Case(R"(,"target":{"down_when":3,"inputs":["a","b"]})"), "target.down_when: 3 of 2 inputs can never be down"},
      {Case(R"(,"target":{"inputs":["a",{"inputs":[]}]})"), "target.inputs[1].inputs: must name at least one"},
      {Case(R"(,"declarations":[{"id":"i-1","start_ms":5,"end_ms":5,"impact":"down"}])"),
       "declarations[0]: 'i-1' end_ms 5 is not after start_ms 5"},
      {Case(R"(,"declarations":[{"start_ms":5,"impact":"up"}])"), "declarations[0].impact: 'up' is not known"},
      {Case(R"(,"rulings":[{"start_ms":0,"end_ms":9,"state":"degraded"}])"), "rulings[0].state: 'degraded'"},
      {Case(R"(,"contract":{"service_hours":{"weekly":[{"days":["monday"]}]}})"),
       "contract.service_hours.weekly[0].days[0]: 'monday' is not known"},
      {Case(R"(,"contract":{"service_hours":{"weekly":[{"open":"18:00","close":"08:00"}]}})"),
       "contract.service_hours.weekly[0]: close is not after open"},
      {Case(R"(,"contract":{"service_hours":{"closed_dates":["2025-02-30"]}})"), "closed_dates[0]: '2025-02-30'"},
      {Case(R"(,"contract":{"service_hours":{"weekly":[{"open":"08:00","close":"18:00"}]}})"),
       "contract.service_hours.weekly[0].days: must name at least one"},
      {Case(R"(,"contract":{"service_hours":{"open_dates":[{"open":"08:00"}]}})"), "open_dates[0].date: missing"},
      {Case(R"(,"contract":{"service_hours":{"open_dates":[{"date":"2025-01-01","open":"08:00","close":"08:00"}]}})"),
       "contract.service_hours.open_dates[0]: close is not after open"},
      {Case(R"(,"contract":{"service_hours":{"closed_dates":["2025-01-01"],"open_dates":[{"date":"2025-01-01"}]}})"),
       "contract: service_hours: 2025-01-01 is both a closed date and an open date"},
      {Case(R"(,"contract":{"maintenance":{"notice_ms":-1}})"), "contract.maintenance.notice_ms: must be between 0"},
      {Case(R"(,"target":{"in_service_from_ms":5,"in_service_to_ms":5})"),
       "target: in_service_to_ms 5 is not after in_service_from_ms 5"},
      {Case(R"(,"maintenance":[{"id":"m-1","start_ms":5,"end_ms":5,"announced_ms":0}])"),
       "maintenance[0]: 'm-1' end_ms 5 is not after start_ms 5"},
      {Case(R"(,"maintenance":[{"id":"m-1","start_ms":5,"end_ms":6}])"), "maintenance[0].announced_ms: missing"},
      {Case(R"(,"rulings":[{"id":"r-1","start_ms":5,"end_ms":4,"state":"up"}])"),
       "rulings[0]: 'r-1' end_ms 4 is not after start_ms 5"},
  };
  for (const auto& [json, message] : wrong) {
    const absl::StatusOr<std::string> account = AccountCase(json);
    ASSERT_FALSE(account.ok()) << json;
    EXPECT_EQ(account.status().code(), absl::StatusCode::kInvalidArgument) << json;
    EXPECT_THAT(std::string(account.status().message()), HasSubstr(message)) << json;
  }
}

// 1 January 2025 in Shanghai, a Wednesday, always up, with these further keys.
std::string NewYear(const std::string& more) {
  return R"({"period":{"start_ms":1735660800000,"end_ms":1735747200000},
      "checks":[{"id":"web","hold_ms":null,"results":[[1735660800000,"up"]]}])" +
         more + "}";
}

TEST(AccountCase, ServiceDatesExclude) {
  EXPECT_THAT(Compute(Case(R"(,"target":{"in_service_from_ms":100,"in_service_to_ms":700})")),
              HasSubstr(R"("unknown_ms":600,"excluded_ms":400,)"));
}

TEST(AccountCase, ServiceHoursAreLocalAndDatesBeatThem) {
  const std::string weekly = R"("weekly":[{"days":["tue","wed"],"open":"08:00","close":"18:00"},
                                          {"days":["wed"],"open":"22:00","close":"24:00"}])";
  EXPECT_THAT(Compute(NewYear(R"(,"contract":{"service_hours":{)" + weekly + "}}")),
              HasSubstr(R"("unknown_ms":0,"excluded_ms":43200000,)"));
  EXPECT_THAT(Compute(NewYear(R"(,"contract":{"service_hours":{)" + weekly + R"(,"closed_dates":["2025-01-01"]}})")),
              HasSubstr(R"("unknown_ms":0,"excluded_ms":86400000,)"));
  EXPECT_THAT(Compute(NewYear(R"(,"contract":{"service_hours":{)" + weekly +
                              R"(,"open_dates":[{"date":"2025-01-01","open":"09:00","close":"10:00"}]}})")),
              HasSubstr(R"("up_ms":3600000,)"));
  // Without weekly hours all is open; with an empty list nothing is.
  EXPECT_THAT(Compute(NewYear(R"(,"contract":{"service_hours":{"closed_dates":["2025-01-02"]}})")),
              HasSubstr(R"("up_ms":86400000,)"));
  EXPECT_THAT(Compute(NewYear(R"(,"contract":{"service_hours":{"weekly":[]}})")),
              HasSubstr(R"("excluded_ms":86400000,)"));
}

TEST(AccountCase, TheLastRulingCountsAndMayBeRevoked) {
  const std::string both = R"(,"rulings":[{"id":"r-1","start_ms":100,"end_ms":500,"state":"down"},
                                          {"id":"r-2","start_ms":400,"end_ms":600,"state":"excluded"})";
  EXPECT_THAT(Compute(Case(both + "]")), HasSubstr(R"("down_ms":300,"unknown_ms":500,"excluded_ms":200,)"));
  EXPECT_THAT(Compute(Case(both + R"(,{"id":"r-1","start_ms":100,"end_ms":500,"state":"up"}])")),
              HasSubstr(R"("up_ms":400,"degraded_ms":0,"down_ms":0,"unknown_ms":500,"excluded_ms":100,)"));
  EXPECT_THAT(Compute(Case(both + R"(,{"id":"r-2","start_ms":400,"end_ms":600,"state":"excluded","revoked":true}])")),
              HasSubstr(R"("down_ms":400,"unknown_ms":600,"excluded_ms":0,)"));
}

TEST(AccountCase, ARuledOutageIsListedWhole) {
  EXPECT_THAT(Compute(Case(R"(,"rulings":[{"id":"r-1","start_ms":-700,"end_ms":100,"state":"down"}])")),
              HasSubstr(R"("outages":[{"start_ms":-700,"end_ms":100}])"));
}

TEST(AccountCase, MaintenanceIsExcludedAsTheContractSays) {
  const auto computed = [](const std::string& terms, const std::string& window) {
    return Compute(Case(R"(,"contract":{"maintenance":)" + terms + R"(},"maintenance":[{"id":"m-1","start_ms":100,
        "end_ms":400,)" +
                        window + "}]"));
  };
  // 48 h of notice unless the contract says otherwise.
  const std::string in_time = R"("announced_ms":-172799900)";
  EXPECT_THAT(computed("null", in_time), HasSubstr(R"("excluded_ms":300,)"));
  EXPECT_THAT(computed("{}", in_time), HasSubstr(R"("excluded_ms":300,)"));
  EXPECT_THAT(computed("{}", R"("announced_ms":-172799899)"), HasSubstr(R"("excluded_ms":0,)"));
  EXPECT_THAT(computed(R"({"notice_ms":100})", R"("announced_ms":0)"), HasSubstr(R"("excluded_ms":300,)"));
  EXPECT_THAT(computed(R"({"excluded":false})", in_time), HasSubstr(R"("excluded_ms":0,)"));
  EXPECT_THAT(computed(R"({"cap_ms_per_month":120})", in_time), HasSubstr(R"("excluded_ms":120,)"));
  EXPECT_THAT(computed(R"({"cap_ms_per_month":null})", in_time), HasSubstr(R"("excluded_ms":300,)"));
  EXPECT_THAT(computed("{}", in_time + R"(,"cancelled_ms":99)"), HasSubstr(R"("excluded_ms":0,)"));
  EXPECT_THAT(computed("{}", in_time + R"(,"cancelled_ms":100)"), HasSubstr(R"("excluded_ms":300,)"));
  EXPECT_THAT(computed("{}", in_time + R"(},{"id":"m-1","start_ms":100,"end_ms":150,)" + in_time),
              HasSubstr(R"("excluded_ms":50,)"));
}

TEST(AccountCase, RefusesToLayOutHoursOverAges) {
  const std::string ages = R"({"period":{"start_ms":0,"end_ms":2000000000000000000})";
  EXPECT_THAT(Compute(ages + "}"), HasSubstr(R"("unknown_ms":2000000000000000000)"));
  for (const char* terms : {R"("service_hours":{})", R"("maintenance":{"cap_ms_per_month":1})"}) {
    EXPECT_THAT(Compute(ages + R"(,"contract":{)" + terms + "}}"), HasSubstr("more than 400 years")) << terms;
  }
}

}  // namespace
}  // namespace nines::cli
