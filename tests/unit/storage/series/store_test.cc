#include "storage/series/store.h"

#include <stdlib.h>

#include <bit>
#include <filesystem>
#include <thread>

#include "base/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nines::series {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr int64_t kHour = 3'600'000;
constexpr int64_t kDay = 24 * kHour;

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "store_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    auto database = rocks::Database::Open(directory_, {});
    ASSERT_TRUE(database.ok()) << database.status();
    database_ = *std::move(database);
    OpenStore();
  }
  void TearDown() override {
    store_.reset();
    database_.reset();
    std::filesystem::remove_all(directory_);
  }

  void OpenStore() {
    store_.reset();
    auto store = Store::Open(*database_, options_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  SeriesId Series(std::vector<std::pair<std::string, std::string>> pairs) {
    rocks::Batch batch;
    const SeriesId id = store_->Resolve(*Labels::Create(std::move(pairs)), batch);
    EXPECT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
    return id;
  }
  void Record(const std::vector<Point>& points) {
    rocks::Batch batch;
    store_->Log(points, batch);
    ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
    store_->Append(points);
  }
  std::vector<std::pair<int64_t, double>> Read(SeriesId series, Interval span) {
    std::vector<Sample> samples;
    const absl::Status status = store_->Read(series, span, &samples);
    EXPECT_TRUE(status.ok()) << status;
    std::vector<std::pair<int64_t, double>> pairs;
    for (const Sample& sample : samples) pairs.emplace_back(sample.time_ms, sample.value);
    return pairs;
  }
  int CountKeys(rocks::Family family) {
    int count = 0;
    auto visit = [&](std::string_view, std::string_view) { return ++count > 0; };
    EXPECT_TRUE(database_->Scan(family, "", "", visit).ok());
    return count;
  }
  std::vector<std::string> Select(std::vector<Matcher> matchers) {
    auto selected = store_->Select(matchers);
    EXPECT_TRUE(selected.ok()) << selected.status();
    std::vector<std::string> texts;
    for (SeriesId id : *selected) texts.push_back(store_->LabelsOf(id).ToString());
    return texts;
  }

  std::string directory_;
  Store::Options options_;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, ResolvesOnceAndRemembers) {
  const SeriesId a = Series({{"__name__", "up"}, {"provider", "p"}});
  const SeriesId b = Series({{"__name__", "down"}, {"provider", "p"}});
  EXPECT_NE(a, b);
  EXPECT_EQ(Series({{"provider", "p"}, {"__name__", "up"}}), a);
  OpenStore();
  EXPECT_EQ(store_->Find(*Labels::Create({{"__name__", "up"}, {"provider", "p"}})), a);
  EXPECT_EQ(store_->Find(*Labels::Create({{"__name__", "up"}})), std::nullopt);
  EXPECT_EQ(store_->SeriesOfProvider("p"), 2u);
  EXPECT_EQ(store_->SeriesOfProvider("q"), 0u);
  EXPECT_EQ(store_->LabelsOf(b).ToString(), "down{provider=\"p\"}");
  EXPECT_EQ(store_->LabelsOf(SeriesId(99)), Labels());
  EXPECT_EQ(store_->Stats().series, 2u);
}

TEST_F(StoreTest, SelectsAsPrometheusDoes) {
  Series({{"__name__", "up"}, {"job", "node"}, {"zone", "b"}});
  Series({{"__name__", "up"}, {"job", "api"}});
  Series({{"__name__", "load"}, {"job", "node"}});
  const Matcher up{MatchType::kEqual, "__name__", "up"};
  EXPECT_THAT(Select({up}), ElementsAre("up{job=\"api\"}", "up{job=\"node\", zone=\"b\"}"));
  EXPECT_THAT(Select({up, {MatchType::kEqual, "zone", ""}}), ElementsAre("up{job=\"api\"}"));
  EXPECT_THAT(Select({up, {MatchType::kNotEqual, "zone", "b"}}), ElementsAre("up{job=\"api\"}"));
  EXPECT_THAT(Select({{MatchType::kNotEqual, "zone", ""}}), ElementsAre("up{job=\"node\", zone=\"b\"}"));
  EXPECT_THAT(Select({{MatchType::kRegex, "job", "no"}}), IsEmpty()) << "the whole value must match";
  EXPECT_THAT(Select({{MatchType::kRegex, "job", "no.*"}, {MatchType::kNotRegex, "__name__", "u."}}),
              ElementsAre("load{job=\"node\"}"));
  EXPECT_THAT(Select({up, {MatchType::kRegex, "nothing", ".*"}}).size(), 2u);
  EXPECT_THAT(Select({{MatchType::kEqual, "nothing", "x"}}), IsEmpty());

  auto everything = store_->Select(std::vector<Matcher>{{MatchType::kRegex, "job", ".*"}});
  EXPECT_EQ(everything.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->Select({}).status().code(), absl::StatusCode::kInvalidArgument);
  auto wrong = store_->Select(std::vector<Matcher>{{MatchType::kRegex, "job", "a("}});
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("label 'job': 'a(' is no regular expression"));
}

TEST_F(StoreTest, OfTwoSamplesAtOneTimeTheLaterRecordedStands) {
  options_.checkpoint_log_bytes = 0;
  OpenStore();
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 100, 1}, {id, 300, 3}});
  Record({{id, 200, 2}, {id, 100, 10}});  // into the open chunk
  Record({{id, 50, 5}, {id, 50, 6}});     // before it
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 6), Pair(100, 10), Pair(200, 2), Pair(300, 3)));
  ASSERT_TRUE(store_->Maintain().ok());
  OpenStore();  // all of it is in chunks now
  Record({{id, 50, 7}, {id, 300, 30}});
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 7), Pair(100, 10), Pair(200, 2), Pair(300, 30)));
  OpenStore();  // and some of it in the log again
  EXPECT_THAT(Read(id, {50, 300}), ElementsAre(Pair(50, 7), Pair(100, 10), Pair(200, 2)));
}

TEST_F(StoreTest, FindsASampleHoweverOld) {
  options_.checkpoint_log_bytes = 0;
  OpenStore();
  const SeriesId before = Series({{"a", "0"}});
  const SeriesId id = Series({{"a", "1"}});
  const SeriesId after = Series({{"a", "2"}});
  Record({{before, 1, 9}, {id, 0, 1}, {after, 1, 9}});
  ASSERT_TRUE(store_->Maintain().ok());
  OpenStore();
  auto last = store_->LastBefore(id, 5000 * kDay);
  ASSERT_TRUE(last.ok() && last->has_value());
  EXPECT_EQ((*last)->time_ms, 0);
  EXPECT_FALSE((*store_->LastBefore(id, 0)).has_value());
  auto first = store_->FirstFrom(id, -5000 * kDay);
  ASSERT_TRUE(first.ok() && first->has_value());
  EXPECT_EQ((*first)->value, 1);
  EXPECT_FALSE((*store_->FirstFrom(id, 1)).has_value());
}

TEST_F(StoreTest, ADailyResultForYearsMakesFewChunks) {
  options_.checkpoint_log_bytes = 0;
  OpenStore();
  const SeriesId id = Series({{"a", "1"}});
  for (int day = 0; day < 330; ++day) {
    Record({{id, day * kDay, 1}});
    ASSERT_TRUE(store_->Maintain().ok());
  }
  // 33 days to a chunk: 0 to 32 inclusive.
  EXPECT_EQ(CountKeys(rocks::Family::kChunks), 10);
  EXPECT_EQ(Read(id, {0, 400 * kDay}).size(), 330u);
  EXPECT_EQ(Read(id, {100 * kDay + 1, 101 * kDay + 1}).size(), 1u);
}

TEST_F(StoreTest, ACheckpointOverwritesTheOpenChunkAndCutsTheLog) {
  options_.checkpoint_log_bytes = 0;
  OpenStore();
  const SeriesId id = Series({{"a", "1"}});
  for (int i = 0; i < 200; ++i) {
    Record({{id, i * 15'000, static_cast<double>(i)}});
    ASSERT_TRUE(store_->Maintain().ok());
    EXPECT_EQ(CountKeys(rocks::Family::kLog), 0);
    EXPECT_EQ(store_->Stats().log_bytes, 0u);
  }
  EXPECT_EQ(CountKeys(rocks::Family::kChunks), 1);
  EXPECT_EQ(store_->Stats().head_samples, 200u);
  // The late buffer moves to another key whenever it gets a sample before its first.
  Record({{id, -1, 1}});
  ASSERT_TRUE(store_->Maintain().ok());
  Record({{id, -2, 1}});
  ASSERT_TRUE(store_->Maintain().ok());
  EXPECT_EQ(CountKeys(rocks::Family::kChunks), 2);
}

TEST_F(StoreTest, MaintainDoesNotCutWhatIsLoggedButNotAppended) {
  options_.checkpoint_log_bytes = 0;
  OpenStore();
  const SeriesId id = Series({{"a", "1"}});
  rocks::Batch batch;
  const std::vector<Point> points = {{id, 5, 1}};
  store_->Log(points, batch);
  ASSERT_TRUE(database_->Write(batch, rocks::Durability::kSync).ok());
  ASSERT_TRUE(store_->Maintain().ok());
  EXPECT_EQ(CountKeys(rocks::Family::kLog), 1);
  OpenStore();
  EXPECT_THAT(Read(id, {0, 10}), ElementsAre(Pair(5, 1)));
}

TEST_F(StoreTest, NamesTheDamagedRecord) {
  options_.checkpoint_log_bytes = 0;
  OpenStore();
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 5, 1}});
  ASSERT_TRUE(store_->Maintain().ok());
  OpenStore();
  auto damage = [&](rocks::Family family) {
    rocks::Batch batch;
    auto visit = [&](std::string_view key, std::string_view value) {
      std::string damaged(value);
      damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 1);
      batch.Put(family, key, damaged);
      return true;
    };
    ASSERT_TRUE(database_->Scan(family, "", "", visit).ok());
    ASSERT_TRUE(database_->Write(batch, rocks::Durability::kBuffer).ok());
  };
  damage(rocks::Family::kChunks);
  std::vector<Sample> samples;
  const absl::Status status = store_->Read(id, {0, 10}, &samples);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("series 1, chunk from 5 ms (sequence 1): its checksum is wrong"));
  EXPECT_FALSE(store_->LastBefore(id, 10).ok());
  EXPECT_FALSE(store_->FirstFrom(id, 0).ok());

  Record({{id, 6, 1}});
  store_.reset();
  damage(rocks::Family::kLog);
  EXPECT_THAT(std::string(Store::Open(*database_, options_).status().message()), HasSubstr("log record 2: "));
  damage(rocks::Family::kSeries);
  EXPECT_THAT(std::string(Store::Open(*database_, options_).status().message()), HasSubstr("series 1: its record"));
  damage(rocks::Family::kMeta);
  EXPECT_THAT(std::string(Store::Open(*database_, options_).status().message()), HasSubstr("series.format is damaged"));
}

TEST_F(StoreTest, ReadersSeeEverySampleWhileChunksMove) {
  options_.checkpoint_log_bytes = 2'000;
  options_.ready_chunk_bytes = 1;
  OpenStore();
  const SeriesId id = Series({{"a", "1"}});
  std::atomic<int> appended{0};
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      const int sure = appended;
      std::vector<Sample> samples;
      const absl::Status status = store_->Read(id, {0, 1'000'000'000}, &samples);
      ASSERT_TRUE(status.ok()) << status;
      ASSERT_GE(samples.size(), static_cast<size_t>(sure));
      for (size_t i = 0; i < samples.size(); ++i) ASSERT_EQ(samples[i].time_ms, static_cast<int64_t>(i) * 1000);
    }
  });
  for (int i = 0; i < 3000; ++i) {
    Record({{id, i * 1000, static_cast<double>(i)}});
    ++appended;
    ASSERT_TRUE(store_->Maintain().ok());
  }
  stop = true;
  reader.join();
  EXPECT_GE(store_->Stats().chunks_written, 3000u / 240);
}

TEST_F(StoreTest, LabelsOfACheckResult) {
  EXPECT_EQ(CheckResultLabels(ProviderId("p"), CheckId("web")).ToString(),
            "nines_check_result{check=\"web\", provider=\"p\"}");
}

}  // namespace
}  // namespace nines::series
