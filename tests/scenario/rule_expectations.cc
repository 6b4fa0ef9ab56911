#include <algorithm>

#include "base/text.h"
#include "tests/scenario/script.h"

namespace nines::scenario {
namespace {

std::string RestOf(Words& words) {
  std::string rest;
  while (!words.done()) StrAppend(&rest, rest.empty() ? "" : " ", words.Take("a word"));
  return rest;
}

std::string RuleText(const sla::Override& decided, const sla::Exclusions& exclusions) {
  std::string text(sla::ReasonName(decided.reason));
  if (decided.reason == sla::ExclusionReason::kRuling) StrAppend(&text, " ", exclusions.rulings[decided.index].id);
  if (decided.reason == sla::ExclusionReason::kMaintenance) {
    StrAppend(&text, " ", exclusions.maintenance[decided.index].id);
  }
  return text;
}

}  // namespace

// expect rule at 10T08:00 maintenance m-1: which of section 6 decides.
void Script::ExpectRule(Words& words, const Outcome& outcome) {
  words.Expect("at");
  const int64_t time_ms = TakeTime(words);
  const std::string expected = RestOf(words);
  const auto decided = std::find_if(outcome.overrides.begin(), outcome.overrides.end(),
                                    [&](const sla::Override& each) { return each.interval.Contains(time_ms); });
  const std::string actual = decided == outcome.overrides.end() ? "none" : RuleText(*decided, target().exclusions);
  if (expected != actual) words.Fail(StrCat("the rule is ", actual, ", not ", expected));
}

// expect refused at 10T08:00 cap used up m-1: why maintenance is not excluded; of several windows the first.
void Script::ExpectRefused(Words& words) {
  words.Expect("at");
  const int64_t time_ms = TakeTime(words);
  const std::string expected = RestOf(words);
  std::string actual = "none";
  const std::vector<sla::Term> terms = target().Terms();
  sla::VisitTerms(terms, Context(), [&](Interval part, const sla::Contract& contract) {
    for (const sla::Refused& each : sla::DecisionsOf(target().exclusions, contract, part).refused) {
      if (!each.interval.Contains(time_ms) || actual != "none") continue;
      actual = StrCat(sla::RefusalName(each.refusal), " ", target().exclusions.maintenance[each.index].id);
    }
  });
  if (expected != actual) words.Fail(StrCat("it is ", actual, ", not ", expected));
}

}  // namespace nines::scenario
