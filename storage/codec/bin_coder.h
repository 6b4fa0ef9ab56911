#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/codec/bin_tree.h"

namespace nines::codec {

// Numbers as bins and open bits. The bins are coded by tANS (Duda, arXiv:1311.2540; the tables as in Collet's FSE) with
// four states that take turns, so that four numbers are decoded at once. With more than one context, the weights of the
// bins depend on the bin of the number before.

inline constexpr int kStateBitsMin = 6;
inline constexpr int kStateBitsMax = 11;
inline constexpr int kLanes = 4;

// What a column's numbers are coded with.
struct BinModel {
  std::vector<Bin> bins;
  int state_bits = 0;
  std::vector<uint8_t> context_of;             // by bin: the context of the number that follows
  std::vector<std::vector<uint16_t>> weights;  // by context, then by bin: they add up to 2^state_bits
};

// Confined to one thread; keeps its memory between columns.
class BinEncoder {
 public:
  // Writes numbers whose bins are `bin_of`.
  void Encode(const BinModel& model, std::span<const uint64_t> numbers, std::span<const uint8_t> bin_of,
              PackWriter* out);

 private:
  struct Symbol {
    uint32_t bits_bound = 0;  // (state + this) >> 16 = bits that the state gives up
    int32_t next_offset = 0;  // where its next states begin, less its weight
  };

  void BuildTables(const BinModel& model);

  std::vector<Symbol> symbols_;  // by context and bin
  std::vector<uint16_t> next_;   // by context: the states in order of their symbols
  std::vector<uint16_t> state_code_;
  std::vector<uint8_t> state_width_;
};

// Confined to one thread; keeps its memory between columns.
class BinDecoder {
 public:
  // Reads numbers.size() numbers, past the end too: the caller looks at reader->ok().
  void Decode(const BinModel& model, PackReader* reader, std::span<uint64_t> numbers);

 private:
  // A state as one word, the lowest bits first: 16 the base of the next state; 8 the bits that are added to it; 8 these
  // and the open bits; 16 where the states of the following context begin; 16 the bin.
  using State = uint64_t;
  static constexpr int kStateBitsAt = 16;
  static constexpr int kAllBitsAt = 24;
  static constexpr int kContextAt = 32;
  static constexpr int kBinAt = 48;

  void BuildTables(const BinModel& model);
  template <bool kContexts, bool kPairs>
  size_t DecodeRounds(PackReader* reader, std::span<uint64_t> numbers, uint32_t* states, uint32_t* context) const;

  std::vector<State> states_;
  std::vector<uint64_t> lower_;
  int all_bits_max_ = 0;
};

}  // namespace nines::codec
