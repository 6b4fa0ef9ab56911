#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "daemon/catalogue/catalogue.h"
#include "daemon/sla/account.h"
#include "daemon/sla/exclusion.h"
#include "daemon/sla/pool.h"
#include "daemon/sla/target.h"
#include "daemon/sla/terms.h"
#include "tests/scenario/words.h"

namespace nines::scenario {

// Runs a script line by line through the functions that the daemon uses; README.md has the language. An `expect`
// looks at what the lines above it say: a script can go on and look again. Thread-compatible.
class Script {
 public:
  // What is wrong with the line, or how it differs from what came out; empty if all is well.
  std::string Run(std::string_view line);

 private:
  struct Check {
    std::string name;
    sla::CheckRule rule;
    std::vector<sla::Result> results;  // in the order of recording
  };
  struct Target {
    std::string name;  // empty: the only one, or what all have in common
    int64_t weight = 1;
    std::vector<catalogue::ContractVersion> versions = {catalogue::ContractVersion()};  // in the order of time
    std::vector<Check> checks;
    std::optional<sla::InputNode> root;
    std::set<size_t> uses;  // other targets
    std::vector<sla::DeclaredSpan> declarations;
    sla::Exclusions exclusions;

    std::vector<sla::Term> Terms() const;
  };
  // What the lines so far amount to.
  struct Outcome {
    sla::TargetTimelines timelines;
    std::vector<sla::Override> overrides;
    sla::Timeline accounted;  // after exclusions
    sla::Assessment assessment;
  };

  void ReadPeriod(Words& words);
  void ReadTarget(Words& words);
  void ReadCheck(Words& words);
  void ReadResult(Words& words);
  void ReadSeries(Words& words);
  void ReadDeclared(Words& words);
  void ReadMember(Words& words);
  sla::InputNode ReadGroup(Words& words);
  // The contract's own rules, in contract_lines.cc.
  void ReadContractLine(const std::string& verb, Words& words);
  void ReadVersion(Words& words);
  // What section 6 asks for, in exclusion_lines.cc; false if no such line begins with `verb`.
  bool ReadExclusionLine(std::string_view verb, Words& words);
  void ReadService(Words& words);
  void ReadHours(Words& words);
  void ReadClosed(Words& words);
  void ReadOpen(Words& words);
  void ReadMaintenance(Words& words);
  void ReadRuling(Words& words);
  sla::ServiceHours& Hours();

  void Expect(Words& words);
  void ExpectValues(Words& words, const Outcome& outcome);
  void ExpectOutage(Words& words, const Outcome& outcome);
  void ExpectState(Words& words, const sla::Timeline& timeline);
  // In money_expectations.cc.
  void ExpectBurn(Words& words, const Outcome& outcome);
  void ExpectEnd(Words& words, const Outcome& outcome);
  void ExpectMonthCredit(Words& words, const Outcome& outcome);
  void ExpectCredits(Words& words, const Outcome& outcome);
  void ExpectPooled(Words& words);
  // In rule_expectations.cc.
  void ExpectRule(Words& words, const Outcome& outcome);
  void ExpectRefused(Words& words);
  // The value of a name as text ("none" if there is none); nullopt if there is no such name.
  static std::optional<std::string> PercentOf(std::string_view name, const Outcome& outcome,
                                              const sla::Contract& contract);
  static std::optional<std::string> MillisecondsOf(std::string_view name, const Outcome& outcome);

  Outcome Compute(const Target& target) const;
  sla::Timeline Observed(const Target& target) const;
  Interval Context() const;
  int64_t NowMs() const { return now_ms_.value_or(period_.end_ms); }
  // Of the period as far as it is known; its last contract judges it.
  const sla::Contract& LastContract() const;

  Target& target() { return targets_[current_]; }
  const Target& target() const { return targets_[current_]; }
  sla::Contract& contract() { return target().versions.back().terms; }

  int64_t TakeTime(Words& words);
  int64_t TakeDuration(Words& words);
  int64_t TakeShare(Words& words);
  int64_t TakeNumber(Words& words);
  int64_t TakeMoney(Words& words);
  size_t FindCheck(std::string_view name) const;
  size_t FindTarget(std::string_view name) const;
  sla::InputNode InputNamed(const std::string& name, Words& words);
  Check& TakeCheck(Words& words);

  absl::TimeZone zone_ = absl::UTCTimeZone();
  std::string zone_name_ = "UTC";
  Interval period_;
  absl::CivilDay first_day_;
  std::optional<int64_t> now_ms_;
  std::vector<Target> targets_ = {Target()};
  size_t current_ = 0;
  std::vector<std::string> member_names_;
  std::vector<sla::PooledMember> members_;
};

}  // namespace nines::scenario
