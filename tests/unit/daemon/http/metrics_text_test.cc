#include "daemon/http/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.h"

namespace nines::http {
namespace {

using testing::HasSubstr;
using testing::Not;

live::CheckStatus Check(const char* id, sla::State state, std::optional<int64_t> last_result_ms) {
  return {CheckId(id), state, last_result_ms};
}

// SLA.md's breached month, told on its last day: 2 678 401 ms of outage, 99.8999 %.
live::TargetStatus Portal() {
  live::TargetStatus status;
  status.target = TargetId("portal");
  status.state = sla::State::kDown;
  status.since_ms = 1'738'339'000'250;
  status.month = {1'735'660'800'000, 1'738'339'200'000};
  status.month_label = "2025-01";
  status.account = {
      .up_ms = 2'675'721'599, .degraded_ms = 0, .down_ms = 2'678'401, .unknown_ms = 0, .excluded_ms = 7'200'000};
  sla::Assessment& month = status.month_so_far;
  month.good_ms = 2'675'721'599;
  month.bad_ms = 2'678'401;
  month.availability = sla::Ratio{2'675'721'599, 2'678'400'000};
  month.coverage_ppm = 1'000'000;
  month.verdict = sla::Verdict::kBreached;
  month.outage_count = 2;
  month.budget_ms = 2'678'400;
  month.spent_ms = 2'678'401;
  month.left_ms = -1;
  status.checks = {Check("portal-web", sla::State::kDown, 1'738'339'199'999),
                   Check("shared-db", sla::State::kUp, 1'738'339'190'000)};
  return status;
}

// Up again after six minutes: 90 % of the last hour were good, and the budget ends in less than seven hours.
live::TargetStatus Mail() {
  live::TargetStatus status;
  status.target = TargetId("mail");
  status.state = sla::State::kUp;
  status.since_ms = 1'737'344'160'000;
  status.month = {1'735'660'800'000, 1'738'339'200'000};
  sla::Assessment& month = status.month_so_far;
  month.verdict = sla::Verdict::kMet;
  month.outage_count = 1;
  month.budget_ms = 2'678'400;
  month.spent_ms = 360'000;
  month.left_ms = 2'318'400;
  status.spending =
      report::Spending{.burn_ppm = {0, 200'000'000, 100'000'000, 50'000'000, 16'666'666, 4'166'666, std::nullopt},
                       .ends_ms = 1'737'368'784'000};
  status.credit = report::MonthCredit{.month = "2025-01",
                                      .over = false,
                                      .verdict = sla::Verdict::kMet,
                                      .credit_ppm = 100'000,
                                      .fee_fen = 123'457,
                                      .credit_fen = 12'345};
  return status;
}

// Nothing is known of it yet.
live::TargetStatus Silent() {
  live::TargetStatus status;
  status.target = TargetId("silent \"\\\n");
  status.state = sla::State::kUnknown;
  status.since_ms = 1'735'660'800'000;
  status.month = {1'735'660'800'000, 1'738'339'200'000};
  status.account.unknown_ms = 1;
  status.month_so_far.unknown_ms = 1;
  status.month_so_far.verdict = sla::Verdict::kUndetermined;
  status.spending = report::Spending();
  status.credit = report::MonthCredit{.month = "2025-01",
                                      .over = false,
                                      .verdict = sla::Verdict::kUndetermined,
                                      .credit_ppm = std::nullopt,
                                      .fee_fen = 100,
                                      .credit_fen = std::nullopt};
  status.checks = {Check("shared-db", sla::State::kUp, 1'738'339'190'000),
                   Check("silent-web", sla::State::kUnknown, std::nullopt)};
  return status;
}

MetricsInput Example() {
  auto world = std::make_shared<catalogue::Catalogue>();
  catalogue::Target portal;
  portal.id = TargetId("portal");
  portal.provider = ProviderId("cloud-a");
  portal.region = RegionId("east");
  portal.agency = AgencyId("健康局");
  portal.system = SystemId("clinics");
  portal.contracts.back().id = ContractId("gold");
  world->targets[portal.id] = portal;
  world->checks[CheckId("portal-web")].provider = ProviderId("observer");
  auto snapshot = std::make_shared<live::Snapshot>();
  snapshot->catalogue = world;
  snapshot->targets = {Portal(), Mail(), Silent()};
  snapshot->targets.front().contract = &world->targets[portal.id].contracts.back();

  MetricsInput input;
  input.snapshot = snapshot;
  input.live = {.results_in_order = 10, .results_late = 2, .reloads = 1};
  input.ingest.batches = 5;
  input.ingest.samples = 12'345'678'901;
  input.ingest.refused[1] = 3;
  input.ingest.commits = 4;
  input.ingest.commit_seconds = 0.0125;
  input.collectors = {{ProviderId("cloud-a"), "c1", "0.1.0", true, 1'738'339'199'500, 1024, 1 << 30, 0, 2},
                      {ProviderId("cloud-b"), "c2", "0.1.0", false, 0, 0, 1 << 30, 7, 0}};
  input.series = {.series = 300'000,
                  .index_bytes = 21'000'000,
                  .head_samples = 6,
                  .head_bytes = 96,
                  .log_bytes = 1000,
                  .dirty_windows = 11,
                  .reclaimable_bytes = 16,
                  .frames_written = 12,
                  .windows_merged = 9,
                  .partitions_merged = 13,
                  .series_removed = 14,
                  .damaged = 15};
  input.disk_bytes = 29'000'000'000;
  input.http.requests = {{{"/metrics", 200}, 8}, {{"/nines.v1.ReportService/GetReport", 404}, 1}};
  input.http.connections = 2;
  input.process = {.cpu_seconds = 1.75,
                   .resident_bytes = 12288,
                   .virtual_bytes = 8192,
                   .start_time_ms = 1'000'012'340,
                   .open_fds = 10,
                   .max_fds = 1024,
                   .threads = 7};
  input.version = "0.1.0";
  return input;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// NINES_UPDATE_GOLDEN=1 writes the file anew; look at the difference before committing it.
void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = std::string(NINES_TEST_DATA) + "/golden/" + name;
  if (std::getenv("NINES_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(text, ReadFile(path));
}

TEST(MetricsTextTest, Golden) { ExpectGolden("metrics.txt", MetricsText(Example())); }
TEST(MetricsTextTest, GoldenOfAnEmptyDaemon) { ExpectGolden("metrics_empty.txt", MetricsText({.version = "0.1.0"})); }

TEST(MetricsTextTest, MillisecondsAreExact) {
  const std::string text = MetricsText(Example());
  EXPECT_THAT(text, HasSubstr("\nnines_target_month_good_seconds{target=\"portal\"} 2675721.599\n"));
  EXPECT_THAT(text, HasSubstr("\nnines_target_month_bad_seconds{target=\"portal\"} 2678.401\n"));
  EXPECT_THAT(text, HasSubstr("\nnines_target_error_budget_left_seconds{target=\"portal\"} -0.001\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "\nnines_check_last_result_timestamp_seconds{check=\"portal-web\",provider=\"observer\"} 1738339199.999\n"));
  EXPECT_THAT(text, HasSubstr("\nnines_ingest_samples_total 12345678901\n"));
}

TEST(MetricsTextTest, BudgetsAndCredits) {
  const std::string text = MetricsText(Example());
  EXPECT_THAT(text, HasSubstr("\nnines_target_error_budget_burn_rate{target=\"mail\",window=\"5m\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\nnines_target_error_budget_burn_rate{target=\"mail\",window=\"30m\"} 200\n"));
  EXPECT_THAT(text, HasSubstr("\nnines_target_error_budget_burn_rate{target=\"mail\",window=\"1d\"} 4.166666\n"));
  EXPECT_THAT(text, Not(HasSubstr("window=\"3d\""))) << "nothing counted";
  EXPECT_THAT(text, HasSubstr("\nnines_target_error_budget_end_timestamp_seconds{target=\"mail\"} 1737368784\n"));
  EXPECT_THAT(text, HasSubstr("\nnines_target_month_credit_ratio{target=\"mail\"} 0.1\n"));
  EXPECT_THAT(text, HasSubstr("\nnines_target_month_credit_fen{target=\"mail\"} 12345\n"));
}

TEST(MetricsTextTest, UndefinedIsAbsentRatherThanANumber) {
  const std::string text = MetricsText(Example());
  for (const char* metric :
       {"error_budget_burn_rate", "error_budget_end_timestamp_seconds", "month_credit_ratio", "month_credit_fen"}) {
    EXPECT_THAT(text, Not(HasSubstr(StrCat("nines_target_", metric, "{target=\"silent"))));
  }
  EXPECT_THAT(text, Not(HasSubstr("nines_target_month_availability_ratio{target=\"silent")));
  EXPECT_THAT(text, Not(HasSubstr("nines_check_last_result_timestamp_seconds{check=\"silent-web\"")));
  EXPECT_THAT(text, Not(HasSubstr("nines_collector_last_batch_timestamp_seconds{provider=\"cloud-b\"")));
}

TEST(MetricsTextTest, CheckOfTwoTargetsComesOnce) {
  const std::string text = MetricsText(Example());
  const std::string line = "\nnines_check_state{check=\"shared-db\",provider=\"\",state=\"up\"} 1\n";
  const size_t first = text.find(line);
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(text.find(line, first + 1), std::string::npos);
}

TEST(MetricsTextTest, ManualListsEveryMetric) {
  const std::string manual = ReadFile(std::string(NINES_SOURCE_DIR) + "/docs/metrics.md");
  const std::string text = MetricsText(Example());
  for (size_t at = 0; (at = text.find("# TYPE ", at)) != std::string::npos;) {
    at += 7;
    const std::string name = text.substr(at, text.find(' ', at) - at);
    EXPECT_THAT(manual, HasSubstr("`" + name)) << "docs/metrics.md does not name it";
  }
}

}  // namespace
}  // namespace nines::http
