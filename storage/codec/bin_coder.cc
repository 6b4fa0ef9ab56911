#include "storage/codec/bin_coder.h"

#include <algorithm>
#include <bit>

namespace nines::codec {
namespace {

// Gives the states to the bins, spread evenly: as many to each as it weighs.
void Spread(std::span<const uint16_t> weights, int state_bits, uint8_t* bin_of_state) {
  const uint32_t size = uint32_t{1} << state_bits;
  const uint32_t step = size / 2 + size / 8 + 3;
  uint32_t state = 0;
  for (size_t bin = 0; bin < weights.size(); ++bin) {
    for (uint32_t left = weights[bin]; left > 0; --left) {
      bin_of_state[state] = static_cast<uint8_t>(bin);
      state = (state + step) & (size - 1);
    }
  }
}

// How many bits are added to the base of a bin's next state, at most.
int StateBitsOf(uint32_t weight, int state_bits) { return state_bits - static_cast<int>(std::bit_width(weight)) + 1; }

}  // namespace

void BinEncoder::BuildTables(const BinModel& model) {
  const uint32_t size = uint32_t{1} << model.state_bits;
  const size_t bins = model.bins.size();
  symbols_.resize(model.weights.size() * bins);
  next_.resize(model.weights.size() * size);
  uint8_t bin_of_state[1 << kStateBitsMax];
  uint32_t begin[kBinsMax];
  for (size_t context = 0; context < model.weights.size(); ++context) {
    const std::vector<uint16_t>& weights = model.weights[context];
    uint32_t sum = 0;
    for (size_t bin = 0; bin < bins; ++bin) {
      const uint32_t weight = weights[bin];
      begin[bin] = sum;
      if (weight == 0) continue;
      const int bits = StateBitsOf(weight, model.state_bits);
      symbols_[context * bins + bin] = {.bits_bound = (static_cast<uint32_t>(bits) << 16) - (weight << bits),
                                        .next_offset = static_cast<int32_t>(sum) - static_cast<int32_t>(weight)};
      sum += weight;
    }
    Spread(weights, model.state_bits, bin_of_state);
    uint16_t* const next = next_.data() + context * size;
    for (uint32_t state = 0; state < size; ++state) {
      next[begin[bin_of_state[state]]++] = static_cast<uint16_t>(size + state);
    }
  }
}

void BinEncoder::Encode(const BinModel& model, std::span<const uint64_t> numbers, std::span<const uint8_t> bin_of,
                        PackWriter* out) {
  BuildTables(model);
  const size_t count = numbers.size();
  const size_t bins = model.bins.size();
  const uint32_t size = uint32_t{1} << model.state_bits;
  state_code_.resize(count);
  state_width_.resize(count);
  uint32_t states[kLanes] = {size, size, size, size};
  for (size_t i = count; i-- > 0;) {
    const size_t context = i == 0 ? 0 : model.context_of[bin_of[i - 1]];
    const Symbol& symbol = symbols_[context * bins + bin_of[i]];
    const uint16_t* const next = next_.data() + context * size;
    uint32_t& state = states[i % kLanes];
    if (i + kLanes >= count) {
      // The last one of its lane: any of its states will do, and nothing comes after it.
      const int32_t weight = model.weights[context][bin_of[i]];
      state = next[symbol.next_offset + weight];
      state_width_[i] = 0;
      state_code_[i] = 0;
      continue;
    }
    const uint32_t width = (state + symbol.bits_bound) >> 16;
    state_width_[i] = static_cast<uint8_t>(width);
    state_code_[i] = static_cast<uint16_t>(state & ((uint32_t{1} << width) - 1));
    state = next[static_cast<int32_t>(state >> width) + symbol.next_offset];
  }
  for (size_t lane = 0; lane < std::min<size_t>(kLanes, count); ++lane) {
    out->Write(states[lane] - size, model.state_bits);
  }
  for (size_t i = 0; i < count; ++i) {
    const Bin& bin = model.bins[bin_of[i]];
    const uint64_t open = numbers[i] - bin.lower;
    if (bin.open_bits + kStateBitsMax <= kBitsAtOnce) {
      out->Write(open << state_width_[i] | state_code_[i], state_width_[i] + bin.open_bits);
    } else {
      out->Write(state_code_[i], state_width_[i]);
      out->WriteLong(open, bin.open_bits);
    }
  }
}

void BinDecoder::BuildTables(const BinModel& model) {
  const uint32_t size = uint32_t{1} << model.state_bits;
  states_.resize(model.weights.size() * size);
  lower_.resize(model.bins.size());
  for (size_t bin = 0; bin < model.bins.size(); ++bin) lower_[bin] = model.bins[bin].lower;
  all_bits_max_ = 0;
  uint8_t bin_of_state[1 << kStateBitsMax];
  struct Giving {
    State state = 0;
    State step = 0;
  };
  Giving giving[kBinsMax];
  for (size_t context = 0; context < model.weights.size(); ++context) {
    for (size_t bin = 0; bin < model.bins.size(); ++bin) {
      const uint32_t weight = model.weights[context][bin];
      if (weight == 0) continue;
      const int bits = StateBitsOf(weight, model.state_bits);
      const int all_bits = bits + model.bins[bin].open_bits;
      all_bits_max_ = std::max(all_bits_max_, all_bits);
      giving[bin].state = ((weight << bits) - size) | static_cast<State>(bits) << kStateBitsAt |
                          static_cast<State>(all_bits) << kAllBitsAt |
                          static_cast<State>(model.context_of[bin] * size) << kContextAt | bin << kBinAt;
      giving[bin].step = State{1} << bits;
    }
    Spread(model.weights[context], model.state_bits, bin_of_state);
    State* const states = states_.data() + context * size;
    for (uint32_t at = 0; at < size; ++at) {
      Giving& from = giving[bin_of_state[at]];
      states[at] = from.state;
      from.state += from.step;
      if ((from.state & 0xffff) != size) continue;
      // The base has come round to 0: from here on, the bin's states take a bit less.
      from.state -= size + (State{1} << kStateBitsAt) + (State{1} << kAllBitsAt);
      from.step /= 2;
    }
  }
}

// Decodes rounds of one number a lane, up to the last number of each lane. Returns how many numbers that were.
// kPairs: two numbers take at most kBitsAtOnce bits, so that they share a load.
template <bool kContexts, bool kPairs>
size_t BinDecoder::DecodeRounds(PackReader* reader, std::span<uint64_t> numbers, uint32_t* states,
                                uint32_t* context) const {
  const State* const table = states_.data();
  const uint64_t* const lower = lower_.data();
  const char* const bytes = reader->bytes();
  const uint64_t end_bit = reader->end_bit();
  uint64_t at_bit = reader->at_bit();
  uint32_t lanes[kLanes] = {states[0], states[1], states[2], states[3]};
  uint32_t before = *context;
  size_t i = 0;
  // The padding takes in a round that begins at the end.
  for (; i + 2 * kLanes <= numbers.size() && at_bit <= end_bit; i += kLanes) {
    uint64_t word = 0;
#pragma GCC unroll 4
    for (int lane = 0; lane < kLanes; ++lane) {
      const State state = table[kContexts ? before + lanes[lane] : lanes[lane]];
      if constexpr (kContexts) before = static_cast<uint16_t>(state >> kContextAt);
      if (!kPairs || lane % 2 == 0) word = LoadLittle64(bytes + at_bit / 8) >> (at_bit % 8);
      const int state_bits = static_cast<uint8_t>(state >> kStateBitsAt);
      const int all_bits = static_cast<uint8_t>(state >> kAllBitsAt);
      lanes[lane] = static_cast<uint16_t>(state) + static_cast<uint32_t>(word & LowBits(state_bits));
      numbers[i + static_cast<size_t>(lane)] = lower[state >> kBinAt] + ((word & LowBits(all_bits)) >> state_bits);
      if (kPairs && lane % 2 == 0) word >>= all_bits;
      at_bit += static_cast<uint64_t>(all_bits);
    }
  }
  std::copy(lanes, lanes + kLanes, states);
  *context = before;
  reader->set_at_bit(at_bit);
  if (at_bit > end_bit) reader->Fail();
  return i;
}

void BinDecoder::Decode(const BinModel& model, PackReader* reader, std::span<uint64_t> numbers) {
  BuildTables(model);
  const size_t count = numbers.size();
  uint32_t states[kLanes] = {};
  for (size_t lane = 0; lane < std::min<size_t>(kLanes, count); ++lane) {
    states[lane] = static_cast<uint32_t>(reader->Read(model.state_bits));
  }
  uint32_t context = 0;
  size_t i = 0;
  const bool contexts = model.weights.size() > 1;
  if (all_bits_max_ <= kBitsAtOnce / 2) {
    i = contexts ? DecodeRounds<true, true>(reader, numbers, states, &context)
                 : DecodeRounds<false, true>(reader, numbers, states, &context);
  } else if (all_bits_max_ <= kBitsAtOnce) {
    i = contexts ? DecodeRounds<true, false>(reader, numbers, states, &context)
                 : DecodeRounds<false, false>(reader, numbers, states, &context);
  }
  for (; i < count && reader->ok(); ++i) {
    uint32_t& lane = states[i % kLanes];
    const State state = states_[context + lane];
    const int state_bits = static_cast<uint8_t>(state >> kStateBitsAt);
    context = static_cast<uint16_t>(state >> kContextAt);
    if (i + kLanes < count) lane = static_cast<uint16_t>(state) + static_cast<uint32_t>(reader->Read(state_bits));
    numbers[i] = lower_[state >> kBinAt] + reader->ReadLong(static_cast<uint8_t>(state >> kAllBitsAt) - state_bits);
  }
}

}  // namespace nines::codec
