#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/codec/bin_coder.h"
#include "storage/codec/bin_tree.h"

namespace nines::codec {

// Fewer numbers are not worth a tree.
inline constexpr size_t kBinnedCountMin = 24;
// Shorter columns have no contexts: they seldom gain by them.
inline constexpr size_t kContextsCountMin = 1024;

// Writes columns of numbers as bins, with contexts where that makes them smaller. Confined to one thread; keeps its
// memory between columns.
class BinColumnWriter {
 public:
  // Finds bins for numbers below 2^width (1 to 64). Returns the bits that they will take, about.
  float Find(std::span<const uint64_t> numbers, int width);
  // Appends the numbers that Find() saw last. False where that cannot be; nothing is appended then.
  bool Append(std::span<const uint64_t> numbers, std::string* bytes);

 private:
  float FindContexts();
  bool Write(std::span<const uint64_t> numbers, PackWriter* out);

  BinFinder finder_;
  BinModel model_;
  std::vector<uint8_t> bin_of_;
  std::vector<uint32_t> counts_;      // by bin
  std::vector<uint32_t> in_context_;  // by context, then by bin
  std::vector<uint32_t> follows_;     // by bin, then by the bin that follows it
  std::vector<uint8_t> context_of_;
  std::vector<uint32_t> candidate_;
  std::vector<char> packed_;
  BinEncoder encoder_;
};

// Confined to one thread; keeps its memory between columns.
class BinColumnReader {
 public:
  // Reads numbers.size() numbers below 2^width, up to the end. False where BinColumnWriter cannot have written that.
  bool Read(int width, PackReader* reader, std::span<uint64_t> numbers);

 private:
  std::vector<Node> nodes_;
  BinModel model_;
  BinDecoder decoder_;
};

}  // namespace nines::codec
