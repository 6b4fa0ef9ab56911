#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "storage/series/labels.h"
#include "storage/series/posting_list.h"

namespace nines::series {

// Every distinct label, that is a name with a value, once: with a number, and with the series that carry it. Confined
// to the Index and its lock.
class LabelTable {
 public:
  using LabelId = uint32_t;
  static constexpr LabelId kNone = 0xffffffff;

  LabelTable();
  // The tables inside refer to it.
  LabelTable(const LabelTable&) = delete;
  LabelTable& operator=(const LabelTable&) = delete;

  static uint32_t Hash(const EncodedLabel& label);

  // kNone where it is not there. `hash` is Hash(label).
  LabelId Find(const EncodedLabel& label, uint32_t hash) const;
  LabelId Find(std::string_view name, std::string_view value) const;
  // It is not there yet.
  LabelId Add(const EncodedLabel& label, uint32_t hash);
  // These are carried by no series any more.
  void Release(std::span<const LabelId> released);

  // As in the canonical bytes of a label set.
  std::string_view Encoded(LabelId label) const { return Text(labels_[label]); }
  std::string_view NameOf(LabelId label) const { return labels_[label].name->first; }
  std::string_view ValueOf(LabelId label) const;
  uint32_t HashOf(LabelId label) const { return labels_[label].hash; }
  PostingList& Postings(LabelId label) { return labels_[label].postings; }
  const PostingList& Postings(LabelId label) const { return labels_[label].postings; }

  // Sort() must have been called since the last Add(): labels of a name by value; and a number of each label that grows
  // with (name, value).
  void Sort();
  std::span<const LabelId> WithName(std::string_view name) const;
  uint32_t RankOf(LabelId label) const { return labels_[label].rank; }
  std::vector<std::string> Names() const;

  // Whether many numbers are free. Compact() then gives new ones, by old number, and frees what they took; this costs a
  // pass over all series, and is not needed where new labels take the numbers of old ones.
  bool Sparse() const;
  std::vector<LabelId> Compact();
  // Gives back what growing has set aside.
  void Trim();
  size_t memory_bytes() const;

 private:
  struct OfName {
    std::vector<LabelId> labels;
    size_t sorted = 0;  // so many of them, from the front
  };
  using NameMap = std::map<std::string, OfName, std::less<>>;
  struct Entry {
    uint32_t text = 0;        // where: chunk << 16 | offset
    uint16_t text_size = 0;   // of the encoded form
    uint16_t value_size = 0;  // which stands at its end
    uint32_t hash = 0;
    uint32_t rank = 0;
    NameMap::value_type* name = nullptr;  // none: the number is free
    PostingList postings;
  };
  struct Key {
    std::string_view encoded;
    uint32_t hash;
  };
  struct EntryHash {
    using is_transparent = void;
    const LabelTable* table;
    size_t operator()(LabelId label) const { return table->labels_[label].hash; }
    size_t operator()(const Key& key) const { return key.hash; }
  };
  struct EntryEqual {
    using is_transparent = void;
    const LabelTable* table;
    bool operator()(LabelId a, LabelId b) const { return a == b; }
    bool operator()(LabelId a, const Key& key) const { return table->Encoded(a) == key.encoded; }
    bool operator()(const Key& key, LabelId a) const { return table->Encoded(a) == key.encoded; }
  };

  std::string_view Text(const Entry& entry) const {
    return {chunks_[entry.text >> 16].get() + (entry.text & 0xffff), entry.text_size};
  }
  uint32_t StoreText(std::string_view text);
  // Leaves out the texts of labels that are gone.
  void RewriteTexts();

  std::vector<Entry> labels_;
  std::vector<LabelId> free_;
  absl::flat_hash_set<LabelId, EntryHash, EntryEqual> ids_;
  NameMap names_;
  bool sorted_ = true;
  // Texts, one behind the other in chunks of 64 KiB.
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t chunk_used_ = 0;  // of the last chunk
  size_t text_bytes_ = 0;  // of all labels there are
};

}  // namespace nines::series
