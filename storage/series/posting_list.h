#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace nines::series {

// Which of the 64 ids of one block are meant. In halves, so that it takes 12 bytes and not 16.
class IdBlock {
 public:
  IdBlock(uint32_t block, uint64_t bits) : block_(block) { set_bits(bits); }

  uint32_t block() const { return block_; }
  uint64_t bits() const { return uint64_t{high_} << 32 | low_; }
  void set_bits(uint64_t bits) {
    low_ = static_cast<uint32_t>(bits);
    high_ = static_cast<uint32_t>(bits >> 32);
  }

 private:
  uint32_t block_;
  uint32_t low_;
  uint32_t high_;
};

// The series that carry one label, as blocks. Series of one machine, which share most labels, were registered together:
// in a fleet a series takes a byte or less. Thread-compatible.
class PostingList {
 public:
  // The id is not in it yet. Fast where it is the largest.
  void Insert(uint32_t id);
  // The id is in it.
  void Remove(uint32_t id);

  uint32_t size() const { return size_; }
  // Ascending. Some may have no bits.
  std::span<const IdBlock> blocks() const { return {blocks_.data(), blocks_.size()}; }
  void Trim() { blocks_.shrink_to_fit(); }
  // Allocated beside the object itself.
  size_t heap_bytes() const;

 private:
  static constexpr size_t kInlineBlocks = 2;

  absl::InlinedVector<IdBlock, kInlineBlocks> blocks_;
  uint32_t size_ = 0;
  uint32_t hollow_ = 0;  // blocks without bits
};

// A set of ids to select from. Thread-compatible.
class IdSet {
 public:
  using Lists = std::vector<const PostingList*>;

  // The union of lists.
  static IdSet Of(const Lists& lists);
  // Keeps, or drops, the ids that are in any of `lists`.
  void Keep(const Lists& lists);
  void Drop(const Lists& lists);

  bool empty() const { return blocks_.empty(); }
  uint64_t Count() const;
  // Calls visit(uint32_t id) in ascending order.
  template <typename Visit>
  void ForEach(Visit visit) const {
    for (const IdBlock& block : blocks_) {
      for (uint64_t bits = block.bits(); bits != 0; bits &= bits - 1) {
        visit(block.block() * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
      }
    }
  }

 private:
  std::vector<uint64_t> Hits(const Lists& lists) const;
  void DropHollow();

  std::vector<IdBlock> blocks_;  // ascending, all with bits
};

}  // namespace nines::series
