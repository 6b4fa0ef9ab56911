#include "storage/codec/integer_column.h"

#include <algorithm>
#include <vector>

#include "storage/codec/bin_column.h"
#include "storage/codec/bit_pack.h"
#include "storage/codec/bytes.h"
#include "storage/codec/differences.h"

namespace nines::codec {
namespace {

// The first byte: the order of the differences, and
constexpr uint8_t kOrderMask = 3;
constexpr uint8_t kHasFactor = 4;
constexpr uint8_t kBinned = 8;
constexpr int kRoughnessShift = 4;  // how many eighths are missing from a plain weight
constexpr int kFlagsMax = 0x7f;

// An order whose differences are so much further apart than another's is not tried. Contexts may make up for more.
float SpreadBitsMax(size_t count) { return count < kContextsCountMin ? 0.3f : 2.0f; }

struct EncodeScratch {
  std::vector<uint64_t> numbers;
  BinColumnWriter bins;
};

size_t PackedBytes(size_t count, int width) { return (count * static_cast<size_t>(width) + 7) / 8; }

void AppendHeader(uint8_t flags, const DifferenceForm& form, std::string* bytes) {
  const int roughness = kPlainWeight - form.weight;
  AppendByte(
      static_cast<uint8_t>(flags | form.order | (form.factor > 1 ? kHasFactor : 0) | roughness << kRoughnessShift),
      bytes);
  AppendByte(static_cast<uint8_t>(form.width), bytes);
  if (form.factor > 1) AppendVarint(form.factor, bytes);
  AppendSignedVarint(form.first, bytes);
  if (form.order == 2) AppendSignedVarint(form.first_step, bytes);
  if (form.order > 0) AppendSignedVarint(form.smallest, bytes);
}

void AppendPacked(std::span<const uint64_t> numbers, int width, std::string* bytes) {
  const size_t start = bytes->size();
  bytes->resize(start + PackedBytes(numbers.size(), width) + sizeof(uint64_t));
  PackWriter out(bytes->data() + start);
  if (width <= kBitsAtOnce) {
    for (uint64_t number : numbers) out.Write(number, width);
  } else {
    for (uint64_t number : numbers) out.WriteLong(number, width);
  }
  bytes->resize(static_cast<size_t>(out.Finish() - bytes->data()));
}

// The form that is smallest when packed, and how many bits it takes.
DifferenceForm SmallestPacked(const DifferenceSurvey& survey, size_t count, size_t* bits) {
  DifferenceForm best;
  for (int order = 0; order <= survey.order_max; ++order) {
    const DifferenceForm form = PlainForm(survey, order);
    const size_t numbers = count - static_cast<size_t>(order);
    // A further order has a number more in its header.
    const size_t form_bits = numbers * static_cast<size_t>(form.width) + static_cast<size_t>(order) * 12;
    if (order > 0 && form_bits >= *bits) continue;
    best = form;
    *bits = form_bits;
  }
  return best;
}

// Finds the differences that are smallest in bins, and appends these. False where packing takes fewer bits.
class BinnedAppender {
 public:
  BinnedAppender(std::span<const int64_t> integers, const DifferenceSurvey& survey, EncodeScratch* scratch)
      : integers_(integers), survey_(survey), scratch_(*scratch) {}

  bool Append(size_t packed_bits, std::string* bytes) {
    fewest_bits_ = static_cast<float>(packed_bits);
    float closest = survey_.orders[0].smoothed_spread_bits;
    for (const DifferenceRange& range : Orders()) closest = std::min(closest, range.smoothed_spread_bits);
    closest += SpreadBitsMax(integers_.size());
    for (int order = 0; order <= survey_.order_max; ++order) {
      const DifferenceRange& range = survey_.orders[order];
      const bool smoothed = range.weight != kPlainWeight;
      if (smoothed && range.smoothed_spread_bits <= closest) Try(order, range.weight);
      if (range.spread_bits <= closest && (!smoothed || IsLong())) Try(order, kPlainWeight);
    }
    if (best_.width == 0) return false;
    if (last_.order != best_.order || last_.weight != best_.weight) Find(best_.order, best_.weight);
    const size_t start = bytes->size();
    AppendHeader(kBinned, best_, bytes);
    if (scratch_.bins.Append(scratch_.numbers, bytes)) return true;
    bytes->resize(start);
    return false;
  }

 private:
  bool IsLong() const { return integers_.size() >= kContextsCountMin; }
  std::span<const DifferenceRange> Orders() const {
    return std::span(survey_.orders).first(static_cast<size_t>(survey_.order_max) + 1);
  }

  float Find(int order, int weight) {
    scratch_.numbers.resize(integers_.size() - static_cast<size_t>(order));
    if (weight == kPlainWeight) {
      last_ = PlainForm(survey_, order);
      ListNumbers(integers_, survey_, last_, scratch_.numbers.data());
    } else {
      last_ = ListSmoothed(integers_, survey_, order, weight, scratch_.numbers.data());
    }
    return last_.width == 0 ? fewest_bits_ : scratch_.bins.Find(scratch_.numbers, last_.width);
  }

  void Try(int order, int weight) {
    const float bits = Find(order, weight);
    if (bits >= fewest_bits_) return;
    best_ = last_;
    fewest_bits_ = bits;
  }

  std::span<const int64_t> integers_;
  const DifferenceSurvey& survey_;
  EncodeScratch& scratch_;
  DifferenceForm best_;
  DifferenceForm last_;
  float fewest_bits_ = 0;
};

}  // namespace

void EncodeIntegers(std::span<const int64_t> integers, Effort effort, std::string* bytes) {
  thread_local EncodeScratch scratch;
  const DifferenceSurvey survey = Survey(integers, effort);
  size_t bits = 0;
  const DifferenceForm form = SmallestPacked(survey, integers.size(), &bits);
  if (effort == Effort::kSmall && integers.size() >= kBinnedCountMin && bits > 0 &&
      BinnedAppender(integers, survey, &scratch).Append(bits, bytes)) {
    return;
  }
  scratch.numbers.resize(integers.size() - static_cast<size_t>(form.order));
  ListNumbers(integers, survey, form, scratch.numbers.data());
  AppendHeader(0, form, bytes);
  AppendPacked(scratch.numbers, form.width, bytes);
}

namespace {

struct DecodeScratch {
  std::vector<char> padded;
  std::vector<uint64_t> numbers;
  BinColumnReader bins;
};

bool ReadPacked(PackReader* reader, int width, std::span<uint64_t> numbers) {
  if (reader->end_bit() != PackedBytes(numbers.size(), width) * 8) return false;
  const char* const bytes = reader->bytes();
  if (width > kBitsAtOnce) {
    for (uint64_t& number : numbers) number = reader->ReadLong(width);
    return reader->AtEnd();
  }
  const uint64_t mask = LowBits(width);
  uint64_t at_bit = 0;
  for (uint64_t& number : numbers) {
    number = LoadLittle64(bytes + at_bit / 8) >> (at_bit % 8) & mask;
    at_bit += static_cast<uint64_t>(width);
  }
  reader->set_at_bit(at_bit);
  return reader->AtEnd();
}

}  // namespace

bool DecodeIntegers(std::string_view bytes, uint32_t count, int64_t* integers) {
  thread_local DecodeScratch scratch;
  ByteReader header(bytes);
  const uint8_t flags = header.Byte();
  DifferenceForm form;
  form.order = flags & kOrderMask;
  form.weight = kPlainWeight - (flags >> kRoughnessShift);
  form.width = header.Byte();
  if ((flags & kHasFactor) != 0) form.factor = header.Varint();
  form.first = header.SignedVarint();
  if (form.order == 2) form.first_step = header.SignedVarint();
  if (form.order > 0) form.smallest = header.SignedVarint();
  if (!header.ok() || flags > kFlagsMax || form.order > kOrderMax || form.width > 64 ||
      static_cast<uint32_t>(form.order) >= count || (form.order == 0 && form.weight != kPlainWeight) ||
      form.factor == 0 || ((flags & kHasFactor) != 0 && form.factor == 1)) {
    return false;
  }
  const std::string_view packed = header.rest();
  if (scratch.padded.size() < packed.size() + kPadding) scratch.padded.resize(packed.size() + kPadding);
  std::copy(packed.begin(), packed.end(), scratch.padded.begin());
  std::fill_n(scratch.padded.begin() + static_cast<std::ptrdiff_t>(packed.size()), kPadding, '\0');
  PackReader reader(scratch.padded.data(), packed.size());
  scratch.numbers.resize(count - static_cast<uint32_t>(form.order));
  const bool ok = (flags & kBinned) != 0 ? scratch.bins.Read(form.width, &reader, scratch.numbers)
                                         : ReadPacked(&reader, form.width, scratch.numbers);
  if (ok) AddUp(form, scratch.numbers, integers);
  return ok;
}

}  // namespace nines::codec
