#pragma once

#include <string>
#include <vector>

#include "base/text.h"
#include "daemon/seal/bundle.h"
#include "daemon/seal/changes_text.h"
#include "daemon/seal/report_text.h"
#include "daemon/seal/timelines_text.h"

namespace nines::seal {

inline Scope ProviderNorth() { return {Scope::Kind::kProvider, "north"}; }

inline SealedReport SampleReport() {
  SealedTarget portal;
  portal.id = "portal";
  portal.name_zh = "门户";
  portal.name_en = "Portal";
  portal.provider = "north";
  portal.period_start_ms = 1735660800000;
  portal.period_end_ms = 1738339200000;
  portal.contract = "gold";
  portal.contract_position = 2;
  portal.objective_ppm = 999000;
  portal.time_zone = "Asia/Shanghai";
  portal.basis = "observed";
  portal.degraded_counts_as = "up";
  portal.no_data = "exclude";
  portal.min_coverage_ppm = 900000;
  portal.up_ms = 2675721599;
  portal.down_ms = 2678401;
  portal.good_ms = 2675721599;
  portal.bad_ms = 2678401;
  portal.coverage_ppm = 1000000;
  portal.availability_percent = "99.8999";
  portal.lower_percent = "99.8999";
  portal.upper_percent = "99.8999";
  portal.verdict = "breached";
  portal.budget_ms = 2678400;
  portal.spent_ms = 2678401;
  portal.left_ms = -1;
  portal.longest_outage_ms = 2678401;
  portal.mttr_ms = 2678401;
  portal.mtbf_ms = 2675721599;
  portal.outages = {{1735747200000, 1735749878401, 2678401, false}};
  portal.credits = {{"2025-01", "breached", 100000, 5000000, 500000}};
  SealedTarget silent;
  silent.id = "silent";
  silent.verdict = "undetermined";
  silent.unknown_ms = 2678400000;
  silent.credits = {{"2025-01", "undetermined", std::nullopt, 100, std::nullopt}};
  return {.period = "2025-01",
          .scope = ProviderNorth(),
          .ledger_position = 3,
          .now_ms = 1738400000000,
          .availability_percent = "99.8999",
          .weighted_good_ms = "2675721599",
          .weighted_counted_ms = "2678400000",
          .worst = "portal",
          .met = 0,
          .breached = 1,
          .undetermined = 1,
          .not_applicable = 0,
          .targets = {portal, silent}};
}

inline SealedTimelines SampleTimelines() {
  return {.period = "2025-01",
          .scope = ProviderNorth(),
          .ledger_position = 3,
          .now_ms = 1738400000000,
          .targets = {{"portal",
                       {{1735657200000, 1735747200000, "up"},
                        {1735747200000, 1735749878401, "down"},
                        {1735749878401, 1738342800000, "up"}}},
                      {"silent", {{1735657200000, 1738342800000, "unknown"}}}}};
}

inline Changes SampleChanges() {
  Totals before;
  before.up_ms = 2675721599;
  before.down_ms = 2678401;
  before.verdict = "breached";
  Totals after = before;
  after.availability_percent = "100.0000";
  return {.period = "2025-01",
          .scope = ProviderNorth(),
          .version = 2,
          .reason = "the power was ours",
          .targets = {{"portal", before, after, false, {{5, "ruling r-1 by wang: the power was ours"}}},
                      {"retired", before, std::nullopt, true, {}}}};
}

// Version 2 of January, the third seal of a ledger; its facts are opaque here.
class SealedMonth {
 public:
  explicit SealedMonth(const PrivateKey& key) {
    std::vector<std::string> facts;
    std::optional<Digest> chain;
    std::string lines(kFactsHead);
    std::vector<Digest> chains;
    for (uint64_t position = 1; position <= 7; ++position) {
      facts.push_back(StrCat("fact ", position, std::string(position, '\0')));
      chain = NextLink(chain, facts.back());
      chains.push_back(*chain);
      lines += FactLine(position, *chain, facts.back());
    }
    files[std::string(kFactsFile)] = lines;
    files[std::string(kReportFile)] = WriteReport(SampleReport());
    files[std::string(kTimelinesFile)] = WriteTimelines(SampleTimelines());
    files[std::string(kChangesFile)] = WriteChanges(SampleChanges());
    Statement statement;
    statement.public_key = key.public_key().Text();
    for (uint64_t number = 1; number <= 3; ++number) {
      statement.number = number;
      statement.period = number == 2 ? "2024-12" : "2025-01";
      statement.scope = ProviderNorth();
      statement.version = number == 3 ? 2 : 1;
      statement.reason = number == 3 ? "the power was ours" : "";
      statement.author = "li";
      statement.now_ms = 1738400000000 + static_cast<int64_t>(number);
      statement.ledger_position = 1 + 2 * number;
      statement.ledger_digest = chains[statement.ledger_position - 1];
      statement.contracts = {{0, ""}, {2, "gold"}};
      statement.report = NameOf(files[std::string(kReportFile)]);
      statement.timelines = NameOf(files[std::string(kTimelinesFile)]);
      if (number == 3) statement.changes = NameOf(files[std::string(kChangesFile)]);
      const std::string text = WriteStatement(statement);
      const std::string name = number == 3 ? std::string(kSealFile) : ChainFile(number, "txt");
      files[name] = text;
      files[number == 3 ? std::string(kSignatureFile) : ChainFile(number, "sig")] = key.Sign(text);
      statement.previous = Sha256Of(text);
    }
  }

  Files files;
};

}  // namespace nines::seal
