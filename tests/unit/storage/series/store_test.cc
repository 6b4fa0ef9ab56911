#include "storage/series/store.h"

#include <atomic>
#include <cmath>
#include <thread>

#include "tests/unit/storage/series/store_fixture.h"

namespace nines::series {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class StoreTest : public StoreFixture {
 protected:
  std::vector<std::string> Select(std::vector<Matcher> matchers) {
    auto selected = store_->Select(matchers);
    EXPECT_TRUE(selected.ok()) << selected.status();
    std::vector<std::string> texts;
    for (SeriesId id : *selected) texts.push_back(store_->LabelsOf(id).ToString());
    return texts;
  }
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

TEST_F(StoreTest, ResultsCountTheirIdsByThemselves) {
  EXPECT_EQ(Series({{"__name__", "up"}}), SeriesId(1));
  EXPECT_EQ(Result("web"), SeriesId(0x80000001));
  EXPECT_EQ(Series({{"__name__", "down"}}), SeriesId(2));
  EXPECT_EQ(Result("mail"), SeriesId(0x80000002));
  OpenStore();
  EXPECT_EQ(Result("dns"), SeriesId(0x80000003));
  EXPECT_EQ(Series({{"__name__", "load"}}), SeriesId(3));
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

// The same samples, wherever they are: log, head, frames, a window's chunk, a partition's.
TEST_F(StoreTest, OfTwoSamplesAtOneTimeTheLaterRecordedStands) {
  SealAlways();
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 100, 1}, {id, 300, 3}});
  Record({{id, 200, 2}, {id, 100, 10}});
  Record({{id, 50, 5}, {id, 50, 6}});
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 6), Pair(100, 10), Pair(200, 2), Pair(300, 3)));
  Maintain();
  OpenStore();  // all of it is in frames now
  Record({{id, 50, 7}, {id, 300, 30}});
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 7), Pair(100, 10), Pair(200, 2), Pair(300, 30)));
  OpenStore();  // and some of it in the log again
  EXPECT_THAT(Read(id, {50, 300}), ElementsAre(Pair(50, 7), Pair(100, 10), Pair(200, 2)));
  Maintain();
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), 2);
  TendAt(5 * kHour);
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), 0);
  EXPECT_EQ(CountKeys(rocks::Family::kRaw), 1);
  Record({{id, 200, 20}});
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 7), Pair(100, 10), Pair(200, 20), Pair(300, 30)));
  Maintain();
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 7), Pair(100, 10), Pair(200, 20), Pair(300, 30)));
  TendAt(5 * kDay);  // the partition is one chunk
  EXPECT_EQ(store_->Stats().partitions_merged, 2u) << "samples and hours";
  Record({{id, 100, 11}});
  Maintain();
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 7), Pair(100, 11), Pair(200, 20), Pair(300, 30)));
  TendAt(5 * kDay);
  EXPECT_EQ(CountKeys(rocks::Family::kRaw), 1);
  OpenAll();
  EXPECT_THAT(Read(id, {0, 1000}), ElementsAre(Pair(50, 7), Pair(100, 11), Pair(200, 20), Pair(300, 30)));
}

TEST_F(StoreTest, FindsASampleHoweverOld) {
  SealAlways();
  const SeriesId before = Series({{"a", "0"}});
  const SeriesId id = Series({{"a", "1"}});
  const SeriesId after = Series({{"a", "2"}});
  Record({{before, 1, 9}, {id, 0, 1}, {after, 5000 * kDay, 9}});
  Maintain();
  for (int round = 0; round < 2; ++round) {
    auto last = store_->LastBefore(id, 5000 * kDay);
    ASSERT_TRUE(last.ok() && last->has_value());
    EXPECT_EQ((*last)->time_ms, 0);
    EXPECT_FALSE((*store_->LastBefore(id, 0)).has_value());
    auto first = store_->FirstFrom(id, -5000 * kDay);
    ASSERT_TRUE(first.ok() && first->has_value());
    EXPECT_EQ((*first)->value, 1);
    EXPECT_FALSE((*store_->FirstFrom(id, 1)).has_value());
    EXPECT_EQ((*store_->LastBefore(after, kEndTimeMs))->time_ms, 5000 * kDay);
    EXPECT_FALSE((*store_->LastBefore(after, 5000 * kDay)).has_value());
    OpenStore();
  }
}

TEST_F(StoreTest, ADailyResultForYearsMakesFewChunks) {
  SealAlways();
  const SeriesId id = Result("web");
  for (int day = 0; day < 330; ++day) {
    Record({{id, day * kDay, 1}});
    Maintain();
  }
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), 330);
  TendAt(340 * kDay);
  // Four days to a chunk: 0 to 82 inclusive.
  EXPECT_EQ(CountKeys(rocks::Family::kResults), 83);
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), 0);
  EXPECT_EQ(CountKeys(rocks::Family::kHours), 0);
  EXPECT_EQ(Read(id, {0, 400 * kDay}).size(), 330u);
  EXPECT_EQ(Read(id, {100 * kDay + 1, 101 * kDay + 1}).size(), 1u);
}

TEST_F(StoreTest, GivesBackTheDiskThatMergingFreed) {
  SealAlways();
  const SeriesId id = Result("web");
  double value = 0;
  for (int i = 0; i < 6'000;) {
    std::vector<One> some;
    do some.push_back({id, i * kDay / 30, value = std::fmod(value * 1.1 + 0.37, 1000)});
    while (++i % 20 != 0);
    Record(some);
    Maintain();
  }
  ASSERT_TRUE(database_->Flush().ok());
  const uint64_t frames = database_->RangeBytes(rocks::Family::kFrames, "", "\xff");
  EXPECT_GT(frames, 30'000u);
  TendAt(210 * kDay);
  EXPECT_GT(store_->Stats().reclaimable_bytes, frames / 2);
  TendAt(210 * kDay);
  EXPECT_EQ(store_->Stats().reclaimable_bytes, 0u);
  EXPECT_EQ(database_->RangeBytes(rocks::Family::kFrames, "", "\xff"), 0u);
  EXPECT_EQ(Read(id, {0, 200 * kDay}).size(), 6'000u);
}

TEST_F(StoreTest, MaintainCutsTheLog) {
  SealAlways();
  const SeriesId id = Series({{"a", "1"}});
  for (int i = 0; i < 50; ++i) {
    Record({{id, i * 15'000, static_cast<double>(i)}});
    EXPECT_GT(store_->Stats().log_bytes, 0u);
    Maintain();
    EXPECT_EQ(store_->Stats().log_bytes, 0u);
    EXPECT_EQ(store_->Stats().head_samples, 0u);
  }
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), 50);
  EXPECT_EQ(store_->Stats().frames_written, 50u);
  EXPECT_EQ(store_->Stats().dirty_windows, 1u);
  OpenStore();
  EXPECT_EQ(store_->Stats().head_samples, 0u);
  EXPECT_EQ(Read(id, {0, kDay}).size(), 50u);
}

TEST_F(StoreTest, AnOldLogIsCutHoweverShort) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 1, 1}});
  Maintain();
  ASSERT_TRUE(store_->Close().ok());
  const int before = CountKeys(rocks::Family::kFrames);
  Record({{id, 2, 1}});
  clock_.Advance(absl::Minutes(59));
  Maintain();
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), before);
  EXPECT_GT(store_->Stats().log_bytes, 0u);
  clock_.Advance(absl::Minutes(2));
  Maintain();
  EXPECT_EQ(CountKeys(rocks::Family::kFrames), before + 1);
  EXPECT_EQ(store_->Stats().log_bytes, 0u);
}

TEST_F(StoreTest, CloseLeavesNothingToRecover) {
  const SeriesId id = Series({{"a", "1"}});
  Record({{id, 1, 1}, {id, 2, 2}});
  ASSERT_TRUE(store_->Close().ok());
  EXPECT_THAT(Read(id, {0, 10}), ElementsAre(Pair(1, 1), Pair(2, 2)));
  OpenAll();
  EXPECT_EQ(store_->Stats().head_samples, 0u);
  EXPECT_THAT(Read(id, {0, 10}), ElementsAre(Pair(1, 1), Pair(2, 2)));
  Record({{id, 3, 3}});
  OpenAll();
  EXPECT_THAT(store_->recovery_damage(), IsEmpty());
  EXPECT_THAT(Read(id, {0, 10}), ElementsAre(Pair(1, 1), Pair(2, 2), Pair(3, 3)));
}

TEST_F(StoreTest, MaintainDoesNotCutWhatIsLoggedButNotAppended) {
  SealAlways();
  const SeriesId id = Series({{"a", "1"}});
  ASSERT_TRUE(store_->Log(RowsOf({{id, 5, 1}})).ok());
  Maintain();
  EXPECT_THAT(Read(id, {0, 10}), IsEmpty());
  OpenStore();
  EXPECT_THAT(Read(id, {0, 10}), ElementsAre(Pair(5, 1)));
}

TEST_F(StoreTest, NotesComeBackInOrderUntilTheLogIsCut) {
  std::vector<std::string> heard;
  const Store::Notes notes = {.recovered =
                                  [&](std::string_view note) {
                                    heard.emplace_back(note);
                                    return absl::OkStatus();
                                  },
                              .on_cut = [](rocks::Batch& batch) { batch.Put(rocks::Family::kStreams, "cut", "here"); }};
  const auto open = [&] {
    heard.clear();
    store_.reset();
    auto store = Store::Open(*database_, clock_, options_, notes);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  };
  open();
  const SeriesId id = Series({{"a", "1"}});
  for (const auto& [time_ms, note] : {std::pair(1, "one"), std::pair(2, ""), std::pair(3, "three")}) {
    const Rows rows = RowsOf({{id, time_ms, 1}});
    ASSERT_TRUE(store_->Log(rows, note).ok());
    store_->Append(rows);
  }
  ASSERT_TRUE(store_->Log({}, "alone").ok());
  store_->Append({});
  open();
  EXPECT_THAT(heard, ElementsAre("one", "three", "alone"));
  EXPECT_EQ(Read(id, {0, 10}).size(), 3u);
  EXPECT_EQ(CountKeys(rocks::Family::kStreams), 0);
  ASSERT_TRUE(store_->Close().ok());
  EXPECT_EQ(CountKeys(rocks::Family::kStreams), 1);
  open();
  EXPECT_THAT(heard, IsEmpty());
}

TEST_F(StoreTest, ScansManySeriesBlockByBlock) {
  std::vector<SeriesId> ids;
  std::vector<One> samples;
  for (int i = 0; i < 130; ++i) {
    ids.push_back(Series({{"a", std::to_string(i)}}));
    if (i % 2 == 0) samples.push_back({ids.back(), 1000 + i, static_cast<double>(i)});
  }
  Record(samples);
  std::vector<uint64_t> seen;
  const auto visit = [&](SeriesId id, std::span<const int64_t> times_ms, std::span<const double> values) {
    EXPECT_EQ(times_ms.size(), 1u);
    EXPECT_EQ(static_cast<double>(times_ms[0]) - 1000, values[0]);
    EXPECT_EQ(ids[static_cast<size_t>(values[0])], id);
    seen.push_back(id.value());
    return seen.size() < 60;
  };
  const std::vector<SeriesId> some = {ids[128], ids[3], ids[2], ids[64]};
  ASSERT_TRUE(store_->Scan(some, {0, 2000}, visit).ok());
  EXPECT_THAT(seen, ElementsAre(ids[2].value(), ids[64].value(), ids[128].value())) << "one has none";
  seen.clear();
  ASSERT_TRUE(store_->Scan(ids, {0, 2000}, visit).ok());
  EXPECT_EQ(seen.size(), 60u) << "it ends where it was told to";
  seen.clear();
  ASSERT_TRUE(store_->Scan(ids, {1010, 1012}, visit).ok());
  EXPECT_THAT(seen, ElementsAre(ids[10].value()));
}

TEST_F(StoreTest, ReadersSeeEverySampleWhileChunksMove) {
  options_.writer = {.log_bytes_max = 2'000, .step_bytes = 1, .head_pages = 1};
  options_.merger = {.grace_ms = 0, .settle_ms = 0, .frames_max = 3};
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
      for (size_t i = 0; i < samples.size(); ++i) ASSERT_EQ(samples[i].time_ms, static_cast<int64_t>(i) * 10'000);
    }
  });
  std::thread merger([&] {
    while (!stop) ASSERT_TRUE(store_->Tend([&] { return stop.load(); }).ok());
  });
  for (int i = 0; i < 3000; ++i) {
    Record({{id, i * 10'000, static_cast<double>(i)}});
    ++appended;
    Maintain();
  }
  stop = true;
  reader.join();
  merger.join();
  Tend();
  EXPECT_GE(store_->Stats().frames_written, 10u);
  EXPECT_GE(store_->Stats().windows_merged, 2u);
  EXPECT_EQ(Read(id, {0, 1'000'000'000}).size(), 3000u);
}

TEST_F(StoreTest, LabelsOfACheckResult) {
  EXPECT_EQ(CheckResultLabels(ProviderId("p"), CheckId("web")).ToString(),
            "nines_check_result{check=\"web\", provider=\"p\"}");
}

}  // namespace
}  // namespace nines::series
