#include "storage/codec/differences.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "storage/codec/vector_code.h"

namespace nines::codec {
namespace {

// Of integers that are no further apart, all differences and levels surely fit an int64. Only these have a factor.
constexpr uint64_t kNarrowMax = uint64_t{1} << 58;

// Division by an odd number of what it divides without a rest: a product by its inverse modulo 2^64 (by Newton's
// iteration, which doubles the bits that are right each time, from three).
uint64_t InverseOf(uint64_t odd) {
  uint64_t inverse = odd;
  for (int i = 0; i < 5; ++i) inverse *= 2 - odd * inverse;
  return inverse;
}

struct Divisor {
  int shift;
  uint64_t inverse;

  explicit Divisor(uint64_t factor) : shift(std::countr_zero(factor)), inverse(InverseOf(factor >> shift)) {}
  uint64_t operator()(uint64_t multiple) const { return (multiple >> shift) * inverse; }
};

uint64_t FindFactor(std::span<const int64_t> integers, uint64_t bits_of_steps) {
  if (bits_of_steps == 0) return 1;
  const int shift = std::countr_zero(bits_of_steps);
  uint64_t factor = 0;
  for (size_t i = 1; i < integers.size() && factor != 1; ++i) {
    uint64_t other = static_cast<uint64_t>(std::abs(integers[i] - integers[i - 1])) >> shift;
    if (factor != 0 && other % factor == 0) continue;  // mostly, once it is found
    while (other != 0) {
      const uint64_t rest = factor % other;
      factor = other;
      other = rest;
    }
  }
  return factor << shift;
}

struct Extent {
  int64_t smallest = std::numeric_limits<int64_t>::max();
  int64_t largest = std::numeric_limits<int64_t>::min();

  void Take(int64_t number) {
    smallest = std::min(smallest, number);
    largest = std::max(largest, number);
  }
};

// Of the integers, their steps, and the steps of these.
struct Extents {
  Extent orders[kOrderMax + 1];
  uint64_t bits_of_steps = 0;  // all that are set in any
  size_t still = 0;            // steps of 0
};
static_assert(kOrderMax == 2);

NINES_VECTOR_CODE void TakeAll(std::span<const int64_t> integers, Extents* extents) {
  const int64_t* const at = integers.data();
  const size_t count = integers.size();
  Extent own, steps, turns;
  uint64_t bits_of_steps = 0;
  uint64_t still = 0;
  own.Take(at[0]);
  if (count > 1) {
    const uint64_t step = Subtract(at[1], at[0]);
    own.Take(at[1]);
    steps.Take(static_cast<int64_t>(step));
    bits_of_steps = step;
    still = step == 0 ? 1 : 0;
  }
  for (size_t i = 2; i < count; ++i) {
    const uint64_t step = Subtract(at[i], at[i - 1]);
    own.Take(at[i]);
    steps.Take(static_cast<int64_t>(step));
    turns.Take(static_cast<int64_t>(step - Subtract(at[i - 1], at[i - 2])));
    bits_of_steps |= step;
    still += step == 0 ? 1 : 0;
  }
  *extents = {{own, steps, turns}, bits_of_steps, still};
}

// The weight that suits numbers whose steps and the steps of these are so far apart. If the numbers are a level that
// wanders, and noise, then their steps are a moving average of order 1, with a correlation of neighbours of -t / (1 +
// t^2), where 1 - t is the weight that foretells best.
void FindWeight(double steps_squared, double turns_squared, DifferenceRange* range) {
  range->smoothed_spread_bits = range->spread_bits;
  if (steps_squared <= 0) return;
  const double correlation = std::min(turns_squared / steps_squared / 2 - 1, 0.4995);
  if (correlation < 0.05) return;
  const double theta = (1 - std::sqrt(1 - 4 * correlation * correlation)) / (2 * correlation);
  const int weight = static_cast<int>(std::lround(kPlainWeight * (1 - theta)));
  if (weight < 1 || weight >= kPlainWeight) return;
  range->weight = weight;
  range->smoothed_spread_bits -= static_cast<float>(std::log2(1 + theta * theta) / 2);
}

// How far the differences of an order are apart that are half a column away from each other, which does not mind where
// their mean is: log2 of the mean. Small next to other orders' where the differences of this order are close together.
void FindSpreads(std::span<const int64_t> integers, bool may_smooth, DifferenceSurvey* survey) {
  const size_t half = integers.size() / 2;
  double sums[kOrderMax + 1] = {};
  double squares[kOrderMax + 2] = {};
  double last[kOrderMax + 1] = {};
  for (size_t i = half; i < integers.size(); ++i) {
    double apart = static_cast<double>(static_cast<int64_t>(Subtract(integers[i], integers[i - half])));
    // What is before the first is not 0: the first number of an order gives no step.
    const int orders = static_cast<int>(std::min<size_t>(i - half, kOrderMax + 1));
    for (int order = 0; order < orders; ++order) {
      sums[order] += std::abs(apart);
      squares[order] += apart * apart;
      const double step = apart - last[order];
      last[order] = apart;
      apart = step;
    }
    if (orders <= kOrderMax) {
      last[orders] = apart;
    } else {
      squares[orders] += apart * apart;
    }
  }
  const double count = static_cast<double>(integers.size() - half);
  for (int order = 0; order <= kOrderMax; ++order) {
    DifferenceRange& range = survey->orders[order];
    range.spread_bits = static_cast<float>(std::log2(sums[order] / count + 1e-3));
    range.smoothed_spread_bits = range.spread_bits;
    if (may_smooth && order > 0) FindWeight(squares[order], squares[order + 1], &range);
  }
}

}  // namespace

DifferenceSurvey Survey(std::span<const int64_t> integers, Effort effort) {
  DifferenceSurvey survey;
  survey.first = integers[0];
  const size_t count = integers.size();
  Extents extents;
  TakeAll(integers, &extents);
  survey.order_max = static_cast<int>(std::min<size_t>(kOrderMax, count - 1));
  if (count > 1) survey.first_step = static_cast<int64_t>(Subtract(integers[1], integers[0]));
  for (int order = 0; order <= survey.order_max; ++order) {
    survey.orders[order].smallest = extents.orders[order].smallest;
    survey.orders[order].largest = extents.orders[order].largest;
  }
  const bool narrow = Subtract(survey.orders[0].largest, survey.orders[0].smallest) <= kNarrowMax;
  if (narrow) survey.factor = FindFactor(integers, extents.bits_of_steps);
  // Integers that often stay as they are have no noise to be smoothed.
  if (effort == Effort::kSmall) FindSpreads(integers, narrow && extents.still * 4 < count, &survey);
  return survey;
}

DifferenceForm PlainForm(const DifferenceSurvey& survey, int order) {
  const DifferenceRange& range = survey.orders[order];
  DifferenceForm form;
  form.order = order;
  form.factor = survey.factor;
  form.width = static_cast<int>(std::bit_width(Subtract(range.largest, range.smallest) / survey.factor));
  form.first = order == 0 ? range.smallest : survey.first;
  // Without a factor the differences may be any 64 bits.
  const int64_t divisor = survey.factor == 1 ? 1 : static_cast<int64_t>(survey.factor);
  if (order > 1) form.first_step = survey.first_step / divisor;
  if (order > 0) form.smallest = range.smallest / divisor;
  return form;
}

NINES_VECTOR_CODE void ListNumbers(std::span<const int64_t> integers, const DifferenceSurvey& survey,
                                   const DifferenceForm& form, uint64_t* numbers) {
  const Divisor divide(survey.factor);
  const uint64_t smallest = static_cast<uint64_t>(survey.orders[form.order].smallest);
  const int64_t* const at = integers.data();
  const size_t count = integers.size() - static_cast<size_t>(form.order);
  if (form.order == 0) {
    for (size_t i = 0; i < count; ++i) numbers[i] = divide(static_cast<uint64_t>(at[i]) - smallest);
  } else if (form.order == 1) {
    for (size_t i = 0; i < count; ++i) numbers[i] = divide(Subtract(at[i + 1], at[i]) - smallest);
  } else {
    for (size_t i = 0; i < count; ++i) {
      numbers[i] = divide(Subtract(at[i + 2], at[i + 1]) - Subtract(at[i + 1], at[i]) - smallest);
    }
  }
}

namespace {

// A level in eighths, as the integer or step that it stands for.
constexpr uint64_t Rounded(uint64_t level) {
  return static_cast<uint64_t>(static_cast<int64_t>(level + kPlainWeight / 2) >> 3);
}

}  // namespace

DifferenceForm ListSmoothed(std::span<const int64_t> integers, const DifferenceSurvey& survey, int order, int weight,
                            uint64_t* numbers) {
  const Divisor divide(survey.factor);
  DifferenceForm form = PlainForm(survey, order);
  form.weight = weight;
  const size_t count = integers.size() - static_cast<size_t>(order);
  const int64_t* const at = integers.data() + order;
  Extent extent;
  uint64_t level = static_cast<uint64_t>(form.first_step) * kPlainWeight;
  for (size_t i = 0; i < count; ++i) {
    const int64_t from = order == 1 ? survey.first : at[static_cast<std::ptrdiff_t>(i) - 1];
    const uint64_t residual = divide(Subtract(at[i], from)) - Rounded(level);
    level += residual * static_cast<uint64_t>(weight);
    extent.Take(static_cast<int64_t>(residual));
    numbers[i] = residual;
  }
  form.smallest = extent.smallest;
  form.width = static_cast<int>(std::bit_width(Subtract(extent.largest, extent.smallest)));
  for (size_t i = 0; i < count; ++i) numbers[i] -= static_cast<uint64_t>(form.smallest);
  return form;
}

namespace {

void AddUpSmoothed(const DifferenceForm& form, std::span<const uint64_t> numbers, int64_t* integers) {
  const uint64_t smallest = static_cast<uint64_t>(form.smallest);
  const uint64_t weight = static_cast<uint64_t>(form.weight);
  const uint64_t factor = form.factor;
  uint64_t integer = static_cast<uint64_t>(form.first);
  // The chain from one number to the next is a single addition.
  uint64_t level = static_cast<uint64_t>(form.first_step) * kPlainWeight;
  if (form.order == 1) {
    for (uint64_t number : numbers) {
      const uint64_t residual = number + smallest;
      *integers++ = static_cast<int64_t>(integer + (residual + Rounded(level)) * factor);
      level += residual * weight;
    }
    return;
  }
  integer = static_cast<uint64_t>(integers[-1]);
  for (uint64_t number : numbers) {
    const uint64_t residual = number + smallest;
    integer += (residual + Rounded(level)) * factor;
    *integers++ = static_cast<int64_t>(integer);
    level += residual * weight;
  }
}

}  // namespace

void AddUp(const DifferenceForm& form, std::span<const uint64_t> numbers, int64_t* integers) {
  const uint64_t factor = form.factor;
  uint64_t integer = static_cast<uint64_t>(form.first);
  if (form.order == 0) {
    for (size_t i = 0; i < numbers.size(); ++i) integers[i] = static_cast<int64_t>(integer + numbers[i] * factor);
    return;
  }
  *integers++ = static_cast<int64_t>(integer);
  uint64_t step = static_cast<uint64_t>(form.first_step) * factor;
  if (form.order == 2) *integers++ = static_cast<int64_t>(integer += step);
  if (form.weight != kPlainWeight) return AddUpSmoothed(form, numbers, integers);
  const uint64_t smallest = static_cast<uint64_t>(form.smallest) * factor;
  if (form.order == 1) {
    for (uint64_t number : numbers) *integers++ = static_cast<int64_t>(integer += smallest + number * factor);
  } else {
    for (uint64_t number : numbers) {
      step += smallest + number * factor;
      *integers++ = static_cast<int64_t>(integer += step);
    }
  }
}

}  // namespace nines::codec
