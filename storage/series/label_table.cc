#include "storage/series/label_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/hash/hash.h"
#include "base/check.h"
#include "base/text.h"
#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

constexpr size_t kChunkBytes = 64 << 10;
// Below this much, garbage is not worth the trouble.
constexpr size_t kSparseLabels = 1 << 10;
constexpr size_t kGarbageBytes = 2 * kChunkBytes;

}  // namespace

LabelTable::LabelTable() : ids_(0, EntryHash{this}, EntryEqual{this}) {}

uint32_t LabelTable::Hash(const EncodedLabel& label) {
  return static_cast<uint32_t>(absl::Hash<absl::string_view>()(ToAbsl(label.bytes)));
}

LabelTable::LabelId LabelTable::Find(const EncodedLabel& label, uint32_t hash) const {
  auto it = ids_.find(Key{label.bytes, hash});
  return it == ids_.end() ? kNone : *it;
}

LabelTable::LabelId LabelTable::Find(std::string_view name, std::string_view value) const {
  std::string encoded;
  codec::AppendText(name, &encoded);
  codec::AppendText(value, &encoded);
  const EncodedLabel label{encoded, name, value};
  return Find(label, Hash(label));
}

uint32_t LabelTable::StoreText(std::string_view text) {
  NINES_CHECK(text.size() < kChunkBytes);
  if (chunks_.empty() || chunk_used_ + text.size() > kChunkBytes) {
    NINES_CHECK(chunks_.size() < 1 << 16);
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(kChunkBytes));
    chunk_used_ = 0;
  }
  std::memcpy(chunks_.back().get() + chunk_used_, text.data(), text.size());
  const size_t at = (chunks_.size() - 1) << 16 | chunk_used_;
  chunk_used_ += text.size();
  return static_cast<uint32_t>(at);
}

LabelTable::LabelId LabelTable::Add(const EncodedLabel& label, uint32_t hash) {
  LabelId id = static_cast<LabelId>(labels_.size());
  if (free_.empty()) {
    labels_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  auto name = names_.find(label.name);
  if (name == names_.end()) name = names_.emplace(label.name, OfName()).first;
  name->second.labels.push_back(id);
  Entry& entry = labels_[id];
  entry.text = StoreText(label.bytes);
  entry.text_size = static_cast<uint16_t>(label.bytes.size());
  entry.value_size = static_cast<uint16_t>(label.value.size());
  entry.hash = hash;
  entry.name = &*name;
  text_bytes_ += label.bytes.size();
  sorted_ = false;
  ids_.insert(id);
  return id;
}

void LabelTable::Release(std::span<const LabelId> released) {
  std::vector<NameMap::value_type*> names;
  for (LabelId label : released) {
    Entry& entry = labels_[label];
    NINES_CHECK(entry.postings.size() == 0);
    ids_.erase(label);
    text_bytes_ -= entry.text_size;
    names.push_back(entry.name);
    entry = Entry();
    free_.push_back(label);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  const auto is_free = [this](LabelId label) { return labels_[label].name == nullptr; };
  for (NameMap::value_type* name : names) {
    OfName& of_name = name->second;
    const auto unsorted = of_name.labels.begin() + static_cast<ptrdiff_t>(of_name.sorted);
    of_name.sorted -= static_cast<size_t>(std::count_if(of_name.labels.begin(), unsorted, is_free));
    std::erase_if(of_name.labels, is_free);
    if (of_name.labels.empty()) names_.erase(names_.find(name->first));
  }
  if (chunks_.size() * kChunkBytes > 2 * text_bytes_ + kGarbageBytes) RewriteTexts();
}

std::string_view LabelTable::ValueOf(LabelId label) const {
  const std::string_view text = Encoded(label);
  return text.substr(text.size() - labels_[label].value_size);
}

void LabelTable::Sort() {
  if (sorted_) return;
  const auto before = [this](LabelId a, LabelId b) { return ValueOf(a) < ValueOf(b); };
  uint32_t rank = 0;
  for (auto& [name, of_name] : names_) {
    const auto unsorted = of_name.labels.begin() + static_cast<ptrdiff_t>(of_name.sorted);
    std::sort(unsorted, of_name.labels.end(), before);
    std::inplace_merge(of_name.labels.begin(), unsorted, of_name.labels.end(), before);
    of_name.sorted = of_name.labels.size();
    for (LabelId label : of_name.labels) labels_[label].rank = ++rank;
  }
  sorted_ = true;
}

std::span<const LabelTable::LabelId> LabelTable::WithName(std::string_view name) const {
  auto it = names_.find(name);
  if (it == names_.end()) return {};
  return it->second.labels;
}

std::vector<std::string> LabelTable::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, of_name] : names_) names.push_back(name);
  return names;
}

void LabelTable::RewriteTexts() {
  const auto old_chunks = std::exchange(chunks_, {});
  chunk_used_ = 0;
  for (Entry& entry : labels_) {
    if (entry.name == nullptr) continue;
    entry.text = StoreText({old_chunks[entry.text >> 16].get() + (entry.text & 0xffff), entry.text_size});
  }
}

bool LabelTable::Sparse() const { return free_.size() > kSparseLabels && free_.size() > labels_.size() / 3; }

std::vector<LabelTable::LabelId> LabelTable::Compact() {
  std::vector<LabelId> renumbered(labels_.size(), kNone);
  std::vector<Entry> old_labels = std::exchange(labels_, {});
  ids_.clear();
  labels_.reserve(old_labels.size() - free_.size());
  for (size_t i = 0; i < old_labels.size(); ++i) {
    if (old_labels[i].name == nullptr) continue;
    renumbered[i] = static_cast<LabelId>(labels_.size());
    labels_.push_back(std::move(old_labels[i]));
  }
  free_ = std::vector<LabelId>();
  for (auto& [name, of_name] : names_) {
    for (LabelId& label : of_name.labels) label = renumbered[label];
    of_name.labels.shrink_to_fit();
  }
  for (LabelId label = 0; label < labels_.size(); ++label) ids_.insert(label);
  ids_.rehash(0);
  return renumbered;
}

void LabelTable::Trim() {
  labels_.shrink_to_fit();
  for (auto& [name, of_name] : names_) of_name.labels.shrink_to_fit();
  for (Entry& entry : labels_) entry.postings.Trim();
}

size_t LabelTable::memory_bytes() const {
  // What the allocator adds to each piece, and what a map adds to each of its nodes.
  constexpr size_t kPieceBytes = 16;
  constexpr size_t kNodeBytes = 32 + kPieceBytes;
  size_t bytes = sizeof(*this) + labels_.capacity() * sizeof(Entry) + free_.capacity() * sizeof(LabelId) +
                 ids_.capacity() * (sizeof(LabelId) + 1) + chunks_.size() * (kChunkBytes + kPieceBytes);
  for (const Entry& entry : labels_) bytes += entry.postings.heap_bytes();
  for (const auto& [name, of_name] : names_) {
    bytes += sizeof(NameMap::value_type) + name.capacity() + kNodeBytes + of_name.labels.capacity() * sizeof(LabelId);
  }
  return bytes;
}

}  // namespace nines::series
