#pragma once

#include <cstdint>
#include <span>

#include "storage/codec/value_column.h"

namespace nines::codec {

// Integers as differences of some order, each divided by the largest number that divides them all: order 0 is the
// integers themselves, 1 their steps, 2 the steps of the steps.
//
// A level with noise upon it is better foretold from more than the last integer, so the differences of order 1 and 2
// come smoothed, too: what is subtracted is a level that moves towards each integer (or step) by `weight` eighths of
// the difference, simple exponential smoothing in integers. Eight eighths make a plain difference.
//
// All arithmetic wraps round at 64 bits.

inline constexpr int kOrderMax = 2;
inline constexpr int kPlainWeight = 8;

constexpr uint64_t Subtract(int64_t a, int64_t b) { return static_cast<uint64_t>(a) - static_cast<uint64_t>(b); }

// What a column's plain differences of an order are like. In the integers' unit: the factor is still in them.
struct DifferenceRange {
  int64_t smallest = 0;
  int64_t largest = 0;
  float spread_bits = 0;  // log2 of how far they are apart, about: to compare the orders of a column
  // The weight that suits best, and log2 of how far the differences are apart with it.
  int weight = kPlainWeight;
  float smoothed_spread_bits = 0;
};

struct DifferenceSurvey {
  uint64_t factor = 1;  // of all steps
  int64_t first = 0;
  int64_t first_step = 0;
  int order_max = 0;  // orders beyond it have no differences
  DifferenceRange orders[kOrderMax + 1];
};

// Only kSmall finds spreads and weights.
DifferenceSurvey Survey(std::span<const int64_t> integers, Effort effort);

// How the differences of a column are written.
struct DifferenceForm {
  int order = 0;
  int weight = kPlainWeight;
  int width = 0;  // of the numbers: each below 2^width
  uint64_t factor = 1;
  int64_t first = 0;  // of order 0, the smallest integer
  // These are divided by the factor, as the differences are; of order 0 they are 0.
  int64_t first_step = 0;
  int64_t smallest = 0;
};

// The form of plain differences.
DifferenceForm PlainForm(const DifferenceSurvey& survey, int order);
// The differences less the smallest: integers.size() - form.order numbers.
void ListNumbers(std::span<const int64_t> integers, const DifferenceSurvey& survey, const DifferenceForm& form,
                 uint64_t* numbers);
// The same, smoothed, of order 1 or 2; finds the form.
DifferenceForm ListSmoothed(std::span<const int64_t> integers, const DifferenceSurvey& survey, int order, int weight,
                            uint64_t* numbers);

// From the numbers back to the integers: one more for each order.
void AddUp(const DifferenceForm& form, std::span<const uint64_t> numbers, int64_t* integers);

}  // namespace nines::codec
