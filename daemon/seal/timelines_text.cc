#include "daemon/seal/timelines_text.h"

#include "base/text.h"
#include "daemon/seal/canonical_text.h"

namespace nines::seal {
namespace {

constexpr auto kTimelinesFields = [](auto& archive, auto& timelines) {
  archive.Head("nines-timelines", 1);
  archive.Text("period", timelines.period);
  ScopeText(archive, timelines.scope);
  archive.Int("ledger_position", timelines.ledger_position);
  archive.Int("now_ms", timelines.now_ms);
  archive.Count("targets", timelines.targets);
  for (auto& timeline : timelines.targets) {
    archive.Blank();
    archive.Text("target", timeline.target);
    archive.List("observed", timeline.spans);
  }
};

}  // namespace

std::string SealedSpan::Words() const { return StrCat(start_ms, " ", end_ms, " ", state); }

bool SealedSpan::FromWords(std::string_view words) {
  const std::vector<std::string_view> parts = SplitWords(words, 3);
  if (parts.empty() || !ReadInt(parts[0], start_ms) || !ReadInt(parts[1], end_ms)) return false;
  state = parts[2];
  return true;
}

std::string WriteTimelines(const SealedTimelines& timelines) { return WriteText(timelines, kTimelinesFields); }
absl::StatusOr<SealedTimelines> ReadTimelines(std::string_view text) {
  return ReadText<SealedTimelines>(text, kTimelinesFields);
}

}  // namespace nines::seal
