#include "storage/codec/value_column.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "storage/codec/bytes.h"
#include "storage/codec/decimal.h"
#include "storage/codec/integer_column.h"
#include "storage/codec/vector_code.h"

namespace nines::codec {
namespace {

// The low half of a column's first byte; the high half is the exponent of a decimal form.
enum Form : uint8_t {
  kConstant = 0,
  kConstantBits = 1,
  kDecimals = 2,
  kDecimalsAndOdd = 3,
  kBits = 4,
  kRuns = 5,
  kSwitches = 6,
  kDictionary = 7,
};
constexpr int kExponentShift = 4;

// Columns stand in columns: the values of runs, the entries of a dictionary. Which forms are left for one.
enum class Nesting : uint8_t { kAll, kNoRuns, kPlain };

constexpr size_t kDictionaryCountMin = 64;

// Columns of so many values are worth trying forms on that seldom win.
constexpr size_t kLongCount = 1024;

struct Scratch {
  Decimals decimals;
  std::vector<int64_t> integers;
  std::vector<double> run_values;
  std::vector<int64_t> run_lengths;
  std::vector<double> entries;
  std::vector<double> sorted_entries;
  std::vector<uint64_t> keys;    // a hash table of the entries' bits ...
  std::vector<uint32_t> places;  // ... and one more than their place in order of appearance
  std::vector<uint32_t> place_of;
  std::vector<uint32_t> rank_of;
  std::vector<int64_t> ranks;
  std::string runs_candidate;
  std::string runs_nested;
  std::string dictionary_candidate;
  std::string dictionary_nested;
};
Scratch& ThreadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

void EncodeColumn(std::span<const double> values, Effort effort, Nesting nesting, std::string* bytes);

uint64_t Bits(double value) { return std::bit_cast<uint64_t>(value); }

// Doubles as integers of the same order, by their bits: NaNs and -0 have theirs too.
int64_t Ordered(double value) {
  const int64_t bits = std::bit_cast<int64_t>(value);
  return bits ^ static_cast<int64_t>(static_cast<uint64_t>(bits >> 63) >> 1);
}
double Unordered(int64_t ordered) {
  return std::bit_cast<double>(ordered ^ static_cast<int64_t>(static_cast<uint64_t>(ordered >> 63) >> 1));
}

void AppendForm(Form form, int exponent, std::string* bytes) {
  AppendByte(static_cast<uint8_t>(form | exponent << kExponentShift), bytes);
}

void AppendConstant(double value, std::string* bytes) {
  Decimals& decimals = ThreadScratch().decimals;
  if (FindDecimals({&value, 1}, &decimals) && decimals.odd.empty()) {
    AppendForm(kConstant, decimals.exponent, bytes);
    AppendSignedVarint(decimals.integers[0], bytes);
  } else {
    AppendForm(kConstantBits, 0, bytes);
    AppendDouble(value, bytes);
  }
}

void AppendDecimals(const Decimals& decimals, Effort effort, std::string* bytes) {
  AppendForm(decimals.odd.empty() ? kDecimals : kDecimalsAndOdd, decimals.exponent, bytes);
  if (!decimals.odd.empty()) {
    AppendVarint(decimals.odd.size(), bytes);
    uint32_t next = 0;
    for (const OddValue& odd : decimals.odd) {
      AppendVarint(odd.position - next, bytes);
      AppendDouble(odd.value, bytes);
      next = odd.position + 1;
    }
  }
  EncodeIntegers(decimals.integers, effort, bytes);
}

void AppendBits(std::span<const double> values, Effort effort, std::string* bytes) {
  std::vector<int64_t>& integers = ThreadScratch().integers;
  integers.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) integers[i] = Ordered(values[i]);
  AppendForm(kBits, 0, bytes);
  EncodeIntegers(integers, effort, bytes);
}

void AppendText(const std::string& text, std::string* bytes) {
  AppendVarint(text.size(), bytes);
  bytes->append(text);
}

// Lists the values of all runs, and the lengths of all but the last one.
void ListRuns(std::span<const double> values, size_t runs, Scratch* scratch) {
  scratch->run_values.resize(runs);
  scratch->run_lengths.resize(runs - 1);
  size_t start = 0;
  size_t run = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    if (Bits(values[i]) == Bits(values[i - 1])) continue;
    scratch->run_values[run] = values[start];
    scratch->run_lengths[run++] = static_cast<int64_t>(i - start);
    start = i;
  }
  scratch->run_values[run] = values[start];
}

enum class RunsWorth : uint8_t { kNothing, kTry, kTake };

// Whether runs, which ListRuns() has listed, make a column smaller: surely where they are long, or mostly as long as
// the one before; else they are about as good as steps of zero.
RunsWorth WorthOfRuns(size_t count, size_t runs, Effort effort, const std::vector<int64_t>& lengths) {
  if (runs * 8 <= count) return RunsWorth::kTake;
  if (effort == Effort::kFast || count >= kLongCount) return RunsWorth::kTry;
  size_t same = 0;
  for (size_t i = 1; i < lengths.size(); ++i) same += lengths[i] == lengths[i - 1] ? 1 : 0;
  return same * 2 > runs ? RunsWorth::kTake : RunsWorth::kNothing;
}

// Appends the runs that ListRuns() has listed: 2 or more.
void AppendRuns(size_t runs, Effort effort, std::string* bytes) {
  Scratch& scratch = ThreadScratch();
  bool switches = true;
  for (size_t i = 2; i < runs; ++i) switches &= Bits(scratch.run_values[i]) == Bits(scratch.run_values[i - 2]);
  if (switches) scratch.run_values.resize(2);
  AppendForm(switches ? kSwitches : kRuns, 0, bytes);
  AppendVarint(runs, bytes);
  scratch.runs_nested.clear();
  EncodeColumn(scratch.run_values, effort, Nesting::kNoRuns, &scratch.runs_nested);
  AppendText(scratch.runs_nested, bytes);
  EncodeIntegers(scratch.run_lengths, effort, bytes);
}

// Lists the different values, and for each value the place of its like in that list. False where there are more than
// `entries_max`.
bool ListEntries(std::span<const double> values, size_t entries_max, Scratch* scratch) {
  const int slots_log = static_cast<int>(std::bit_width(entries_max)) + 1;
  const size_t mask = (size_t{1} << slots_log) - 1;
  scratch->keys.resize(mask + 1);
  scratch->places.assign(mask + 1, 0);
  scratch->place_of.resize(values.size());
  scratch->entries.clear();
  const size_t early = std::max(values.size() / 4, 2 * kDictionaryCountMin);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint64_t bits = Bits(values[i]);
    size_t slot = (bits * 0x9e3779b97f4a7c15) >> (64 - slots_log);
    while (scratch->places[slot] != 0 && scratch->keys[slot] != bits) slot = (slot + 1) & mask;
    if (scratch->places[slot] == 0) {
      if (scratch->entries.size() == entries_max) return false;
      // Where nearly none repeats at first, few will.
      if (i >= early && scratch->entries.size() + i / 16 >= i) return false;
      scratch->entries.push_back(values[i]);
      scratch->keys[slot] = bits;
      scratch->places[slot] = static_cast<uint32_t>(scratch->entries.size());
    }
    scratch->place_of[i] = scratch->places[slot] - 1;
  }
  return true;
}

// False where too few values repeat for it to be worth a try.
bool AppendDictionary(std::span<const double> values, size_t runs, Effort effort, std::string* bytes) {
  Scratch& scratch = ThreadScratch();
  const size_t count = values.size();
  const size_t entries_max = (count >= kLongCount ? count : runs) * 3 / 4;
  if (!ListEntries(values, entries_max, &scratch)) return false;
  std::vector<uint32_t>& order = scratch.places;
  order.resize(scratch.entries.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return Ordered(scratch.entries[a]) < Ordered(scratch.entries[b]); });
  scratch.rank_of.resize(order.size());
  std::vector<double>& sorted = scratch.sorted_entries;
  sorted.resize(order.size());
  for (uint32_t rank = 0; rank < order.size(); ++rank) {
    scratch.rank_of[order[rank]] = rank;
    sorted[rank] = scratch.entries[order[rank]];
  }
  scratch.ranks.resize(values.size());
  for (size_t i = 0; i < values.size(); ++i) scratch.ranks[i] = scratch.rank_of[scratch.place_of[i]];
  AppendForm(kDictionary, 0, bytes);
  AppendVarint(sorted.size(), bytes);
  scratch.dictionary_nested.clear();
  EncodeColumn(sorted, effort, Nesting::kPlain, &scratch.dictionary_nested);
  AppendText(scratch.dictionary_nested, bytes);
  EncodeIntegers(scratch.ranks, effort, bytes);
  return true;
}

// Integers that are not much more spread out than there are of them gain nothing by a dictionary.
NINES_VECTOR_CODE bool WideSpread(std::span<const int64_t> integers) {
  int64_t smallest = integers[0];
  int64_t largest = integers[0];
  for (const int64_t integer : integers) {
    smallest = std::min(smallest, integer);
    largest = std::max(largest, integer);
  }
  return static_cast<uint64_t>(largest) - static_cast<uint64_t>(smallest) > 2 * integers.size();
}

NINES_VECTOR_CODE size_t CountRuns(std::span<const double> values) {
  size_t runs = 1;
  for (size_t i = 1; i < values.size(); ++i) runs += Bits(values[i]) != Bits(values[i - 1]) ? 1 : 0;
  return runs;
}

void KeepSmaller(size_t start, const std::string& candidate, std::string* bytes) {
  if (candidate.size() >= bytes->size() - start) return;
  bytes->resize(start);
  bytes->append(candidate);
}

void EncodeColumn(std::span<const double> values, Effort effort, Nesting nesting, std::string* bytes) {
  const size_t runs = CountRuns(values);
  if (runs == 1) return AppendConstant(values[0], bytes);
  Scratch& scratch = ThreadScratch();
  const size_t start = bytes->size();
  RunsWorth worth = RunsWorth::kNothing;
  if (nesting == Nesting::kAll && runs * (effort == Effort::kSmall ? 2 : 4) <= values.size()) {
    ListRuns(values, runs, &scratch);
    worth = WorthOfRuns(values.size(), runs, effort, scratch.run_lengths);
    if (worth == RunsWorth::kTake) return AppendRuns(runs, effort, bytes);
    if (worth == RunsWorth::kTry) {
      scratch.runs_candidate.clear();
      AppendRuns(runs, effort, &scratch.runs_candidate);
    }
  }
  bool wide = true;
  if (FindDecimals(values, &scratch.decimals)) {
    wide = WideSpread(scratch.decimals.integers);
    AppendDecimals(scratch.decimals, effort, bytes);
  } else {
    AppendBits(values, effort, bytes);
  }
  if (effort == Effort::kSmall && nesting != Nesting::kPlain && wide && values.size() >= kDictionaryCountMin) {
    scratch.dictionary_candidate.clear();
    if (AppendDictionary(values, runs, effort, &scratch.dictionary_candidate)) {
      KeepSmaller(start, scratch.dictionary_candidate, bytes);
    }
  }
  if (worth == RunsWorth::kTry) KeepSmaller(start, scratch.runs_candidate, bytes);
}

}  // namespace

void EncodeValues(std::span<const double> values, Effort effort, std::string* bytes) {
  EncodeColumn(values, effort, Nesting::kAll, bytes);
}

namespace {

bool DecodeColumn(std::string_view bytes, uint32_t count, Nesting nesting, double* values);

bool DecodeDecimals(ByteReader* reader, int exponent, bool has_odd, uint32_t count, double* values) {
  std::vector<int64_t>& integers = ThreadScratch().integers;
  std::vector<OddValue>& odd = ThreadScratch().decimals.odd;
  odd.clear();
  if (has_odd) {
    const uint64_t odd_count = reader->Varint(count);
    if (odd_count == 0) return false;
    uint64_t next = 0;
    for (uint64_t i = 0; i < odd_count; ++i) {
      const uint64_t position = next + reader->Varint(count);
      const double value = reader->Double();
      if (!reader->ok() || position >= count) return false;
      odd.push_back({static_cast<uint32_t>(position), value});
      next = position + 1;
    }
  }
  integers.resize(count);
  if (!reader->ok() || !DecodeIntegers(reader->rest(), count, integers.data())) return false;
  DivideDecimals(integers, exponent, values);
  for (const OddValue& value : odd) values[value.position] = value.value;
  return true;
}

bool DecodeBits(std::string_view bytes, uint32_t count, double* values) {
  std::vector<int64_t>& integers = ThreadScratch().integers;
  integers.resize(count);
  if (!DecodeIntegers(bytes, count, integers.data())) return false;
  for (uint32_t i = 0; i < count; ++i) values[i] = Unordered(integers[i]);
  return true;
}

bool DecodeRuns(ByteReader* reader, bool switches, uint32_t count, double* values) {
  std::vector<double>& run_values = ThreadScratch().run_values;
  std::vector<int64_t>& lengths = ThreadScratch().run_lengths;
  const uint32_t runs = static_cast<uint32_t>(reader->Varint(count));
  const std::string_view nested = reader->Text();
  if (!reader->ok() || runs < 2) return false;
  const uint32_t stored = switches ? 2 : runs;
  run_values.resize(stored);
  lengths.resize(runs - 1);
  if (!DecodeColumn(nested, stored, Nesting::kNoRuns, run_values.data()) ||
      !DecodeIntegers(reader->rest(), runs - 1, lengths.data())) {
    return false;
  }
  uint32_t at = 0;
  for (uint32_t run = 0; run + 1 < runs; ++run) {
    // At least one value is left for the last run.
    const uint64_t length = static_cast<uint64_t>(lengths[run]);
    if (length == 0 || length >= count - at) return false;
    const double value = run_values[switches ? run % 2 : run];
    std::fill_n(values + at, length, value);
    at += static_cast<uint32_t>(length);
  }
  std::fill(values + at, values + count, run_values[switches ? (runs - 1) % 2 : runs - 1]);
  return true;
}

bool DecodeDictionary(ByteReader* reader, uint32_t count, double* values) {
  std::vector<double>& entries = ThreadScratch().entries;
  std::vector<int64_t>& ranks = ThreadScratch().ranks;
  const uint32_t size = static_cast<uint32_t>(reader->Varint(count));
  const std::string_view nested = reader->Text();
  if (!reader->ok() || size == 0) return false;
  entries.resize(size);
  ranks.resize(count);
  if (!DecodeColumn(nested, size, Nesting::kPlain, entries.data()) ||
      !DecodeIntegers(reader->rest(), count, ranks.data())) {
    return false;
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (static_cast<uint64_t>(ranks[i]) >= size) return false;
    values[i] = entries[static_cast<size_t>(ranks[i])];
  }
  return true;
}

bool DecodeConstant(ByteReader* reader, bool is_decimal, int exponent, uint32_t count, double* values) {
  if (is_decimal) {
    const int64_t integer = reader->SignedVarint();
    DivideDecimals({&integer, 1}, exponent, values);
  } else {
    values[0] = reader->Double();
  }
  std::fill(values + 1, values + count, values[0]);
  return reader->AtEnd();
}

bool DecodeColumn(std::string_view bytes, uint32_t count, Nesting nesting, double* values) {
  ByteReader reader(bytes);
  const uint8_t first = reader.Byte();
  const int form = first & ((1 << kExponentShift) - 1);
  const int exponent = first >> kExponentShift;
  const bool is_decimal = form == kConstant || form == kDecimals || form == kDecimalsAndOdd;
  if (exponent != 0 && !is_decimal) return false;
  switch (form) {
    case kConstant:
    case kConstantBits:
      return DecodeConstant(&reader, is_decimal, exponent, count, values);
    case kDecimals:
    case kDecimalsAndOdd:
      return DecodeDecimals(&reader, exponent, form == kDecimalsAndOdd, count, values);
    case kBits:
      return DecodeBits(reader.rest(), count, values);
    case kRuns:
    case kSwitches:
      return nesting == Nesting::kAll && DecodeRuns(&reader, form == kSwitches, count, values);
    case kDictionary:
      return nesting != Nesting::kPlain && DecodeDictionary(&reader, count, values);
    default:
      return false;
  }
}

}  // namespace

bool DecodeValues(std::string_view bytes, uint32_t count, double* values) {
  if (count == 0 || count > kColumnValuesMax) return false;
  return DecodeColumn(bytes, count, Nesting::kAll, values);
}

}  // namespace nines::codec
