#include "storage/series/index.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

// So many series are removed before others get the lock.
constexpr size_t kRemoveAtOnce = 2048;

// Series with the ranks of their labels, to be put in order.
struct Ranked {
  std::vector<uint32_t> ids;
  std::vector<uint32_t> starts;  // in `ranks`; one more than there are ids
  std::vector<uint32_t> ranks;

  // 0 behind the last label, so that a label set stands before those that go on.
  uint32_t RankAt(uint32_t row, uint32_t depth) const {
    return starts[row] + depth < starts[row + 1] ? ranks[starts[row] + depth] : 0;
  }
};

// Rows agree in their first `depth` labels. A row is its number in the lower half, and in the upper one a rank.
void SortRows(const Ranked& ranked, std::span<uint64_t> rows, uint32_t depth) {
  bool same = true;
  while (rows.size() > 1 && same) {
    for (uint64_t& row : rows) {
      const uint32_t number = static_cast<uint32_t>(row);
      row = uint64_t{ranked.RankAt(number, depth)} << 32 | number;
      same = same && row >> 32 == rows[0] >> 32;
    }
    // Behind the end of all of them: only where two were the same, which cannot be.
    NINES_CHECK(!same || rows[0] >> 32 != 0);
    ++depth;
  }
  if (same) return;
  std::sort(rows.begin(), rows.end());
  for (size_t begin = 0; begin < rows.size();) {
    size_t end = begin + 1;
    while (end < rows.size() && rows[end] >> 32 == rows[begin] >> 32) ++end;
    SortRows(ranked, rows.subspan(begin, end - begin), depth);
    begin = end;
  }
}

}  // namespace

Index::Index() : sets_(labels_) {}

absl::Status Index::Insert(uint32_t id, std::string_view encoded) {
  EncodedLabels split;
  if (!SplitLabels(encoded, &split)) return absl::DataLossError("its labels are not in their canonical form");
  absl::InlinedVector<uint32_t, 16> hashes;
  LabelSets::Set set;
  for (const EncodedLabel& label : split) {
    const size_t place = set.size();
    // Neighbours share most labels.
    if (place < last_.size() && labels_.Encoded(last_[place]) == label.bytes) {
      set.Append(last_[place]);
      hashes.push_back(labels_.HashOf(last_[place]));
      continue;
    }
    hashes.push_back(LabelTable::Hash(label));
    set.Append(labels_.Find(label, hashes.back()));
    // What is there has been looked at.
    if (set[place] == LabelTable::kNone && !IsLabel(label.name, label.value)) {
      return absl::DataLossError("a name or value of its labels is malformed");
    }
  }
  for (size_t i = 0; i < set.size(); ++i) {
    if (set[i] == LabelTable::kNone) set[i] = labels_.Add(split[i], hashes[i]);
  }
  // With a label that is new nothing is found.
  if (const std::optional<uint32_t> other = sets_.Add(id, {split, hashes}, set)) {
    return absl::DataLossError(StrCat("series ", *other, " has the same labels"));
  }
  for (LabelId label : set) labels_.Postings(label).Insert(id);
  last_ = set;
  next_id_[static_cast<size_t>(ClassOf(SeriesId(id)))] = id + 1;
  return absl::OkStatus();
}

SeriesId Index::Add(const Labels& labels, SeriesClass series_class) {
  const std::string encoded = labels.Encode();
  MutexLock lock(mutex_);
  const uint32_t id = next_id_[static_cast<size_t>(series_class)];
  NINES_CHECK(id <= LastIdOf(series_class));
  const absl::Status status = Insert(id, encoded);
  NINES_CHECK(status.ok());
  return SeriesId(id);
}

absl::Status Index::Restore(SeriesId series, std::string_view encoded_labels) {
  const SeriesClass series_class = ClassOf(series);
  MutexLock lock(mutex_);
  const uint32_t next = next_id_[static_cast<size_t>(series_class)];
  if (series.value() < next || series.value() > LastIdOf(series_class)) {
    return absl::DataLossError(StrCat("series ", series.value(), ": expected an id from ", next, " on"));
  }
  return Annotate(Insert(static_cast<uint32_t>(series.value()), encoded_labels), StrCat("series ", series.value()));
}

void Index::SetNextId(SeriesClass series_class, uint32_t next_id) {
  MutexLock lock(mutex_);
  uint32_t& own = next_id_[static_cast<size_t>(series_class)];
  own = std::max(own, next_id);
}

uint32_t Index::next_id(SeriesClass series_class) const {
  MutexLock lock(mutex_);
  return next_id_[static_cast<size_t>(series_class)];
}

void Index::Remove(std::span<const SeriesId> series) {
  std::vector<uint32_t> ids;
  ids.reserve(series.size());
  for (SeriesId id : series) {
    if (id.value() <= LastIdOf(SeriesClass::kResults)) ids.push_back(static_cast<uint32_t>(id.value()));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  for (std::span<const uint32_t> rest = ids; !rest.empty();) {
    const size_t count = std::min(rest.size(), kRemoveAtOnce);
    MutexLock lock(mutex_);
    RemoveSome(rest.first(count));
    rest = rest.subspan(count);
  }
}

void Index::RemoveSome(std::span<const uint32_t> ids) {
  std::vector<uint32_t> removed;
  std::vector<LabelId> released;
  LabelSets::Set set;
  for (uint32_t id : ids) {
    if (!sets_.Read(id, &set)) continue;
    removed.push_back(id);
    for (LabelId label : set) {
      PostingList& postings = labels_.Postings(label);
      postings.Remove(id);
      if (postings.size() == 0) released.push_back(label);
    }
  }
  last_.Clear();
  sets_.Remove(removed);
  labels_.Release(released);
  if (labels_.Sparse()) sets_.Renumber(labels_.Compact());
}

void Index::Trim() {
  MutexLock lock(mutex_);
  labels_.Trim();
  sets_.Trim();
}

std::optional<SeriesId> Index::Find(const Labels& labels) const { return Find(labels.Encode()); }

std::optional<SeriesId> Index::Find(std::string_view encoded_labels) const {
  EncodedLabels split;
  if (!SplitLabels(encoded_labels, &split)) return std::nullopt;
  absl::InlinedVector<uint32_t, 16> hashes;
  for (const EncodedLabel& label : split) hashes.push_back(LabelTable::Hash(label));
  MutexLock lock(mutex_);
  const std::optional<uint32_t> id = sets_.Find({split, hashes});
  if (!id.has_value()) return std::nullopt;
  return SeriesId(*id);
}

bool Index::Contains(SeriesId series) const {
  MutexLock lock(mutex_);
  return series.value() <= LastIdOf(SeriesClass::kResults) && sets_.Contains(static_cast<uint32_t>(series.value()));
}

Labels Index::LabelsOf(SeriesId series) const {
  if (series.value() > LastIdOf(SeriesClass::kResults)) return {};
  MutexLock lock(mutex_);
  LabelSets::Set set;
  if (!sets_.Read(static_cast<uint32_t>(series.value()), &set)) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(set.size());
  for (LabelId label : set) pairs.emplace_back(labels_.NameOf(label), labels_.ValueOf(label));
  return Labels::FromCanonical(std::move(pairs));
}

uint64_t Index::size() const {
  MutexLock lock(mutex_);
  return sets_.size();
}

uint64_t Index::CountWith(std::string_view name, std::string_view value) const {
  MutexLock lock(mutex_);
  const LabelId label = labels_.Find(name, value);
  return label == LabelTable::kNone ? 0 : labels_.Postings(label).size();
}

IdSet::Lists Index::Collect(const CompiledMatcher& matcher, bool accepted) const {
  IdSet::Lists lists;
  const bool described = accepted != matcher.negative();
  if (described && matcher.literals().has_value()) {
    for (const std::string& value : *matcher.literals()) {
      const LabelId label = labels_.Find(matcher.name(), value);
      if (label != LabelTable::kNone) lists.push_back(&labels_.Postings(label));
    }
    return lists;
  }
  std::span<const LabelId> labels = labels_.WithName(matcher.name());
  if (described && matcher.range().bounded) {
    const auto before = [this](LabelId label, std::string_view value)
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { return labels_.ValueOf(label) < value; };
    const auto behind = [this](std::string_view value, LabelId label)
                            ABSL_NO_THREAD_SAFETY_ANALYSIS { return value < labels_.ValueOf(label); };
    const auto begin =
        std::lower_bound(labels.begin(), labels.end(), std::string_view(matcher.range().smallest), before);
    labels = {begin, std::upper_bound(begin, labels.end(), std::string_view(matcher.range().largest), behind)};
  }
  for (LabelId label : labels) {
    if (matcher.Accepts(labels_.ValueOf(label)) == accepted) lists.push_back(&labels_.Postings(label));
  }
  return lists;
}

IdSet Index::Match(std::span<const CompiledMatcher> matchers) const {
  std::vector<IdSet::Lists> kept;
  for (const CompiledMatcher& matcher : matchers) {
    if (!matcher.accepts_empty()) kept.push_back(Collect(matcher, /*accepted=*/true));
  }
  // The smallest first: the others are only looked up in it.
  const auto blocks = [](const IdSet::Lists& lists) {
    size_t count = 0;
    for (const PostingList* list : lists) count += list->blocks().size();
    return count;
  };
  std::iter_swap(kept.begin(), std::min_element(kept.begin(), kept.end(),
                                                [&](const auto& a, const auto& b) { return blocks(a) < blocks(b); }));
  IdSet found = IdSet::Of(kept[0]);
  for (size_t i = 1; i < kept.size() && !found.empty(); ++i) found.Keep(kept[i]);
  for (const CompiledMatcher& matcher : matchers) {
    if (matcher.accepts_empty() && !found.empty()) found.Drop(Collect(matcher, /*accepted=*/false));
  }
  return found;
}

absl::StatusOr<std::vector<SeriesId>> Index::Select(std::span<const Matcher> matchers) const {
  std::vector<CompiledMatcher> compiled;
  bool narrowed = false;
  for (const Matcher& matcher : matchers) {
    NINES_ASSIGN_OR_RETURN(CompiledMatcher ready, CompiledMatcher::Create(matcher));
    narrowed = narrowed || !ready.accepts_empty();
    compiled.push_back(std::move(ready));
  }
  if (!narrowed) {
    return absl::InvalidArgumentError(
        "the matchers would take every series; add one that does not match the empty text, such as a name");
  }

  Ranked ranked;
  {
    MutexLock lock(mutex_);
    labels_.Sort();
    const IdSet found = Match(compiled);
    const uint64_t count = found.Count();
    ranked.ids.reserve(count);
    ranked.starts.reserve(count + 1);
    LabelSets::Set set;
    found.ForEach([&](uint32_t id) ABSL_NO_THREAD_SAFETY_ANALYSIS {
      NINES_CHECK(sets_.Read(id, &set));
      ranked.ids.push_back(id);
      ranked.starts.push_back(static_cast<uint32_t>(ranked.ranks.size()));
      for (LabelId label : set) ranked.ranks.push_back(labels_.RankOf(label));
    });
    ranked.starts.push_back(static_cast<uint32_t>(ranked.ranks.size()));
  }
  std::vector<uint64_t> rows(ranked.ids.size());
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = i;
  SortRows(ranked, rows, 0);
  std::vector<SeriesId> series;
  series.reserve(rows.size());
  for (uint64_t row : rows) series.emplace_back(ranked.ids[static_cast<uint32_t>(row)]);
  return series;
}

std::vector<std::string> Index::LabelNames() const {
  MutexLock lock(mutex_);
  return labels_.Names();
}

std::vector<std::string> Index::LabelValues(std::string_view name) const {
  MutexLock lock(mutex_);
  labels_.Sort();
  std::vector<std::string> values;
  for (LabelId label : labels_.WithName(name)) values.emplace_back(labels_.ValueOf(label));
  return values;
}

std::string Index::Encode(const LabelSets::Set& set) const {
  std::string bytes;
  codec::AppendVarint(set.size(), &bytes);
  for (LabelId label : set) bytes += labels_.Encoded(label);
  return bytes;
}

void Index::ForEach(absl::FunctionRef<bool(SeriesId, std::string_view)> visit) const {
  for (uint32_t block = 0;;) {
    std::vector<std::pair<uint32_t, std::string>> found;
    {
      MutexLock lock(mutex_);
      LabelSets::Set set;
      for (uint32_t id : sets_.IdsFrom(block)) {
        NINES_CHECK(sets_.Read(id, &set));
        found.emplace_back(id, Encode(set));
      }
    }
    if (found.empty()) return;
    for (const auto& [id, encoded] : found) {
      if (!visit(SeriesId(id), encoded)) return;
    }
    block = found.back().first / kBlockSeries + 1;
  }
}

uint64_t Index::memory_bytes() const {
  MutexLock lock(mutex_);
  return sizeof(mutex_) + labels_.memory_bytes() + sets_.memory_bytes();
}

}  // namespace nines::series
