#include "storage/codec/time_column.h"

#include <algorithm>
#include <vector>

#include "storage/codec/bytes.h"
#include "storage/codec/integer_column.h"
#include "storage/codec/value_column.h"

namespace nines::codec {
namespace {

enum Form : uint8_t { kIntegers = 0, kGrid = 1 };

// Shorter columns are not worth a grid.
constexpr size_t kGridCountMin = 8;

// Steps of a grid that have no time.
struct Hole {
  uint32_t position = 0;  // of the time behind it
  uint64_t steps = 0;
};

struct Scratch {
  std::vector<uint64_t> sorted_steps_ms;
  std::vector<Hole> holes;
  std::vector<int64_t> residuals_ms;
  std::string candidate;
};
Scratch& ThreadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

uint64_t StepMs(std::span<const int64_t> times_ms, size_t i) {
  return static_cast<uint64_t>(times_ms[i]) - static_cast<uint64_t>(times_ms[i - 1]);
}

uint64_t MedianStepMs(std::span<const int64_t> times_ms, std::vector<uint64_t>* steps_ms) {
  steps_ms->resize(times_ms.size() - 1);
  for (size_t i = 1; i < times_ms.size(); ++i) (*steps_ms)[i - 1] = StepMs(times_ms, i);
  const auto middle = steps_ms->begin() + static_cast<std::ptrdiff_t>(steps_ms->size() / 2);
  std::nth_element(steps_ms->begin(), middle, steps_ms->end());
  return *middle;
}

// Times as steps of equal length from the first one, holes between them, and what each time is off its place. False
// where there are many holes.
bool AppendGrid(std::span<const int64_t> times_ms, std::string* bytes) {
  Scratch& scratch = ThreadScratch();
  const uint64_t step_ms = MedianStepMs(times_ms, &scratch.sorted_steps_ms);
  scratch.holes.clear();
  scratch.residuals_ms.resize(times_ms.size());
  scratch.residuals_ms[0] = 0;
  uint64_t place_ms = static_cast<uint64_t>(times_ms[0]);
  for (size_t i = 1; i < times_ms.size(); ++i) {
    const uint64_t own_ms = StepMs(times_ms, i);
    const uint64_t steps = own_ms / step_ms + (own_ms % step_ms > step_ms / 2 ? 1 : 0);
    place_ms += step_ms * std::max<uint64_t>(steps, 1);
    if (steps > 1) {
      if (scratch.holes.size() * 8 > times_ms.size()) return false;
      scratch.holes.push_back({static_cast<uint32_t>(i), steps - 1});
    }
    scratch.residuals_ms[i] = static_cast<int64_t>(static_cast<uint64_t>(times_ms[i]) - place_ms);
  }
  AppendByte(kGrid, bytes);
  AppendSignedVarint(times_ms[0], bytes);
  AppendVarint(step_ms, bytes);
  AppendVarint(scratch.holes.size(), bytes);
  uint32_t next = 1;
  for (const Hole& hole : scratch.holes) {
    AppendVarint(hole.position - next, bytes);
    AppendVarint(hole.steps, bytes);
    next = hole.position + 1;
  }
  EncodeIntegers(scratch.residuals_ms, Effort::kSmall, bytes);
  return true;
}

bool DecodeGrid(ByteReader* reader, uint32_t count, int64_t* times_ms) {
  std::vector<Hole>& holes = ThreadScratch().holes;
  const uint64_t first_ms = static_cast<uint64_t>(reader->SignedVarint());
  const uint64_t step_ms = reader->Varint();
  holes.clear();
  uint64_t next = 1;
  for (uint64_t left = reader->Varint(count); left > 0; --left) {
    const uint64_t position = next + reader->Varint(count);
    const uint64_t steps = reader->Varint();
    if (!reader->ok() || position >= count || steps == 0) return false;
    holes.push_back({static_cast<uint32_t>(position), steps});
    next = position + 1;
  }
  if (!reader->ok() || step_ms == 0 || !DecodeIntegers(reader->rest(), count, times_ms)) return false;
  // A stretch without a hole at once. Whatever wraps round here does not grow, or is where it wraps round to.
  uint64_t place_ms = first_ms;
  uint32_t at = 0;
  for (size_t hole = 0; hole <= holes.size(); ++hole) {
    const uint32_t end = hole < holes.size() ? holes[hole].position : count;
    for (; at < end; ++at, place_ms += step_ms) {
      times_ms[at] = static_cast<int64_t>(static_cast<uint64_t>(times_ms[at]) + place_ms);
    }
    if (hole < holes.size()) place_ms += holes[hole].steps * step_ms;
  }
  return true;
}

}  // namespace

void EncodeTimes(std::span<const int64_t> times_ms, std::string* bytes) {
  const size_t start = bytes->size();
  AppendByte(kIntegers, bytes);
  EncodeIntegers(times_ms, Effort::kSmall, bytes);
  if (times_ms.size() < kGridCountMin) return;
  std::string& candidate = ThreadScratch().candidate;
  candidate.clear();
  if (AppendGrid(times_ms, &candidate) && candidate.size() < bytes->size() - start) {
    bytes->replace(start, std::string::npos, candidate);
  }
}

bool DecodeTimes(std::string_view bytes, uint32_t count, int64_t* times_ms) {
  if (count == 0 || count > kColumnValuesMax) return false;
  ByteReader reader(bytes);
  const uint8_t form = reader.Byte();
  if (form > kGrid) return false;
  if (form == kGrid ? !DecodeGrid(&reader, count, times_ms) : !DecodeIntegers(reader.rest(), count, times_ms)) {
    return false;
  }
  bool grows = true;
  for (uint32_t i = 1; i < count; ++i) grows &= times_ms[i] > times_ms[i - 1];
  return grows;
}

}  // namespace nines::codec
