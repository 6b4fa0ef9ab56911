#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/mutex.h"
#include "base/strong_id.h"
#include "storage/series/labels.h"

namespace nines::series {

enum class MatchType { kEqual, kNotEqual, kRegex, kNotRegex };
// A series without the label counts as having the empty text. Regular expressions are RE2's and match the whole value.
struct Matcher {
  MatchType type = MatchType::kEqual;
  std::string name;
  std::string value;
};

// Which label sets there are, and which series carry which label: in memory, for each (name, value) the sorted list of
// series. Thread-safe.
class Index {
 public:
  // Adds a label set that is not there yet, as `Labels::Encode()`. Ids are 1, 2, 3 and so on, in the order of adding.
  SeriesId Add(const Labels& labels, std::string encoded);
  std::optional<SeriesId> Find(std::string_view encoded) const;
  // Empty labels where there is no such series.
  Labels LabelsOf(SeriesId series) const;
  uint64_t size() const;
  uint64_t CountWith(std::string_view name, std::string_view value) const;

  // Series that match all matchers, ordered by labels. Errors: a wrong regular expression; matchers that all match the
  // empty text, for that would be nearly everything.
  absl::StatusOr<std::vector<SeriesId>> Select(std::span<const Matcher> matchers) const;

 private:
  using Postings = std::vector<uint64_t>;
  using Values = absl::flat_hash_map<std::string, Postings>;
  class Test;

  // Series with a value for `name` that passes `test`, or fails it.
  Postings Collect(const Matcher& matcher, const Test& test, bool passes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  std::deque<std::string> encoded_ ABSL_GUARDED_BY(mutex_);  // of series 1, 2, 3 and so on; never moves
  absl::flat_hash_map<absl::string_view, uint64_t> ids_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, Values> postings_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace nines::series
