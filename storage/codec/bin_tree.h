#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/codec/bit_pack.h"

namespace nines::codec {

// Numbers below 2^width are cut into bins: a binary tree halves the range, and its leaves are the bins. So a bin starts
// at a multiple of its size, and a number is its bin (that takes few bits where many numbers fall into it) and the low
// bits that the bin leaves open. As in pcodec (mwlodarczyk), but with a tree instead of quantiles: the best one comes
// out of one recursion, and its shape takes two bits a bin.
struct Bin {
  uint64_t lower = 0;
  uint8_t open_bits = 0;
};

inline constexpr int kBinsMax = 200;
inline constexpr int kContextsMax = 8;

// How a node of the tree goes on. The values are what is written: as a prefix code of 1, 2, 3 and 3 bits.
enum class NodeKind : uint8_t { kLeaf, kBoth, kLowOnly, kHighOnly };

struct Node {
  uint64_t lower = 0;
  uint32_t count = 0;
  uint16_t leaves = 1;
  uint8_t bits = 0;
  NodeKind kind = NodeKind::kLeaf;
};

// Finds the tree that costs least for a column. Confined to one thread; keeps its memory between columns.
class BinFinder {
 public:
  // `numbers` are below 2^width, width 1 to 64. Returns the bits that tree and numbers will take, about.
  // `split_cost` is what the weights of one more node take.
  float Find(std::span<const uint64_t> numbers, int width, int split_cost);

  // In preorder.
  const std::vector<Node>& nodes() const { return nodes_; }
  // The bin of each of the numbers that Find() saw.
  void Sort(std::span<const uint64_t> numbers, std::span<const Bin> bins, std::vector<uint8_t>* bin_of);

 private:
  struct Level {
    int shift = 0;
    std::vector<uint32_t> before;   // by cell: the numbers in the cells before it
    std::vector<uint64_t> grouped;  // the numbers in order of their cells; empty until it is needed
    std::span<const uint64_t> numbers;
  };

  void Open(size_t depth, std::span<const uint64_t> numbers, int width);
  std::span<const uint64_t> Group(Level& level, uint32_t cell);
  float Visit(size_t depth, uint32_t cell, int cells_log, uint64_t lower);
  float Split(size_t depth, uint32_t cell, int cells_log, uint64_t lower, size_t node);

  std::vector<Level> levels_;
  std::vector<Node> nodes_;
  std::vector<uint8_t> first_bin_;  // by cell of the first level
  int width_ = 0;
  float split_cost_ = 0;
};

void WriteTree(std::span<const Node> nodes, PackWriter* out);
// False, or reader->ok() is false, where no tree was written. Fills in all but the counts.
bool ReadTree(int width, PackReader* reader, std::vector<Node>* nodes);
// The leaves, in order.
void ListBins(std::span<const Node> nodes, std::vector<Bin>* bins);

// Weights of the bins: the share of 2^state_bits that each has. At each node with two children it is said how its
// weight is shared between them, to `precision` bits.
// Fits weights to the counts of the leaves and writes them. False where 2^state_bits are too few for that.
bool WriteWeights(std::span<const Node> nodes, std::span<const uint32_t> counts, int state_bits, int precision,
                  PackWriter* out, std::vector<uint16_t>* weights);
void ReadWeights(std::span<const Node> nodes, int state_bits, int precision, PackReader* reader,
                 std::vector<uint16_t>* weights);

// x * log2(x); 0 for 0.
float WeighedLog(uint32_t count);

}  // namespace nines::codec
