#include "storage/series/label_sets.h"

#include <algorithm>

#include "base/check.h"
#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

constexpr uint32_t kFirstResultBlock = FirstIdOf(SeriesClass::kResults) / kBlockSeries;

constexpr size_t kResizeFrom = 1024;

uint32_t ReadVarint(const char*& at) {
  uint32_t value = 0;
  for (int shift = 0;; shift += 7) {
    const uint8_t byte = static_cast<uint8_t>(*at++);
    value |= static_cast<uint32_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

size_t Mix(size_t hash, uint32_t label_hash) {
  hash = (hash + label_hash) * 0x9e3779b97f4a7c15;
  return hash ^ hash >> 32;
}

}  // namespace

template <typename Visit>
void LabelSets::ForEachBlock(Visit visit) const {
  for (size_t results = 0; results < 2; ++results) {
    const Pages& pages = pages_[results];
    for (size_t page = 0; page < pages.size(); ++page) {
      const size_t first = (results == 1 ? kFirstResultBlock : 0) + page * kPageBlocks;
      for (size_t i = 0; pages[page] != nullptr && i < kPageBlocks; ++i) {
        std::unique_ptr<Block>& block = pages[page]->blocks[i];
        if (block != nullptr) visit(static_cast<uint32_t>(first + i), block);
      }
    }
  }
}

LabelSets::LabelSets(const LabelTable& labels) : labels_(labels), ids_(0, IdHash{this}, IdEqual{this}) {}

size_t LabelSets::IdHash::operator()(uint32_t id) const {
  Set set;
  NINES_CHECK(sets->Read(id, &set));
  size_t hash = 0;
  for (LabelId label : set) hash = Mix(hash, sets->labels_.HashOf(label));
  return hash;
}

size_t LabelSets::IdHash::operator()(const Key& key) const {
  size_t hash = 0;
  for (uint32_t label_hash : key.hashes) hash = Mix(hash, label_hash);
  return hash;
}

bool LabelSets::Same(uint32_t id, const Key& key) const {
  Set set;
  if (!Read(id, &set) || set.size() != key.labels.size()) return false;
  for (size_t i = 0; i < set.size(); ++i) {
    if (labels_.Encoded(set[i]) != key.labels[i].bytes) return false;
  }
  return true;
}

std::optional<uint32_t> LabelSets::Find(const Key& key) const {
  auto it = ids_.find(key);
  if (it == ids_.end()) return std::nullopt;
  return *it;
}

LabelSets::Block* LabelSets::FindBlock(uint32_t block) const {
  const bool results = block >= kFirstResultBlock;
  const uint32_t offset = results ? block - kFirstResultBlock : block;
  const Pages& pages = pages_[results ? 1 : 0];
  const size_t page = offset / kPageBlocks;
  if (page >= pages.size() || pages[page] == nullptr) return nullptr;
  return pages[page]->blocks[offset % kPageBlocks].get();
}

void LabelSets::StoreBlock(uint32_t block, std::unique_ptr<Block> stored) {
  const bool results = block >= kFirstResultBlock;
  const uint32_t offset = results ? block - kFirstResultBlock : block;
  Pages& pages = pages_[results ? 1 : 0];
  if (offset / kPageBlocks >= pages.size()) pages.resize(offset / kPageBlocks + 1);
  std::unique_ptr<Page>& page = pages[offset / kPageBlocks];
  if (page == nullptr) page = std::make_unique<Page>();
  std::unique_ptr<Block>& place = page->blocks[offset % kPageBlocks];
  page->used += (stored != nullptr ? 1 : 0);
  page->used -= (place != nullptr ? 1 : 0);
  place = std::move(stored);
  if (page->used == 0) page.reset();
}

void LabelSets::AppendSet(uint32_t slot, const Set& set, Block& block) {
  block.starts[slot] = static_cast<uint16_t>(block.bytes.size());
  Set whole;
  if (block.whole_slot < kBlockSeries && ReadSet(block, block.whole_slot, &whole) && whole.size() == set.size()) {
    const size_t place = static_cast<size_t>(std::mismatch(set.begin(), set.end(), whole.begin()).first - set.begin());
    // Two sets are never the same.
    if (std::equal(set.begin() + place + 1, set.end(), whole.begin() + place + 1)) {
      codec::AppendByte(block.whole_slot, &block.bytes);
      codec::AppendByte(static_cast<uint8_t>(place), &block.bytes);
      codec::AppendVarint(set[place], &block.bytes);
      return;
    }
  }
  block.whole_slot = static_cast<uint8_t>(slot);
  codec::AppendByte(static_cast<uint8_t>(kBlockSeries + set.size()), &block.bytes);
  for (LabelId label : set) codec::AppendVarint(label, &block.bytes);
}

bool LabelSets::ReadSet(const Block& block, uint32_t slot, Set* set) {
  if (block.starts[slot] == kAbsent) return false;
  set->Clear();
  const char* at = block.bytes.data() + block.starts[slot];
  const uint8_t first = static_cast<uint8_t>(*at++);
  if (first < kBlockSeries) {
    const bool whole = ReadSet(block, first, set);
    NINES_CHECK(whole);
    const uint8_t place = static_cast<uint8_t>(*at++);
    (*set)[place] = ReadVarint(at);
    return true;
  }
  for (uint32_t left = first - kBlockSeries; left > 0; --left) set->Append(ReadVarint(at));
  return true;
}

bool LabelSets::Read(uint32_t id, Set* set) const {
  const Block* block = FindBlock(id / kBlockSeries);
  return block != nullptr && ReadSet(*block, id % kBlockSeries, set);
}

bool LabelSets::Contains(uint32_t id) const {
  const Block* block = FindBlock(id / kBlockSeries);
  return block != nullptr && block->starts[id % kBlockSeries] != kAbsent;
}

// The table would do it by itself, but in the order of hashes, and most of that is waiting for memory.
void LabelSets::ResizeIds(size_t count) {
  Ids resized(count, IdHash{this}, IdEqual{this});
  ForEachBlock([&](uint32_t number, const std::unique_ptr<Block>& block) {
    for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
      if (block->starts[slot] != kAbsent) resized.insert(number * kBlockSeries + slot);
    }
  });
  ids_ = std::move(resized);
}

std::optional<uint32_t> LabelSets::Add(uint32_t id, const Key& key, const Set& set) {
  if (ids_.size() >= kResizeFrom && ids_.size() >= ids_.capacity() - ids_.capacity() / 8) ResizeIds(2 * ids_.size());
  bool added = false;
  const auto it = ids_.lazy_emplace(key, [&](const auto& construct) {
    construct(id);
    added = true;
  });
  if (!added) return *it;
  Block* block = FindBlock(id / kBlockSeries);
  if (block == nullptr) {
    auto made = std::make_unique<Block>();
    block = made.get();
    StoreBlock(id / kBlockSeries, std::move(made));
  }
  AppendSet(id % kBlockSeries, set, *block);
  if (id % kBlockSeries == kBlockSeries - 1) block->bytes.shrink_to_fit();
  return std::nullopt;
}

void LabelSets::Remove(std::span<const uint32_t> ids) {
  for (size_t i = 0; i < ids.size();) {
    const uint32_t number = ids[i] / kBlockSeries;
    const Block& block = *FindBlock(number);
    std::array<bool, kBlockSeries> removed{};
    // The table still reads the labels of what it forgets.
    for (; i < ids.size() && ids[i] / kBlockSeries == number; ++i) {
      ids_.erase(ids[i]);
      removed[ids[i] % kBlockSeries] = true;
    }
    std::unique_ptr<Block> rest;
    Set set;
    for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
      if (removed[slot] || !ReadSet(block, slot, &set)) continue;
      if (rest == nullptr) rest = std::make_unique<Block>();
      AppendSet(slot, set, *rest);
    }
    if (rest != nullptr) rest->bytes.shrink_to_fit();
    StoreBlock(number, std::move(rest));
  }
  if (ids_.capacity() > kResizeFrom && ids_.size() < ids_.capacity() / 3) ResizeIds(ids_.size());
}

std::vector<uint32_t> LabelSets::IdsFrom(uint32_t block) const {
  std::vector<uint32_t> ids;
  for (size_t results = block >= kFirstResultBlock ? 1 : 0; results < 2 && ids.empty(); ++results) {
    const uint32_t first = results == 1 ? kFirstResultBlock : 0;
    for (uint32_t at = std::max(block, first); (at - first) / kPageBlocks < pages_[results].size() && ids.empty();
         ++at) {
      if (pages_[results][(at - first) / kPageBlocks] == nullptr) {
        at = at | (kPageBlocks - 1);
        continue;
      }
      const Block* found = FindBlock(at);
      for (uint32_t slot = 0; found != nullptr && slot < kBlockSeries; ++slot) {
        if (found->starts[slot] != kAbsent) ids.push_back(at * kBlockSeries + slot);
      }
    }
  }
  return ids;
}

void LabelSets::Renumber(const std::vector<LabelId>& renumbered) {
  ForEachBlock([&](uint32_t, std::unique_ptr<Block>& block) {
    auto written = std::make_unique<Block>();
    Set set;
    for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
      if (!ReadSet(*block, slot, &set)) continue;
      for (size_t i = 0; i < set.size(); ++i) set[i] = renumbered[set[i]];
      AppendSet(slot, set, *written);
    }
    written->bytes.shrink_to_fit();
    block = std::move(written);
  });
}

void LabelSets::Trim() {
  ForEachBlock([](uint32_t, std::unique_ptr<Block>& block) { block->bytes.shrink_to_fit(); });
}

size_t LabelSets::memory_bytes() const {
  constexpr size_t kPieceBytes = 16;  // what the allocator adds to each
  size_t bytes = sizeof(*this) + ids_.capacity() * (sizeof(uint32_t) + 1);
  for (const Pages& pages : pages_) {
    bytes += pages.capacity() * sizeof(pages[0]);
    for (const auto& page : pages) bytes += page == nullptr ? 0 : sizeof(Page) + kPieceBytes;
  }
  ForEachBlock([&](uint32_t, const std::unique_ptr<Block>& block) {
    bytes += sizeof(Block) + block->bytes.capacity() + 2 * kPieceBytes;
  });
  return bytes;
}

}  // namespace nines::series
