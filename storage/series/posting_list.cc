#include "storage/series/posting_list.h"

#include <algorithm>

#include "base/check.h"

namespace nines::series {
namespace {

constexpr auto kBeforeBlock = [](const IdBlock& one, uint32_t block) { return one.block() < block; };
constexpr auto kHollow = [](const IdBlock& block) { return block.bits() == 0; };

uint64_t BitOf(uint32_t id) { return uint64_t{1} << (id % 64); }

}  // namespace

void PostingList::Insert(uint32_t id) {
  const uint32_t block = id / 64;
  ++size_;
  auto at = blocks_.end();
  if (!blocks_.empty() && blocks_.back().block() == block) {
    --at;
  } else if (!blocks_.empty() && blocks_.back().block() > block) {
    at = std::lower_bound(blocks_.begin(), blocks_.end(), block, kBeforeBlock);
  }
  if (at == blocks_.end() || at->block() != block) {
    blocks_.insert(at, IdBlock(block, BitOf(id)));
    return;
  }
  hollow_ -= kHollow(*at) ? 1 : 0;
  at->set_bits(at->bits() | BitOf(id));
}

void PostingList::Remove(uint32_t id) {
  auto at = std::lower_bound(blocks_.begin(), blocks_.end(), id / 64, kBeforeBlock);
  NINES_CHECK(at != blocks_.end() && at->block() == id / 64 && (at->bits() & BitOf(id)) != 0);
  at->set_bits(at->bits() & ~BitOf(id));
  --size_;
  hollow_ += kHollow(*at) ? 1 : 0;
  if (hollow_ <= blocks_.size() / 2) return;
  blocks_.erase(std::remove_if(blocks_.begin(), blocks_.end(), kHollow), blocks_.end());
  blocks_.shrink_to_fit();
  hollow_ = 0;
}

size_t PostingList::heap_bytes() const {
  return blocks_.capacity() <= kInlineBlocks ? 0 : blocks_.capacity() * sizeof(IdBlock) + 16;
}

IdSet IdSet::Of(const Lists& lists) {
  IdSet set;
  size_t count = 0;
  for (const PostingList* list : lists) count += list->blocks().size();
  set.blocks_.reserve(count);
  for (const PostingList* list : lists) {
    set.blocks_.insert(set.blocks_.end(), list->blocks().begin(), list->blocks().end());
  }
  if (lists.size() > 1) {
    std::sort(set.blocks_.begin(), set.blocks_.end(),
              [](const IdBlock& a, const IdBlock& b) { return a.block() < b.block(); });
    size_t last = 0;
    for (size_t i = 1; i < set.blocks_.size(); ++i) {
      IdBlock& into = set.blocks_[last];
      if (set.blocks_[i].block() == into.block()) {
        into.set_bits(into.bits() | set.blocks_[i].bits());
      } else {
        set.blocks_[++last] = set.blocks_[i];
      }
    }
    if (!set.blocks_.empty())
      set.blocks_.erase(set.blocks_.begin() + static_cast<ptrdiff_t>(last) + 1, set.blocks_.end());
  }
  set.DropHollow();
  return set;
}

// For each block of this set, which of its ids are in any of the lists.
std::vector<uint64_t> IdSet::Hits(const Lists& lists) const {
  std::vector<uint64_t> hits(blocks_.size());
  for (const PostingList* list : lists) {
    const bool leap = list->blocks().size() * 8 < blocks_.size();
    auto at = blocks_.begin();
    for (const IdBlock& block : list->blocks()) {
      if (leap) {
        at = std::lower_bound(at, blocks_.end(), block.block(), kBeforeBlock);
      } else {
        while (at != blocks_.end() && at->block() < block.block()) ++at;
      }
      if (at == blocks_.end()) break;
      if (at->block() == block.block()) hits[static_cast<size_t>(at - blocks_.begin())] |= block.bits();
    }
  }
  return hits;
}

void IdSet::Keep(const Lists& lists) {
  const std::vector<uint64_t> hits = Hits(lists);
  for (size_t i = 0; i < hits.size(); ++i) blocks_[i].set_bits(blocks_[i].bits() & hits[i]);
  DropHollow();
}

void IdSet::Drop(const Lists& lists) {
  const std::vector<uint64_t> hits = Hits(lists);
  for (size_t i = 0; i < hits.size(); ++i) blocks_[i].set_bits(blocks_[i].bits() & ~hits[i]);
  DropHollow();
}

void IdSet::DropHollow() { std::erase_if(blocks_, kHollow); }

uint64_t IdSet::Count() const {
  uint64_t count = 0;
  for (const IdBlock& block : blocks_) count += static_cast<uint64_t>(std::popcount(block.bits()));
  return count;
}

}  // namespace nines::series
