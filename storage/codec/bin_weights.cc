#include <algorithm>
#include <cstdlib>

#include "storage/codec/bin_tree.h"

namespace nines::codec {
namespace {

// How many bits say the share of a weight's low half.
int ShareBits(uint32_t weight, int precision) { return std::min(static_cast<int>(std::bit_width(weight)), precision); }

// The share of the low half by its code. A weight that has no more steps than there are codes is shared exactly;
// otherwise the steps are closer to each other near nothing and near all: 3u^2 - 2u^3 of the code's u in 0..1.
uint32_t Share(uint32_t weight, int precision, uint32_t code) {
  const uint32_t last = (uint32_t{1} << precision) - 1;
  if (weight <= last) return code;
  if (code == 0) return 0;
  if (code == last) return weight;
  const uint32_t scale = last * last * last;
  const uint32_t share = (weight * (code * code * (3 * last - 2 * code)) + scale / 2) / scale;
  return std::clamp<uint32_t>(share, 1, weight - 1);
}

// The code of the share that is closest to `wanted` within [low, high]; false where there is none.
bool FindShare(uint32_t weight, int precision, float wanted, uint32_t low, uint32_t high, uint32_t* code) {
  const uint32_t last = std::min(weight, (uint32_t{1} << precision) - 1);
  float best = 1e30f;
  for (uint32_t candidate = 0; candidate <= last; ++candidate) {
    const uint32_t share = Share(weight, precision, candidate);
    if (share < low || share > high) continue;
    const float distance = std::abs(static_cast<float>(share) - wanted);
    if (distance > best) break;
    best = distance;
    *code = candidate;
  }
  return best < 1e30f;
}

struct Fitting {
  std::span<const Node> nodes;
  std::span<const uint32_t> counts;  // by leaf
  int precision;
  PackWriter* out;
  std::vector<uint16_t>* weights;
  size_t at = 0;
  size_t leaf = 0;

  struct Sum {
    uint32_t count = 0;
    uint32_t leaves = 0;  // with a count
  };
  Sum Add(size_t from, size_t leaves) const {
    Sum sum;
    for (size_t i = from; i < from + leaves; ++i) {
      sum.count += counts[i];
      sum.leaves += counts[i] > 0 ? 1 : 0;
    }
    return sum;
  }

  bool Visit(uint32_t weight) {
    const Node& node = nodes[at++];
    if (node.kind == NodeKind::kLeaf) {
      (*weights)[leaf++] = static_cast<uint16_t>(weight);
      return true;
    }
    if (node.kind != NodeKind::kBoth) return Visit(weight);
    const uint32_t low_leaves = nodes[at].leaves;
    const Sum low = Add(leaf, low_leaves);
    const Sum high = Add(leaf + low_leaves, node.leaves - low_leaves);
    uint32_t code = 0;
    if (weight > 0) {
      const float wanted =
          static_cast<float>(weight) * static_cast<float>(low.count) / static_cast<float>(low.count + high.count);
      if (!FindShare(weight, precision, wanted, low.leaves, weight - high.leaves, &code)) return false;
      out->Write(code, ShareBits(weight, precision));
    }
    const uint32_t share = weight == 0 ? 0 : Share(weight, precision, code);
    return Visit(share) && Visit(weight - share);
  }
};

struct WeightReader {
  std::span<const Node> nodes;
  int precision;
  PackReader* reader;
  std::vector<uint16_t>* weights;
  size_t at = 0;
  size_t leaf = 0;

  void Visit(uint32_t weight) {
    const Node& node = nodes[at++];
    if (node.kind == NodeKind::kLeaf) {
      (*weights)[leaf++] = static_cast<uint16_t>(weight);
      return;
    }
    if (node.kind != NodeKind::kBoth) return Visit(weight);
    uint32_t share = 0;
    if (weight > 0) {
      share = Share(weight, precision, static_cast<uint32_t>(reader->Read(ShareBits(weight, precision))));
      if (share > weight) {
        reader->Fail();
        share = 0;
      }
    }
    Visit(share);
    Visit(weight - share);
  }
};

}  // namespace

bool WriteWeights(std::span<const Node> nodes, std::span<const uint32_t> counts, int state_bits, int precision,
                  PackWriter* out, std::vector<uint16_t>* weights) {
  weights->resize(counts.size());
  Fitting fitting{nodes, counts, precision, out, weights};
  const uint32_t all = uint32_t{1} << state_bits;
  return fitting.Add(0, counts.size()).leaves <= all && fitting.Visit(all);
}

void ReadWeights(std::span<const Node> nodes, int state_bits, int precision, PackReader* reader,
                 std::vector<uint16_t>* weights) {
  weights->resize(nodes[0].leaves);
  WeightReader{nodes, precision, reader, weights}.Visit(uint32_t{1} << state_bits);
}

}  // namespace nines::codec
