#include "storage/codec/bin_tree.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace nines::codec {
namespace {

// A node with fewer numbers is not cut further, and a cell of a histogram is looked into if it has so many.
constexpr uint32_t kSplitCountMin = 5;
constexpr uint32_t kCellCountMin = 12;
constexpr int kCellsLogMin = 6;
constexpr int kCellsLogMax = 12;

constexpr uint32_t kLogTableSize = 4096;

std::array<float, kLogTableSize> MakeLogTable() {
  std::array<float, kLogTableSize> table{};
  for (uint32_t i = 1; i < kLogTableSize; ++i) {
    table[i] = static_cast<float>(i) * std::log2(static_cast<float>(i));
  }
  return table;
}
const std::array<float, kLogTableSize> kLogTable = MakeLogTable();

}  // namespace

float WeighedLog(uint32_t count) {
  if (count < kLogTableSize) return kLogTable[count];
  return static_cast<float>(count) * std::log2(static_cast<float>(count));
}

void BinFinder::Open(size_t depth, std::span<const uint64_t> numbers, int width) {
  if (levels_.size() <= depth) levels_.resize(depth + 1);
  Level& level = levels_[depth];
  const int wanted = std::clamp(static_cast<int>(std::bit_width(numbers.size())), kCellsLogMin, kCellsLogMax);
  const int cells_log = std::min(width, wanted);
  const uint64_t mask = LowBits(cells_log);
  level.shift = width - cells_log;
  level.numbers = numbers;
  level.grouped.clear();
  level.before.assign((size_t{1} << cells_log) + 1, 0);
  uint32_t* const counts = level.before.data() + 1;
  for (uint64_t number : numbers) ++counts[number >> level.shift & mask];
  uint32_t sum = 0;
  for (uint32_t& count : level.before) count = sum += count;
}

std::span<const uint64_t> BinFinder::Group(Level& level, uint32_t cell) {
  if (level.grouped.empty()) {
    level.grouped.resize(level.numbers.size());
    const uint64_t mask = level.before.size() - 2;
    for (uint64_t number : level.numbers) level.grouped[level.before[number >> level.shift & mask]++] = number;
    // Each cell's start has moved to its end, the start of the next one.
    std::copy_backward(level.before.begin(), level.before.end() - 1, level.before.end());
    level.before[0] = 0;
  }
  return std::span(level.grouped).subspan(level.before[cell], level.before[cell + 1] - level.before[cell]);
}

float BinFinder::Split(size_t depth, uint32_t cell, int cells_log, uint64_t lower, size_t node) {
  if (cells_log == 0) {
    if (nodes_[node].count < kCellCountMin) return 1e30f;
    const int width = levels_[depth].shift;
    const std::span<const uint64_t> numbers = Group(levels_[depth], cell);
    Open(depth + 1, numbers, width);
    return Split(depth + 1, 0, width - levels_[depth + 1].shift, lower, node);
  }
  const uint32_t half = uint32_t{1} << (cells_log - 1);
  const std::vector<uint32_t>& before = levels_[depth].before;
  const bool low = before[cell + half] != before[cell];
  const bool high = before[cell + 2 * half] != before[cell + half];
  const uint64_t middle = lower + (uint64_t{1} << (levels_[depth].shift + cells_log - 1));
  float cost = low && high ? 2 + split_cost_ : 3;
  uint32_t leaves = 0;
  if (low) {
    const size_t child = nodes_.size();
    cost += Visit(depth, cell, cells_log - 1, lower);
    leaves += nodes_[child].leaves;
  }
  if (high) {
    const size_t child = nodes_.size();
    cost += Visit(depth, cell + half, cells_log - 1, middle);
    leaves += nodes_[child].leaves;
  }
  nodes_[node].leaves = static_cast<uint16_t>(leaves);
  nodes_[node].kind = low && high ? NodeKind::kBoth : low ? NodeKind::kLowOnly : NodeKind::kHighOnly;
  return cost;
}

float BinFinder::Visit(size_t depth, uint32_t cell, int cells_log, uint64_t lower) {
  const Level& level = levels_[depth];
  const int bits = level.shift + cells_log;
  const uint32_t count = level.before[cell + (size_t{1} << cells_log)] - level.before[cell];
  const size_t node = nodes_.size();
  nodes_.push_back({.lower = lower, .count = count, .bits = static_cast<uint8_t>(bits)});
  if (bits == 0) return -WeighedLog(count);
  const float as_leaf = 1 + static_cast<float>(count) * static_cast<float>(bits) - WeighedLog(count);
  if (count < kSplitCountMin) return as_leaf;
  const float as_split = Split(depth, cell, cells_log, lower, node);
  if (as_split < as_leaf && nodes_[node].leaves <= kBinsMax) return as_split;
  nodes_.resize(node + 1);
  nodes_[node].leaves = 1;
  nodes_[node].kind = NodeKind::kLeaf;
  return as_leaf;
}

float BinFinder::Find(std::span<const uint64_t> numbers, int width, int split_cost) {
  nodes_.clear();
  width_ = width;
  split_cost_ = static_cast<float>(split_cost);
  Open(0, numbers, width);
  return WeighedLog(static_cast<uint32_t>(numbers.size())) + Visit(0, 0, width - levels_[0].shift, 0);
}

void BinFinder::Sort(std::span<const uint64_t> numbers, std::span<const Bin> bins, std::vector<uint8_t>* bin_of) {
  const int shift = levels_[0].shift;
  first_bin_.assign(levels_[0].before.size(), 0);
  size_t cell = 0;
  for (size_t bin = 0; bin < bins.size(); ++bin) {
    const uint64_t end_cell = (bins[bin].lower + (LowBits(bins[bin].open_bits % 64))) >> shift;
    for (; cell <= end_cell; ++cell) first_bin_[cell] = static_cast<uint8_t>(bin);
  }
  bin_of->resize(numbers.size());
  if (shift == 0) {
    for (size_t i = 0; i < numbers.size(); ++i) (*bin_of)[i] = first_bin_[numbers[i]];
    return;
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    size_t bin = first_bin_[numbers[i] >> shift];
    while (bin + 1 < bins.size() && bins[bin + 1].lower <= numbers[i]) ++bin;
    (*bin_of)[i] = static_cast<uint8_t>(bin);
  }
}

void WriteTree(std::span<const Node> nodes, PackWriter* out) {
  for (const Node& node : nodes) {
    if (node.bits == 0) continue;
    switch (node.kind) {
      case NodeKind::kLeaf:
        out->Write(0, 1);
        break;
      case NodeKind::kBoth:
        out->Write(0b01, 2);
        break;
      case NodeKind::kLowOnly:
        out->Write(0b011, 3);
        break;
      case NodeKind::kHighOnly:
        out->Write(0b111, 3);
        break;
    }
  }
}

namespace {

NodeKind ReadKind(PackReader* reader) {
  if (reader->Read(1) == 0) return NodeKind::kLeaf;
  if (reader->Read(1) == 0) return NodeKind::kBoth;
  return reader->Read(1) == 0 ? NodeKind::kLowOnly : NodeKind::kHighOnly;
}

struct TreeReader {
  PackReader* reader;
  std::vector<Node>* nodes;
  uint32_t leaves = 0;

  // At most 64 deep: `bits` shrink. A tree of too many leaves ends at the limit.
  bool Visit(uint64_t lower, int bits) {
    const size_t node = nodes->size();
    const NodeKind kind = bits == 0 ? NodeKind::kLeaf : ReadKind(reader);
    nodes->push_back({.lower = lower, .bits = static_cast<uint8_t>(bits), .kind = kind});
    if (kind == NodeKind::kLeaf) return ++leaves <= kBinsMax && reader->ok();
    const uint32_t leaves_before = leaves;
    const uint64_t middle = lower + (uint64_t{1} << (bits - 1));
    if (kind != NodeKind::kHighOnly && !Visit(lower, bits - 1)) return false;
    if (kind != NodeKind::kLowOnly && !Visit(middle, bits - 1)) return false;
    (*nodes)[node].leaves = static_cast<uint16_t>(leaves - leaves_before);
    return true;
  }
};

}  // namespace

bool ReadTree(int width, PackReader* reader, std::vector<Node>* nodes) {
  nodes->clear();
  return TreeReader{reader, nodes}.Visit(0, width);
}

void ListBins(std::span<const Node> nodes, std::vector<Bin>* bins) {
  bins->clear();
  for (const Node& node : nodes) {
    if (node.kind == NodeKind::kLeaf) bins->push_back({node.lower, node.bits});
  }
}

}  // namespace nines::codec
