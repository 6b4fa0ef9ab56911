#include "storage/series/rollup.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace nines::series {

using codec::Aggregate;

namespace {

// One bucket while its samples go by.
class Bucket {
 public:
  void Add(double value) {
    if (count_ == 0) {
      min_ = max_ = first_ = value;
    } else {
      min_ = std::min(min_, value);
      max_ = std::max(max_, value);
      increase_ += value >= last_ ? value - last_ : value;
    }
    AddToSum(value);
    last_ = value;
    ++count_;
  }
  void AppendTo(int64_t start_ms, Rollup* rollup) const {
    if (count_ == 0) return;
    rollup->starts_ms.push_back(start_ms);
    rollup->of(Aggregate::kMin).push_back(min_);
    rollup->of(Aggregate::kMax).push_back(max_);
    const double exact = sum_ + lost_;
    rollup->of(Aggregate::kSum).push_back(std::isfinite(exact) ? exact : sum_);
    rollup->of(Aggregate::kCount).push_back(static_cast<double>(count_));
    rollup->of(Aggregate::kFirst).push_back(first_);
    rollup->of(Aggregate::kLast).push_back(last_);
    rollup->of(Aggregate::kIncrease).push_back(increase_);
  }

 private:
  void AddToSum(double value) {
    const double next = sum_ + value;
    lost_ += std::fabs(sum_) >= std::fabs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }

  uint64_t count_ = 0;
  double min_ = 0, max_ = 0, sum_ = 0, lost_ = 0, first_ = 0, last_ = 0, increase_ = 0;
};

}  // namespace

void Rollup::Clear() {
  starts_ms.clear();
  for (std::vector<double>& values : aggregates) values.clear();
}

void Rollup::Finish() {
  if (std::is_sorted(starts_ms.begin(), starts_ms.end(), std::less_equal<>())) return;
  std::vector<uint32_t> order(starts_ms.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return starts_ms[a] < starts_ms[b]; });
  Rollup sorted;
  for (size_t i = 0; i < order.size(); ++i) {
    const uint32_t from = order[i];
    if (i + 1 < order.size() && starts_ms[order[i + 1]] == starts_ms[from]) continue;
    sorted.starts_ms.push_back(starts_ms[from]);
    for (size_t a = 0; a < aggregates.size(); ++a) {
      // Only what was asked for is there.
      if (!aggregates[a].empty()) sorted.aggregates[a].push_back(aggregates[a][from]);
    }
  }
  *this = std::move(sorted);
}

void RollUp(std::span<const int64_t> times_ms, std::span<const double> values, Resolution resolution, Rollup* rollup) {
  const int64_t bucket_ms = BucketMs(resolution);
  for (size_t i = 0; i < times_ms.size();) {
    const int64_t start_ms = times_ms[i] - times_ms[i] % bucket_ms;
    Bucket bucket;
    for (; i < times_ms.size() && times_ms[i] < start_ms + bucket_ms; ++i) {
      if (!std::isnan(values[i])) bucket.Add(values[i]);
    }
    bucket.AppendTo(start_ms, rollup);
  }
}

}  // namespace nines::series
