#include "storage/series/index.h"

#include <algorithm>
#include <atomic>
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

constexpr SeriesClass kSamples = SeriesClass::kSamples;
constexpr SeriesClass kResults = SeriesClass::kResults;

Labels L(std::vector<std::pair<std::string, std::string>> pairs) { return *Labels::Create(std::move(pairs)); }

class IndexTest : public ::testing::Test {
 protected:
  SeriesId Add(std::vector<std::pair<std::string, std::string>> pairs, SeriesClass series_class = kSamples) {
    return index_.Add(L(std::move(pairs)), series_class);
  }
  std::vector<std::string> Select(std::vector<Matcher> matchers) {
    auto selected = index_.Select(matchers);
    EXPECT_TRUE(selected.ok()) << selected.status();
    std::vector<std::string> texts;
    for (SeriesId id : *selected) texts.push_back(index_.LabelsOf(id).ToString());
    return texts;
  }

  Index index_;
};

TEST(SeriesIdTest, ClassesAndBlocks) {
  EXPECT_EQ(ClassOf(SeriesId(1)), kSamples);
  EXPECT_EQ(ClassOf(SeriesId(0x7fffffff)), kSamples);
  EXPECT_EQ(ClassOf(SeriesId(0x80000001)), kResults);
  EXPECT_EQ(BlockOf(SeriesId(63)), 0u);
  EXPECT_EQ(BlockOf(SeriesId(64)), 1u);
  EXPECT_EQ(SlotOf(SeriesId(64)), 0u);
  EXPECT_EQ(BlockOf(SeriesId(0x80000001)), 0x2000000u);
  EXPECT_EQ(SlotOf(SeriesId(0x80000001)), 1u);
}

TEST_F(IndexTest, EachClassCountsItsIds) {
  EXPECT_EQ(Add({{"a", "1"}}), SeriesId(1));
  EXPECT_EQ(Add({{"a", "2"}}, kResults), SeriesId(0x80000001));
  EXPECT_EQ(Add({{"a", "3"}}), SeriesId(2));
  EXPECT_EQ(Add({{"a", "4"}}, kResults), SeriesId(0x80000002));
  EXPECT_EQ(index_.next_id(kSamples), 3u);
  EXPECT_EQ(index_.next_id(kResults), 0x80000003u);
  EXPECT_EQ(index_.size(), 4u);
  index_.SetNextId(kSamples, 10);
  index_.SetNextId(kSamples, 5);
  EXPECT_EQ(Add({{"a", "5"}}), SeriesId(10));
  EXPECT_EQ(Add({}), SeriesId(11)) << "no labels are labels, too";
  EXPECT_EQ(index_.Find(Labels()), SeriesId(11));
}

TEST_F(IndexTest, FindsWhatWasAdded) {
  const Labels labels = L({{"__name__", "up"}, {"provider", "p"}});
  EXPECT_EQ(index_.Find(labels), std::nullopt);
  const SeriesId id = index_.Add(labels, kSamples);
  EXPECT_EQ(index_.Find(labels), id);
  EXPECT_EQ(index_.Find(labels.Encode()), id);
  EXPECT_EQ(index_.Find(labels.Encode() + "x"), std::nullopt);
  EXPECT_EQ(index_.Find(L({{"__name__", "up"}})), std::nullopt);
  EXPECT_EQ(index_.Find(L({{"__name__", "up"}, {"provider", "q"}})), std::nullopt);
  EXPECT_TRUE(index_.Contains(id));
  EXPECT_EQ(index_.LabelsOf(id), labels);
  for (uint64_t other : {uint64_t{0}, uint64_t{2}, uint64_t{1'000'000}, uint64_t{0x80000001}, uint64_t{1} << 32 | 1}) {
    EXPECT_FALSE(index_.Contains(SeriesId(other))) << other;
    EXPECT_EQ(index_.LabelsOf(SeriesId(other)), Labels()) << other;
  }
}

TEST_F(IndexTest, CountsSeriesWithALabel) {
  Add({{"__name__", "up"}, {"provider", "p"}});
  const SeriesId down = Add({{"__name__", "down"}, {"provider", "p"}});
  EXPECT_EQ(index_.CountWith("provider", "p"), 2u);
  EXPECT_EQ(index_.CountWith("provider", "up"), 0u);
  EXPECT_EQ(index_.CountWith("nothing", "p"), 0u);
  EXPECT_THAT(index_.LabelNames(), ElementsAre("__name__", "provider"));
  EXPECT_THAT(index_.LabelValues("__name__"), ElementsAre("down", "up"));
  EXPECT_THAT(index_.LabelValues("nothing"), IsEmpty());
  index_.Remove(std::vector<SeriesId>{down});
  EXPECT_EQ(index_.CountWith("provider", "p"), 1u);
  EXPECT_EQ(index_.CountWith("__name__", "down"), 0u);
  EXPECT_THAT(index_.LabelValues("__name__"), ElementsAre("up"));
}

TEST_F(IndexTest, RestoresWithGaps) {
  const std::string a = L({{"a", "1"}, {"b", "1"}}).Encode();
  const std::string b = L({{"a", "1"}, {"b", "2"}}).Encode();
  const std::string c = L({{"a", "1"}, {"b", "3"}}).Encode();
  ASSERT_TRUE(index_.Restore(SeriesId(0x80000005), c).ok());
  ASSERT_TRUE(index_.Restore(SeriesId(7), a).ok());
  ASSERT_TRUE(index_.Restore(SeriesId(5000), b).ok());
  index_.Trim();
  EXPECT_EQ(index_.Find(b), SeriesId(5000));
  EXPECT_EQ(index_.next_id(kSamples), 5001u);
  EXPECT_EQ(index_.next_id(kResults), 0x80000006u);
  std::vector<std::pair<SeriesId, std::string>> all;
  index_.ForEach([&](SeriesId id, std::string_view encoded) {
    all.emplace_back(id, encoded);
    return true;
  });
  EXPECT_THAT(all, ElementsAre(Pair(SeriesId(7), a), Pair(SeriesId(5000), b), Pair(SeriesId(0x80000005), c)));
  int visited = 0;
  index_.ForEach([&](SeriesId, std::string_view) { return ++visited < 2; });
  EXPECT_EQ(visited, 2);
}

TEST_F(IndexTest, SaysWhatItDoesNotRestore) {
  const std::string labels = L({{"a", "1"}}).Encode();
  const auto error = [&](uint64_t id, std::string_view encoded) {
    const absl::Status status = index_.Restore(SeriesId(id), encoded);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    return std::string(status.message());
  };
  ASSERT_TRUE(index_.Restore(SeriesId(3), labels).ok());
  EXPECT_EQ(error(4, labels), "series 4: series 3 has the same labels");
  EXPECT_EQ(error(3, L({{"a", "2"}}).Encode()), "series 3: expected an id from 4 on");
  EXPECT_THAT(error(0x80000000, L({{"a", "2"}}).Encode()), HasSubstr("expected an id"));
  EXPECT_THAT(error(uint64_t{1} << 32, L({{"a", "2"}}).Encode()), HasSubstr("expected an id"));
  EXPECT_THAT(error(4, labels.substr(0, 3)), HasSubstr("series 4: its labels are not in their canonical form"));
  EXPECT_THAT(error(4,
                    "\x01\x01"
                    "a\x01\xff"),
              HasSubstr("malformed"))
      << "not UTF-8";
  EXPECT_THAT(error(4,
                    "\x01\x01"
                    "-\x01"
                    "1"),
              HasSubstr("malformed"));
  EXPECT_THAT(error(4, std::string("\x01\x01"
                                   "a\x00",
                                   4)),
              HasSubstr("malformed"))
      << "an empty value";
  EXPECT_EQ(index_.size(), 1u);
  EXPECT_THAT(index_.LabelNames(), ElementsAre("a"));
  EXPECT_TRUE(index_.Restore(SeriesId(4), L({{"a", "2"}}).Encode()).ok()) << "what was refused left nothing behind";
}

TEST_F(IndexTest, RemovesAndNeverGivesAnIdTwice) {
  const SeriesId a = Add({{"__name__", "up"}, {"vm", "1"}});
  const SeriesId b = Add({{"__name__", "up"}, {"vm", "2"}});
  const SeriesId c = Add({{"__name__", "up"}, {"vm", "3"}}, kResults);
  index_.Remove(std::vector<SeriesId>{c, a, SeriesId(77), SeriesId(0), a, SeriesId(uint64_t{1} << 40)});
  EXPECT_EQ(index_.size(), 1u);
  EXPECT_FALSE(index_.Contains(a));
  EXPECT_EQ(index_.LabelsOf(a), Labels());
  EXPECT_EQ(index_.Find(L({{"__name__", "up"}, {"vm", "1"}})), std::nullopt);
  EXPECT_EQ(index_.LabelsOf(b).ToString(), "up{vm=\"2\"}") << "it was kept as a difference to the one before";
  EXPECT_THAT(Select({{MatchType::kEqual, "__name__", "up"}}), ElementsAre("up{vm=\"2\"}"));
  EXPECT_EQ(Add({{"__name__", "up"}, {"vm", "1"}}), SeriesId(3));
  EXPECT_EQ(Add({{"__name__", "up"}, {"vm", "3"}}, kResults), SeriesId(0x80000002));
  EXPECT_THAT(Select({{MatchType::kEqual, "__name__", "up"}}),
              ElementsAre("up{vm=\"1\"}", "up{vm=\"2\"}", "up{vm=\"3\"}"));
}

TEST_F(IndexTest, MemoryGoesDownAgain) {
  constexpr int kCount = 140'000;  // more than two of every table's pages
  std::vector<SeriesId> all, odd, but_one;
  for (int i = 0; i < kCount; ++i) {
    const SeriesId id = Add({{"__name__", "m"}, {"i", StrCat("a-machine-with-a-long-name-", i)}});
    all.push_back(id);
    if (i % 2 == 1) odd.push_back(id);
    if (i != kCount / 2) but_one.push_back(id);
  }
  const uint64_t full = index_.memory_bytes();
  EXPECT_GT(full, 10'000'000u);
  index_.Remove(odd);  // holes everywhere
  EXPECT_LT(index_.memory_bytes(), full * 2 / 3);
  EXPECT_EQ(index_.size(), all.size() / 2);
  EXPECT_EQ(index_.LabelsOf(all[1234]).Get("i"), "a-machine-with-a-long-name-1234");
  index_.Remove(but_one);
  EXPECT_THAT(Select({{MatchType::kEqual, "__name__", "m"}}), ElementsAre("m{i=\"a-machine-with-a-long-name-70000\"}"));

  Index fresh;
  ASSERT_TRUE(fresh.Restore(all[kCount / 2], index_.LabelsOf(all[kCount / 2]).Encode()).ok());
  EXPECT_LT(index_.memory_bytes(), fresh.memory_bytes() + 10'000) << "what garbage may remain";
  EXPECT_LT(fresh.memory_bytes(), 100'000u);
}

// Run it under ThreadSanitizer.
TEST_F(IndexTest, ReadersWhileSeriesComeAndGo) {
  const SeriesId steady = Add({{"__name__", "up"}, {"vm", "steady"}});
  const Labels steady_labels = index_.LabelsOf(steady);
  std::atomic<bool> stop{false};
  const auto read = [&] {
    const std::vector<Matcher> matchers = {{MatchType::kEqual, "__name__", "up"}, {MatchType::kNotRegex, "vm", "no.*"}};
    while (!stop) {
      auto selected = index_.Select(matchers);
      ASSERT_TRUE(selected.ok());
      ASSERT_EQ(std::count(selected->begin(), selected->end(), steady), 1);
      for (SeriesId id : *selected) {
        const Labels labels = index_.LabelsOf(id);
        ASSERT_TRUE(labels == Labels() || labels.Get("__name__") == "up");
      }
      ASSERT_EQ(index_.Find(steady_labels), steady);
      ASSERT_TRUE(index_.Contains(steady));
      ASSERT_GE(index_.CountWith("__name__", "up"), 1u);
      ASSERT_GT(index_.memory_bytes(), 0u);
      ASSERT_FALSE(index_.LabelValues("vm").empty());
      SeriesId before(0);
      index_.ForEach([&](SeriesId id, std::string_view encoded) {
        EXPECT_LT(before, id);
        EXPECT_TRUE(Labels::Decode(encoded).ok());
        before = id;
        return true;
      });
    }
  };
  std::thread one(read), other(read);
  for (int round = 0; round < 20; ++round) {
    std::vector<SeriesId> added;
    for (int i = 0; i < 200; ++i) {
      added.push_back(Add({{"__name__", "up"}, {"vm", StrCat(round, "/", i)}}, i % 5 == 0 ? kResults : kSamples));
    }
    index_.Remove(added);
  }
  stop = true;
  one.join();
  other.join();
  EXPECT_EQ(index_.size(), 1u);
}

class SelectTest : public IndexTest {
 protected:
  void SetUp() override {
    Add({{"__name__", "up"}, {"job", "node"}, {"zone", "b"}});
    Add({{"__name__", "up"}, {"job", "api"}});
    Add({{"__name__", "load"}, {"job", "node"}}, kResults);
    Add({{"__name__", "up"}, {"job", "node-2\n"}, {"zone", "a"}});
  }
};

TEST_F(SelectTest, EachKindOfMatcher) {
  const Matcher up{MatchType::kEqual, "__name__", "up"};
  EXPECT_THAT(Select({up}),
              ElementsAre("up{job=\"api\"}", "up{job=\"node\", zone=\"b\"}", "up{job=\"node-2\\n\", zone=\"a\"}"));
  EXPECT_THAT(Select({up, {MatchType::kNotEqual, "job", "api"}}),
              ElementsAre("up{job=\"node\", zone=\"b\"}", "up{job=\"node-2\\n\", zone=\"a\"}"));
  EXPECT_THAT(Select({up, {MatchType::kRegex, "job", "a.i"}}), ElementsAre("up{job=\"api\"}"));
  EXPECT_THAT(Select({up, {MatchType::kNotRegex, "job", "no.*"}}), ElementsAre("up{job=\"api\"}"));
  EXPECT_THAT(Select({up, {MatchType::kEqual, "job", "none"}}), IsEmpty());
  EXPECT_THAT(Select({{MatchType::kEqual, "nothing", "x"}, up}), IsEmpty());
}

TEST_F(SelectTest, AnAbsentLabelIsTheEmptyText) {
  const Matcher up{MatchType::kEqual, "__name__", "up"};
  EXPECT_THAT(Select({up, {MatchType::kEqual, "zone", ""}}), ElementsAre("up{job=\"api\"}"));
  EXPECT_THAT(Select({up, {MatchType::kNotEqual, "zone", "b"}}),
              ElementsAre("up{job=\"api\"}", "up{job=\"node-2\\n\", zone=\"a\"}"));
  EXPECT_THAT(Select({{MatchType::kNotEqual, "zone", ""}, {MatchType::kNotEqual, "zone", "a"}}),
              ElementsAre("up{job=\"node\", zone=\"b\"}"));
  EXPECT_THAT(Select({up, {MatchType::kRegex, "zone", "|b"}}),
              ElementsAre("up{job=\"api\"}", "up{job=\"node\", zone=\"b\"}"));
  EXPECT_THAT(Select({up, {MatchType::kNotRegex, "zone", "a?"}}), ElementsAre("up{job=\"node\", zone=\"b\"}"));
  EXPECT_EQ(Select({up, {MatchType::kRegex, "nothing", ".*"}}).size(), 3u);
  EXPECT_THAT(Select({up, {MatchType::kNotRegex, "nothing", ".*"}}), IsEmpty());
}

TEST_F(SelectTest, RegularExpressionsMatchTheWholeValue) {
  EXPECT_THAT(Select({{MatchType::kRegex, "job", "no"}}), IsEmpty());
  EXPECT_THAT(Select({{MatchType::kRegex, "job", "node.+"}}), ElementsAre("up{job=\"node-2\\n\", zone=\"a\"}"))
      << "the dot takes a line's end";
  EXPECT_THAT(Select({{MatchType::kRegex, "job", "node|api"}}),
              ElementsAre("load{job=\"node\"}", "up{job=\"api\"}", "up{job=\"node\", zone=\"b\"}"));
  EXPECT_THAT(Select({{MatchType::kRegex, "job", "(?i:API)"}}), ElementsAre("up{job=\"api\"}"));
  EXPECT_THAT(Select({{MatchType::kRegex, "job", "(?:api|node\\-2\n)"}, {MatchType::kEqual, "zone", ""}}),
              ElementsAre("up{job=\"api\"}"));
}

TEST_F(SelectTest, RefusesWhatItCannotAnswer) {
  auto everything = index_.Select(std::vector<Matcher>{{MatchType::kRegex, "job", ".*"}});
  EXPECT_EQ(everything.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(index_.Select({}).status().code(), absl::StatusCode::kInvalidArgument);
  auto wrong = index_.Select(std::vector<Matcher>{{MatchType::kRegex, "job", "a("}});
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("label 'job': 'a(' is no regular expression"));
}

TEST_F(IndexTest, OrdersByLabels) {
  std::vector<Labels> all;
  for (const char* a : {"", "1", "10", "2", "\xc3\xa4"}) {
    for (const char* b : {"z", "", "y"}) {
      for (const char* name : {"b", "a", "c"}) {
        all.push_back(L({{"A", a}, {"all", "x"}, {name, b}}));
        if (index_.Find(all.back()).has_value()) {
          all.pop_back();
        } else {
          index_.Add(all.back(), all.size() % 3 == 0 ? kResults : kSamples);
        }
      }
    }
  }
  auto selected = index_.Select(std::vector<Matcher>{{MatchType::kEqual, "all", "x"}});
  ASSERT_TRUE(selected.ok());
  std::vector<Labels> found;
  for (SeriesId id : *selected) found.push_back(index_.LabelsOf(id));
  std::sort(all.begin(), all.end());
  EXPECT_EQ(found, all);
}

}  // namespace
}  // namespace nines::series
