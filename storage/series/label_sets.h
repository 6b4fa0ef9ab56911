#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "storage/series/label_table.h"
#include "storage/series/labels.h"
#include "storage/series/series_id.h"

namespace nines::series {

// Which labels each series has, and which series has these labels. Label sets lie block by block, as numbers of labels;
// one that differs from a neighbour in a single label names the neighbour and that label. Confined to the Index and its
// lock.
class LabelSets {
 public:
  using LabelId = LabelTable::LabelId;
  // The labels of one series, in order of name.
  class Set {
   public:
    void Clear() { size_ = 0; }
    void Append(LabelId label) { labels_[size_++] = label; }
    LabelId& operator[](size_t i) { return labels_[i]; }
    LabelId operator[](size_t i) const { return labels_[i]; }
    size_t size() const { return size_; }
    const LabelId* begin() const { return labels_.data(); }
    const LabelId* end() const { return labels_.data() + size_; }

   private:
    std::array<LabelId, kLabelCountMax> labels_;
    size_t size_ = 0;
  };
  // Labels as they came in, to be looked up.
  struct Key {
    std::span<const EncodedLabel> labels;
    std::span<const uint32_t> hashes;  // LabelTable::Hash() of each
  };

  explicit LabelSets(const LabelTable& labels);
  LabelSets(const LabelSets&) = delete;
  LabelSets& operator=(const LabelSets&) = delete;

  std::optional<uint32_t> Find(const Key& key) const;
  // `set` is `key` in numbers. `id` is larger than any of its class so far. Where the label set is there already,
  // answers whose it is, and changes nothing.
  std::optional<uint32_t> Add(uint32_t id, const Key& key, const Set& set);
  // Whether the series is there; if so, its labels.
  bool Read(uint32_t id, Set* set) const;
  bool Contains(uint32_t id) const;
  // The ids are there, ascending.
  void Remove(std::span<const uint32_t> ids);
  size_t size() const { return ids_.size(); }
  // The ids of a block in ascending order, for the first block from `block` on that there is. Empty behind the last.
  std::vector<uint32_t> IdsFrom(uint32_t block) const;

  // Puts new numbers, by old number, in place of the labels' old ones.
  void Renumber(const std::vector<LabelId>& renumbered);
  // Gives back what growing has set aside.
  void Trim();
  size_t memory_bytes() const;

 private:
  static constexpr uint16_t kAbsent = 0xffff;
  static constexpr size_t kPageBlocks = 1024;

  struct Block {
    Block() { starts.fill(kAbsent); }
    std::array<uint16_t, kBlockSeries> starts;  // in `bytes`
    // For each series: 64 + count, and the labels as varints; or the slot of another one, the place of the label in
    // which they differ, and this label.
    std::string bytes;
    uint8_t whole_slot = kBlockSeries;  // the last that does not refer to another; kBlockSeries: none
  };
  struct Page {
    std::array<std::unique_ptr<Block>, kPageBlocks> blocks;
    size_t used = 0;
  };
  struct IdHash {
    using is_transparent = void;
    const LabelSets* sets;
    size_t operator()(uint32_t id) const;
    size_t operator()(const Key& key) const;
  };
  struct IdEqual {
    using is_transparent = void;
    const LabelSets* sets;
    bool operator()(uint32_t a, uint32_t b) const { return a == b; }
    bool operator()(uint32_t a, const Key& key) const { return sets->Same(a, key); }
    bool operator()(const Key& key, uint32_t a) const { return sets->Same(a, key); }
  };

  using Ids = absl::flat_hash_set<uint32_t, IdHash, IdEqual>;
  // Pages of one class, by (block - first block of the class) / kPageBlocks.
  using Pages = std::vector<std::unique_ptr<Page>>;

  bool Same(uint32_t id, const Key& key) const;
  Block* FindBlock(uint32_t block) const;
  void StoreBlock(uint32_t block, std::unique_ptr<Block> stored);
  // Calls visit(block's number, its unique_ptr) in ascending order.
  template <typename Visit>
  void ForEachBlock(Visit visit) const;
  // Makes the table anew for so many ids.
  void ResizeIds(size_t count);
  static void AppendSet(uint32_t slot, const Set& set, Block& block);
  static bool ReadSet(const Block& block, uint32_t slot, Set* set);

  const LabelTable& labels_;
  std::array<Pages, 2> pages_;
  Ids ids_;
};

}  // namespace nines::series
