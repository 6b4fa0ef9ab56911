#include "storage/codec/bin_column.h"

#include <algorithm>

namespace nines::codec {
namespace {

// The tables of all contexts together have at most 2^11 states.
int StateBits(size_t count, size_t contexts) {
  const int wanted = std::clamp(static_cast<int>(std::bit_width(count)) - 3, kStateBitsMin, 10);
  return std::min(wanted, kStateBitsMax - static_cast<int>(std::bit_width(contexts - 1)));
}

int Precision(size_t count) { return count < 1500 ? 4 : 5; }

// What it costs to say the bins of so many numbers in each of them, in bits.
float BinBits(std::span<const uint32_t> counts) {
  uint32_t sum = 0;
  float bits = 0;
  for (uint32_t count : counts) {
    sum += count;
    bits -= WeighedLog(count);
  }
  return bits + WeighedLog(sum);
}

// Gives the bins to `contexts` contexts, from the lowest on: about as many numbers follow in each.
void DivideBins(std::span<const uint32_t> counts, size_t count, size_t contexts, std::vector<uint8_t>* context_of) {
  context_of->resize(counts.size());
  size_t before = 0;
  size_t context = 0;
  for (size_t bin = 0; bin < counts.size(); ++bin) {
    const size_t wanted = (before + counts[bin] / 2) * contexts / count;
    // None is left out.
    if (bin > 0 && wanted > context) ++context;
    (*context_of)[bin] = static_cast<uint8_t>(context);
    before += counts[bin];
  }
}

}  // namespace

float BinColumnWriter::FindContexts() {
  const size_t bins = model_.bins.size();
  const size_t count = bin_of_.size();
  model_.context_of.assign(bins, 0);
  in_context_ = counts_;
  if (count < kContextsCountMin || bins < 2) return 0;
  follows_.assign(bins * bins, 0);
  for (size_t i = 1; i < count; ++i) ++follows_[bin_of_[i - 1] * bins + bin_of_[i]];
  const float weights_bits = static_cast<float>(bins - 1) * static_cast<float>(Precision(count));
  const float alone_bits = BinBits(counts_);
  float most_saved = 0;
  for (size_t wanted = 2; wanted <= kContextsMax; wanted *= 2) {
    DivideBins(counts_, count, wanted, &context_of_);
    const size_t contexts = context_of_.back() + size_t{1};
    candidate_.assign(contexts * bins, 0);
    candidate_[bin_of_[0]] = 1;
    for (size_t before = 0; before < bins; ++before) {
      uint32_t* const row = candidate_.data() + context_of_[before] * bins;
      for (size_t bin = 0; bin < bins; ++bin) row[bin] += follows_[before * bins + bin];
    }
    float saved = alone_bits - weights_bits * static_cast<float>(contexts - 1) - static_cast<float>(bins);
    for (size_t context = 0; context < contexts; ++context) {
      saved -= BinBits(std::span(candidate_).subspan(context * bins, bins));
    }
    if (saved <= most_saved) continue;
    most_saved = saved;
    model_.context_of = context_of_;
    in_context_ = candidate_;
  }
  return most_saved;
}

float BinColumnWriter::Find(std::span<const uint64_t> numbers, int width) {
  const float bits = finder_.Find(numbers, width, Precision(numbers.size()));
  ListBins(finder_.nodes(), &model_.bins);
  counts_.clear();
  for (const Node& node : finder_.nodes()) {
    if (node.kind == NodeKind::kLeaf) counts_.push_back(node.count);
  }
  if (numbers.size() < kContextsCountMin) {
    bin_of_.clear();
    return bits - FindContexts();
  }
  finder_.Sort(numbers, model_.bins, &bin_of_);
  return bits - FindContexts();
}

bool BinColumnWriter::Write(std::span<const uint64_t> numbers, PackWriter* out) {
  const std::vector<Node>& nodes = finder_.nodes();
  const size_t bins = model_.bins.size();
  const size_t contexts = model_.context_of.back() + size_t{1};
  model_.state_bits = StateBits(numbers.size(), contexts);
  model_.weights.resize(contexts);
  WriteTree(nodes, out);
  out->Write(contexts > 1 ? 1 : 0, 1);
  if (contexts > 1) {
    for (size_t bin = 1; bin < bins; ++bin) out->Write(model_.context_of[bin] - model_.context_of[bin - 1], 1);
  }
  for (size_t context = 0; context < contexts; ++context) {
    std::span<const uint32_t> counts = std::span(in_context_).subspan(context * bins, bins);
    // A context that only the last number is in has no numbers; any weights will do.
    if (std::all_of(counts.begin(), counts.end(), [](uint32_t number) { return number == 0; })) counts = counts_;
    if (!WriteWeights(nodes, counts, model_.state_bits, Precision(numbers.size()), out, &model_.weights[context])) {
      return false;
    }
  }
  encoder_.Encode(model_, numbers, bin_of_, out);
  return true;
}

bool BinColumnWriter::Append(std::span<const uint64_t> numbers, std::string* bytes) {
  if (bin_of_.empty()) finder_.Sort(numbers, model_.bins, &bin_of_);
  packed_.resize(finder_.nodes().size() * 2 * kContextsMax + numbers.size() * (sizeof(uint64_t) + 2) + 64);
  PackWriter out(packed_.data());
  if (!Write(numbers, &out)) {
    if (model_.context_of.back() == 0) return false;
    model_.context_of.assign(model_.bins.size(), 0);
    in_context_ = counts_;
    out = PackWriter(packed_.data());
    if (!Write(numbers, &out)) return false;
  }
  bytes->append(packed_.data(), static_cast<size_t>(out.Finish() - packed_.data()));
  return true;
}

bool BinColumnReader::Read(int width, PackReader* reader, std::span<uint64_t> numbers) {
  if (numbers.empty() || width == 0 || !ReadTree(width, reader, &nodes_)) return false;
  ListBins(nodes_, &model_.bins);
  model_.context_of.assign(model_.bins.size(), 0);
  const bool has_contexts = reader->Read(1) != 0;
  if (has_contexts) {
    for (size_t bin = 1; bin < model_.bins.size(); ++bin) {
      model_.context_of[bin] = static_cast<uint8_t>(model_.context_of[bin - 1] + reader->Read(1));
    }
  }
  const size_t contexts = model_.context_of.back() + size_t{1};
  if (has_contexts != (contexts > 1) || contexts > kContextsMax) return false;
  model_.state_bits = StateBits(numbers.size(), contexts);
  model_.weights.resize(contexts);
  for (std::vector<uint16_t>& weights : model_.weights) {
    ReadWeights(nodes_, model_.state_bits, Precision(numbers.size()), reader, &weights);
  }
  if (!reader->ok()) return false;
  decoder_.Decode(model_, reader, numbers);
  return reader->AtEnd();
}

}  // namespace nines::codec
