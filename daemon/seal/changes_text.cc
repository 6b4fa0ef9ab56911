#include "daemon/seal/changes_text.h"

#include <map>

#include "base/text.h"
#include "daemon/seal/canonical_text.h"

namespace nines::seal {
namespace {

// A block of lines that is there or not: "before=yes" and the lines, or "before=no".
template <typename Value, typename Fields>
void Maybe(TextWriter& writer, std::string_view key, const std::optional<Value>& value, const Fields& fields) {
  writer.Text(key, std::string(value.has_value() ? "yes" : "no"));
  if (value.has_value()) fields(writer, *value);
}
template <typename Value, typename Fields>
void Maybe(TextReader& reader, std::string_view key, std::optional<Value>& value, const Fields& fields) {
  std::string there;
  reader.Text(key, there);
  if (there == "yes") fields(reader, value.emplace());
}

void YesNo(TextWriter& writer, std::string_view key, const bool& value) {
  writer.Text(key, std::string(value ? "yes" : "no"));
}
void YesNo(TextReader& reader, std::string_view key, bool& value) {
  std::string text;
  reader.Text(key, text);
  value = text == "yes";
}

constexpr auto kTotalsFields = [](auto& archive, auto& totals) {
  archive.Int("up_ms", totals.up_ms);
  archive.Int("degraded_ms", totals.degraded_ms);
  archive.Int("down_ms", totals.down_ms);
  archive.Int("unknown_ms", totals.unknown_ms);
  archive.Int("excluded_ms", totals.excluded_ms);
  archive.Int("good_ms", totals.good_ms);
  archive.Int("bad_ms", totals.bad_ms);
  archive.Text("availability_percent", totals.availability_percent);
  archive.Text("verdict", totals.verdict);
};

constexpr auto kChangesFields = [](auto& archive, auto& changes) {
  archive.Head("nines-changes", 1);
  archive.Text("period", changes.period);
  ScopeText(archive, changes.scope);
  archive.Int("version", changes.version);
  archive.Text("reason", changes.reason);
  archive.Count("targets", changes.targets);
  for (auto& change : changes.targets) {
    archive.Blank();
    archive.Text("target", change.target);
    Maybe(archive, "before", change.before, kTotalsFields);
    Maybe(archive, "after", change.after, kTotalsFields);
    YesNo(archive, "results_changed", change.results_changed);
    archive.List("cause", change.causes);
  }
};

Totals TotalsOf(const SealedTarget& target) {
  return {.up_ms = target.up_ms,
          .degraded_ms = target.degraded_ms,
          .down_ms = target.down_ms,
          .unknown_ms = target.unknown_ms,
          .excluded_ms = target.excluded_ms,
          .good_ms = target.good_ms,
          .bad_ms = target.bad_ms,
          .availability_percent = target.availability_percent,
          .verdict = target.verdict};
}

}  // namespace

std::string Cause::Words() const { return StrCat(position, " ", what); }

bool Cause::FromWords(std::string_view words) {
  const std::vector<std::string_view> parts = SplitWords(words, 2);
  if (parts.empty() || !ReadInt(parts[0], position)) return false;
  what = parts[1];
  return true;
}

std::string WriteChanges(const Changes& changes) { return WriteText(changes, kChangesFields); }
absl::StatusOr<Changes> ReadChanges(std::string_view text) { return ReadText<Changes>(text, kChangesFields); }

std::vector<TargetChange> CompareReports(const SealedReport& before, const SealedReport& after) {
  struct Pair {
    const SealedTarget* before = nullptr;
    const SealedTarget* after = nullptr;
  };
  std::map<std::string, Pair> pairs;
  for (const SealedTarget& target : before.targets) pairs[target.id].before = &target;
  for (const SealedTarget& target : after.targets) pairs[target.id].after = &target;
  std::vector<TargetChange> changes;
  for (const auto& [id, pair] : pairs) {
    if (pair.before != nullptr && pair.after != nullptr && *pair.before == *pair.after) continue;
    TargetChange& change = changes.emplace_back();
    change.target = id;
    if (pair.before != nullptr) change.before = TotalsOf(*pair.before);
    if (pair.after != nullptr) change.after = TotalsOf(*pair.after);
  }
  return changes;
}

}  // namespace nines::seal
