#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "base/strong_id.h"
#include "storage/series/label_sets.h"
#include "storage/series/label_table.h"
#include "storage/series/labels.h"
#include "storage/series/matcher.h"
#include "storage/series/posting_list.h"
#include "storage/series/series_id.h"

namespace nines::series {

// Which label sets there are, and which series carry which label; all of it in memory. Every distinct label is kept
// once with the list of its series, and a label set as numbers of labels: some 30 bytes a series in a fleet.
// Thread-safe.
//
// Ids are never given twice. The owner keeps label sets and, since the last ones may have been removed, next_id() on
// disk, and at start calls Restore() for each, SetNextId() and Trim().
class Index {
 public:
  Index();

  // Gives a label set its id, which is larger than any of its class so far. The label set is not there yet, and
  // next_id() is not past LastIdOf(series_class).
  SeriesId Add(const Labels& labels, SeriesClass series_class);
  // Puts back what Add() once gave, from its canonical bytes. Ids grow within a class; there may be gaps. DataLoss: the
  // bytes are not canonical, another series has this label set, or the id cannot stand here.
  absl::Status Restore(SeriesId series, std::string_view encoded_labels);
  // The id that the next new series of the class gets. It can only grow.
  void SetNextId(SeriesClass series_class, uint32_t next_id);
  uint32_t next_id(SeriesClass series_class) const;
  // Forgets these series; those that are not there do not matter. Others may see it half done.
  void Remove(std::span<const SeriesId> series);
  // Gives back memory that was set aside for growing: after many of Restore().
  void Trim();

  std::optional<SeriesId> Find(const Labels& labels) const;
  // By canonical bytes, `Labels::Encode()`. Nothing for other bytes.
  std::optional<SeriesId> Find(std::string_view encoded_labels) const;
  bool Contains(SeriesId series) const;
  // Empty labels where there is no such series.
  Labels LabelsOf(SeriesId series) const;
  uint64_t size() const;
  // How many series carry name="value".
  uint64_t CountWith(std::string_view name, std::string_view value) const;

  // Series that match all matchers, ordered by labels. Errors: a wrong regular expression; matchers that all match the
  // empty text, for that would be nearly everything.
  absl::StatusOr<std::vector<SeriesId>> Select(std::span<const Matcher> matchers) const;
  // Names of all labels, and values of one, in order.
  std::vector<std::string> LabelNames() const;
  std::vector<std::string> LabelValues(std::string_view name) const;

  // Calls visit(id, canonical bytes of its labels) for each series by growing id until that answers false. Not under
  // the lock: what is added or removed meanwhile may be visited or not.
  void ForEach(absl::FunctionRef<bool(SeriesId, std::string_view)> visit) const;
  // What the index takes in memory, nearly.
  uint64_t memory_bytes() const;

 private:
  using LabelId = LabelTable::LabelId;

  absl::Status Insert(uint32_t id, std::string_view encoded) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveSome(std::span<const uint32_t> ids) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The lists of all values of the matcher's label that it accepts, or does not.
  IdSet::Lists Collect(const CompiledMatcher& matcher, bool accepted) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  IdSet Match(std::span<const CompiledMatcher> matchers) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::string Encode(const LabelSets::Set& set) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable Mutex mutex_;
  mutable LabelTable labels_ ABSL_GUARDED_BY(mutex_);  // is sorted by who reads it
  LabelSets sets_ ABSL_GUARDED_BY(mutex_);
  LabelSets::Set last_ ABSL_GUARDED_BY(mutex_);  // that was added
  uint32_t next_id_[2] ABSL_GUARDED_BY(mutex_) = {FirstIdOf(SeriesClass::kSamples), FirstIdOf(SeriesClass::kResults)};
};

}  // namespace nines::series
