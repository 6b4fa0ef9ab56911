// Seeded random operations on the series store against std::map. A failure prints the seed and the steps that led to
// it.
#include <stdlib.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>

#include "base/text.h"
#include "gtest/gtest.h"
#include "storage/rocks/database.h"
#include "storage/series/store.h"

namespace nines::series {
namespace {

constexpr int64_t kMinute = 60'000;
constexpr int64_t kDay = 24 * 60 * kMinute;
constexpr int kSeriesCount = 6;
constexpr int64_t kStart = 1'700'000'000'000;

using Model = std::map<int64_t, uint64_t>;  // time → bits of the value

struct Added {
  SeriesId series;
  int64_t time_ms = 0;
  double value = 0;
};

struct Pattern {
  const char* text;
  bool (*matches)(std::string_view);
};
constexpr Pattern kPatterns[] = {
    {"x|y", [](std::string_view v) { return v == "x" || v == "y"; }},
    {".*", [](std::string_view) { return true; }},
    {".+", [](std::string_view v) { return !v.empty(); }},
    {"x", [](std::string_view v) { return v == "x"; }},
    {"|y", [](std::string_view v) { return v.empty() || v == "y"; }},
};

class Game {
 public:
  Game(uint64_t seed, const std::string& directory) : random_(seed), directory_(directory) {
    options_.writer.log_bytes_max = Pick<uint64_t>({0, 500, 20'000, 1 << 30});
    options_.writer.log_age_max_ms = Pick<int64_t>({1'000, kDay});
    options_.writer.step_bytes = Pick<uint64_t>({1, 4 << 20});
    options_.writer.head_pages = Pick<uint32_t>({1, 4});
    options_.merger.settle_ms = Pick<int64_t>({0, 20'000});
    options_.merger.frames_max = Pick<uint32_t>({2, 512});
    options_.merger.dense_samples = Pick<uint32_t>({1, 240, 1'000'000});
    options_.retention.samples_ms = Pick<int64_t>({30 * kDay, 100'000 * kDay});
    options_.retention.five_minutes_ms = options_.retention.hours_ms = 100'000 * kDay;
    fillers_ = Pick<int>({0, 0, 0, 0, 100});
  }

  void Play(int steps) {
    OpenDatabase();
    OpenStore();
    Register();
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) Step();
    for (int i = 0; i < kSeriesCount; ++i) CheckAll(i);
    CrashStore();
    for (int i = 0; i < kSeriesCount; ++i) CheckAll(i);
    CheckSelect();
    if (!::testing::Test::HasFailure()) return;
    for (const std::string& step : steps_) std::printf("  %s\n", step.c_str());
  }

 private:
  template <typename T>
  T Pick(std::initializer_list<T> choices) {
    return *(choices.begin() + Below(choices.size()));
  }
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high - low + 1)));
  }
  template <typename... Args>
  void Note(const Args&... args) {
    steps_.push_back(StrCat(args...));
  }

  void OpenDatabase() {
    auto database = rocks::Database::Open(directory_, {});
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
  }
  void OpenStore() {
    auto store = Store::Open(*database_, clock_, options_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // Fillers put the series into different blocks of the head.
  void Register() {
    rocks::Batch batch;
    for (int i = 0; i < kSeriesCount; ++i) {
      for (int j = 0; j < fillers_; ++j) {
        store_->Resolve(*Labels::Create({{"filler", StrCat(i, "/", j)}}), batch);
      }
      const char* a = Pick({"", "x", "y"});
      const char* b = Pick({"", "x", "y", "z"});
      labels_[i] = *Labels::Create({{"__name__", StrCat("m", i)}, {"a", a}, {"b", b}});
      ids_[i] = store_->Resolve(labels_[i], batch);
      cursor_[i] = kStart;
      step_[i] = Pick<int64_t>({1, 1'000, 15'000, 5 * kMinute, 60 * kMinute, kDay});
      rolled_[i].clear();
    }
    ASSERT_TRUE(database_->Write(batch, rocks::Durability::kSync).ok());
  }

  double Value() {
    switch (Below(5)) {
      case 0:
        return std::bit_cast<double>(kStaleBits);
      case 1:
        return std::bit_cast<double>(random_());
      case 2:
        return static_cast<double>(Below(1000)) / 8;
      case 3:
        return Pick({0.0, -0.0, 0.5});
      default:
        return 1;
    }
  }

  int64_t AnyTime(int i) {
    const Model& model = models_[i];
    if (model.empty()) return cursor_[i];
    auto at = model.lower_bound(Between(model.begin()->first, model.rbegin()->first));
    return at->first;
  }

  void AddRun(int i, int64_t from, int64_t step, int count, std::vector<Added>* points) {
    const bool constant = Below(2) == 0;
    double value = Value();
    for (int k = 0; k < count; ++k) {
      if (!constant) value = Value();
      points->push_back({ids_[i], from + step * k, value});
    }
  }

  void AddSome(std::vector<Added>* points) {
    const int i = static_cast<int>(Below(kSeriesCount));
    switch (Below(9)) {
      case 0:
      case 1: {  // in order
        const int count = static_cast<int>(Pick<uint64_t>({1, 5, 40, 300}));
        const int64_t jitter = Below(3) == 0 ? Between(0, step_[i]) : 0;
        Note("series ", i, ": ", count, " in order from ", cursor_[i] + jitter);
        AddRun(i, cursor_[i] + jitter, step_[i], count, points);
        cursor_[i] += jitter + step_[i] * count;
        break;
      }
      case 2:  // a gap
        cursor_[i] += Between(1, 40 * kDay);
        Note("series ", i, ": gap to ", cursor_[i]);
        break;
      case 3:
      case 4: {  // times that are there already
        const int count = static_cast<int>(Between(1, 5));
        for (int k = 0; k < count; ++k) points->push_back({ids_[i], AnyTime(i), Value()});
        Note("series ", i, ": again at ", points->back().time_ms);
        break;
      }
      case 5: {  // close to what is there
        const int64_t near = AnyTime(i) + Between(-2, 2);
        Note("series ", i, ": near ", near);
        points->push_back({ids_[i], near, Value()});
        break;
      }
      case 6: {  // a late run over what is there
        const int count = static_cast<int>(Pick<uint64_t>({3, 130, 500}));
        const int64_t from = AnyTime(i) - Between(0, 3 * step_[i]);
        Note("series ", i, ": ", count, " late from ", from);
        AddRun(i, from, std::max<int64_t>(1, step_[i] / Pick<int64_t>({1, 2, 1000})), count, points);
        break;
      }
      case 7: {  // far in the past
        const int64_t from = kStart - Between(0, 100 * kDay);
        Note("series ", i, ": past ", from);
        AddRun(i, from, step_[i], static_cast<int>(Between(1, 3)), points);
        break;
      }
      default: {  // the last time once more, twice
        const int64_t last = models_[i].empty() ? cursor_[i] : models_[i].rbegin()->first;
        Note("series ", i, ": twice at ", last);
        points->push_back({ids_[i], last, Value()});
        points->push_back({ids_[i], last, Value()});
      }
    }
  }

  // What one batch brings, as rows: samples of one time and of neighbouring series share one now and then.
  Rows RowsOf(const std::vector<Added>& added) {
    Rows rows;
    for (const Added& one : added) {
      const uint32_t id = static_cast<uint32_t>(one.series.value());
      const bool joins = !rows.empty() && rows.rows.back().time_ms == one.time_ms && Below(2) == 0;
      if (!joins) {
        rows.Add(one.series, one.time_ms, one.value);
        continue;
      }
      ++rows.rows.back().count;
      rows.series.push_back(id);
      rows.values.push_back(one.value);
    }
    return rows;
  }

  void Record() {
    std::vector<Added> added;
    const uint64_t parts = 1 + Below(4);
    for (uint64_t i = 0; i < parts; ++i) AddSome(&added);
    const int64_t from_ms = store_->TakenFromMs(SeriesClass::kSamples);
    std::erase_if(added, [&](const Added& one) { return one.time_ms < from_ms; });
    const Rows rows = RowsOf(added);
    if (Below(30) == 0) {
      Note("crash before the write");
      CrashStore();
      return;
    }
    const absl::Status logged = store_->Log(rows);
    ASSERT_TRUE(logged.ok()) << logged;
    const bool crash = Below(30) == 0;
    if (crash) {
      Note("crash before the append");
      CrashStore();
    } else {
      store_->Append(rows);
    }
    for (const Added& one : added) {
      const auto i = std::find(std::begin(ids_), std::end(ids_), one.series) - std::begin(ids_);
      models_[i][one.time_ms] = rolled_[i][one.time_ms] = std::bit_cast<uint64_t>(one.value);
    }
    if (Below(2) == 0) Maintain();
  }

  void Maintain() {
    Note("maintain");
    const absl::Status status = store_->Maintain();
    ASSERT_TRUE(status.ok()) << status;
  }

  void Tend() {
    clock_.Advance(absl::Milliseconds(Pick<int64_t>({0, kMinute, kDay, 20 * kDay})));
    Note("tend at ", clock_.NowMs());
    const absl::Status status = store_->Tend([] { return false; });
    ASSERT_TRUE(status.ok()) << status;
    const int64_t from_ms = store_->TakenFromMs(SeriesClass::kSamples);
    for (Model& model : models_) {
      model.erase(model.begin(), model.lower_bound(from_ms));
    }
  }

  void Close() {
    Note("close");
    const absl::Status status = store_->Close();
    ASSERT_TRUE(status.ok()) << status;
  }

  void CrashStore() {
    store_.reset();
    if (Below(30) == 0) {
      Note("the database closes, too");
      database_.reset();
      OpenDatabase();
    }
    OpenStore();
  }

  void Step() {
    const uint64_t dice = Below(100);
    const int i = static_cast<int>(Below(kSeriesCount));
    if (dice < 50) {
      Record();
    } else if (dice < 55) {
      Maintain();
    } else if (dice < 59) {
      Tend();
    } else if (dice < 60) {
      Close();
    } else if (dice < 63) {
      Note("crash");
      CrashStore();
    } else if (dice < 66) {
      const int64_t from = AnyTime(i) + Between(-1, 1);
      CheckRollups(i, {from, from + Pick<int64_t>({1, kDay, 50 * kDay})},
                   Below(2) == 0 ? Resolution::kHour : Resolution::kFiveMinutes);
    } else if (dice < 80) {
      const int64_t from = AnyTime(i) + Between(-1, 1);
      CheckRead(i, {from, from + Pick<int64_t>({0, 1, kMinute, kDay, 50 * kDay})});
    } else {
      CheckPoint(i, AnyTime(i) + Between(-1, 1));
      CheckPoint(i, cursor_[i] + Between(-200, 200) * kDay);
    }
  }

  void CheckRead(int i, Interval span) {
    std::vector<Sample> samples;
    const absl::Status status = store_->Read(ids_[i], span, &samples);
    ASSERT_TRUE(status.ok()) << status;
    auto at = models_[i].lower_bound(span.start_ms);
    for (const Sample& sample : samples) {
      ASSERT_TRUE(at != models_[i].end() && at->first == sample.time_ms && at->first < span.end_ms)
          << "series " << i << ": a sample at " << sample.time_ms << " that should not be there, reading from "
          << span.start_ms << " to " << span.end_ms;
      ASSERT_EQ(at->second, std::bit_cast<uint64_t>(sample.value)) << "series " << i << " at " << sample.time_ms;
      ++at;
    }
    ASSERT_TRUE(at == models_[i].end() || at->first >= span.end_ms)
        << "series " << i << ": no sample at " << at->first << ", reading from " << span.start_ms;
  }

  // Bucket by bucket, from every sample there ever was.
  void CheckRollups(int i, Interval span, Resolution resolution) {
    struct Bucket {
      double min, max, sum, count, first, last, increase;
    };
    std::map<int64_t, Bucket> expected;
    const int64_t bucket_ms = BucketMs(resolution);
    for (const auto& [time_ms, bits] : rolled_[i]) {
      const int64_t start_ms = time_ms - time_ms % bucket_ms;
      const double value = std::bit_cast<double>(bits);
      if (!span.Contains(start_ms) || std::isnan(value)) continue;
      const auto [at, fresh] = expected.try_emplace(start_ms, Bucket{value, value, 0, 0, value, value, 0});
      Bucket& bucket = at->second;
      bucket.min = std::min(bucket.min, value);
      bucket.max = std::max(bucket.max, value);
      bucket.sum += value;
      bucket.count += 1;
      if (!fresh) bucket.increase += value >= bucket.last ? value - bucket.last : value;
      bucket.last = value;
    }
    std::map<int64_t, Bucket> found;
    const absl::Status status = store_->ScanRollups(
        std::vector<SeriesId>{ids_[i]}, span, resolution, kAllAggregates, [&](SeriesId, const Rollup& rollup) {
          for (size_t k = 0; k < rollup.starts_ms.size(); ++k) {
            const auto at = [&](codec::Aggregate aggregate) { return rollup.of(aggregate).at(k); };
            using enum codec::Aggregate;
            found[rollup.starts_ms[k]] = {at(kMin), at(kMax),  at(kSum), at(kCount),
                                          at(kFirst), at(kLast), at(kIncrease)};
          }
          return true;
        });
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(found.size(), expected.size()) << "buckets of series " << i << " from " << span.start_ms;
    for (const auto& [start_ms, bucket] : expected) {
      ASSERT_TRUE(found.contains(start_ms)) << "series " << i << ", bucket " << start_ms;
      const Bucket& other = found[start_ms];
      ASSERT_EQ(other.count, bucket.count) << "series " << i << ", bucket " << start_ms;
      ASSERT_EQ(other.min, bucket.min);
      ASSERT_EQ(other.max, bucket.max);
      ASSERT_EQ(other.first, bucket.first);
      ASSERT_EQ(other.last, bucket.last);
      if (std::isfinite(bucket.sum)) {
        ASSERT_NEAR(other.sum, bucket.sum, 1e-9 * bucket.count * std::max(std::fabs(bucket.min), std::fabs(bucket.max)));
      }
      if (std::isfinite(bucket.increase)) {
        ASSERT_EQ(other.increase, bucket.increase) << "series " << i << ", bucket " << start_ms;
      }
    }
  }

  void CheckPoint(int i, int64_t time_ms) {
    auto before = store_->LastBefore(ids_[i], time_ms);
    auto from = store_->FirstFrom(ids_[i], time_ms);
    ASSERT_TRUE(before.ok() && from.ok()) << before.status() << from.status();
    auto at = models_[i].lower_bound(time_ms);
    ASSERT_EQ(from->has_value(), at != models_[i].end()) << "series " << i << ", first from " << time_ms;
    if (from->has_value()) {
      ASSERT_EQ((*from)->time_ms, at->first) << "series " << i << ", first from " << time_ms;
      ASSERT_EQ(std::bit_cast<uint64_t>((*from)->value), at->second) << "series " << i << " at " << at->first;
    }
    ASSERT_EQ(before->has_value(), at != models_[i].begin()) << "series " << i << ", last before " << time_ms;
    if (!before->has_value()) return;
    --at;
    ASSERT_EQ((*before)->time_ms, at->first) << "series " << i << ", last before " << time_ms;
    ASSERT_EQ(std::bit_cast<uint64_t>((*before)->value), at->second) << "series " << i << " at " << at->first;
  }

  void CheckAll(int i) {
    CheckRead(i, {kTimeMinMs, kTimeMaxMs});
    CheckPoint(i, kTimeMinMs);
    CheckPoint(i, kTimeMaxMs);
  }

  void CheckSelect() {
    for (int round = 0; round < 20; ++round) {
      std::vector<Matcher> matchers = {{MatchType::kRegex, "__name__", "m.*"}};
      std::vector<bool> kept(kSeriesCount, true);
      for (const char* name : {"a", "b"}) {
        const Pattern& pattern = kPatterns[Below(std::size(kPatterns))];
        const bool negative = Below(2) == 0;
        matchers.push_back({negative ? MatchType::kNotRegex : MatchType::kRegex, name, pattern.text});
        const char* value = Pick({"", "x", "y", "w"});
        const bool unequal = Below(2) == 0;
        matchers.push_back({unequal ? MatchType::kNotEqual : MatchType::kEqual, name, value});
        for (int i = 0; i < kSeriesCount; ++i) {
          kept[i] = kept[i] && pattern.matches(labels_[i].Get(name)) != negative &&
                    (labels_[i].Get(name) == value) != unequal;
        }
      }
      std::vector<SeriesId> expected;
      for (int i = 0; i < kSeriesCount; ++i) {
        if (kept[i]) expected.push_back(ids_[i]);  // the name comes first, so that this is the order of labels
      }
      auto selected = store_->Select(matchers);
      ASSERT_TRUE(selected.ok()) << selected.status();
      ASSERT_EQ(*selected, expected);
    }
  }

  std::mt19937_64 random_;
  std::string directory_;
  ManualClock clock_{absl::FromUnixMillis(kStart)};
  Store::Options options_;
  int fillers_ = 0;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<Store> store_;
  Labels labels_[kSeriesCount];
  SeriesId ids_[kSeriesCount];
  int64_t cursor_[kSeriesCount];
  int64_t step_[kSeriesCount];
  Model models_[kSeriesCount];
  Model rolled_[kSeriesCount];  // also what was dropped since
  std::vector<std::string> steps_;
};

// NINES_SEED plays one seed, NINES_SEEDS so many; NINES_STEPS is the length of a game.
TEST(SeriesModelTest, AgreesWithAMap) {
  const char* one = getenv("NINES_SEED");
  const char* many = getenv("NINES_SEEDS");
  const char* steps = getenv("NINES_STEPS");
  const uint64_t first = one != nullptr ? std::stoull(one) : 1;
  const uint64_t count = one != nullptr ? 1 : many != nullptr ? std::stoull(many) : 200;
  const std::filesystem::path base = std::filesystem::temp_directory_path();
  for (uint64_t seed = first; seed < first + count; ++seed) {
    SCOPED_TRACE(StrCat("NINES_SEED=", seed));
    std::string directory = (base / "series_model.XXXXXX").string();
    ASSERT_NE(mkdtemp(directory.data()), nullptr);
    Game(seed, directory).Play(steps != nullptr ? std::stoi(steps) : 100);
    std::filesystem::remove_all(directory);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace nines::series
