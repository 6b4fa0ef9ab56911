// Seeded random operations on the index against a plain map of label sets.
#include <algorithm>
#include <map>
#include <set>

#include "re2/re2.h"
#include "seeded_cases.h"
#include "storage/series/index.h"

namespace nines::series {
namespace {

const char* const kNames[] = {"__name__", "A", "a", "b", "vm"};
const char* const kValues[] = {"", "x", "y", "x1", "x.1", "y22", "X", "\xc3\xa4", "x\n", "x-1", "a|b", "xx"};
const char* const kPatterns[] = {"x|y",        ".*",       ".+",        "x",         "|y",      "x.*",
                                 "(x|y)1?",    "[xy]\\d*", "(?i)x.*",   "x1|y.*",    "x\\.1",   "^x$",
                                 "",           "(?:x|ä|)", "x\n?",      "\\Qx.\\E1", "x\\-1|y", "a\\|b",
                                 "(x1|y22|q)", "(x)|(y)",  "m[0-9]+.*", "m1.*|x",    "m.*7",    "[^x]*"};

class Game {
 public:
  explicit Game(std::mt19937_64& random) : random_(random), many_(Below(100) == 0) {}

  void Play() {
    const int steps = many_ ? 30 : 60;
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) Step();
    CheckAll();
    Reopen();
    CheckAll();
    CheckSelect();
  }

 private:
  uint64_t Below(uint64_t limit) { return random_() % limit; }
  SeriesClass AnyClass() { return Below(4) == 0 ? SeriesClass::kResults : SeriesClass::kSamples; }

  Labels AnyLabels() {
    std::vector<std::pair<std::string, std::string>> pairs;
    for (const char* name : kNames) pairs.emplace_back(name, kValues[Below(std::size(kValues))]);
    if (many_) pairs.back().second = "m" + std::to_string(Below(5'000));
    return *Labels::Create(std::move(pairs));
  }

  void Step() {
    switch (Below(6)) {
      case 0:
        return Remove();
      case 1:
        return CheckSelect();
      case 2:
        return CheckOne();
      case 3:
        return Below(10) == 0 ? Reopen() : CheckAll();
      default:
        for (uint64_t left = Below(many_ ? 2'000 : 20); left > 0; --left) Add();
    }
  }

  void Add() {
    const Labels labels = AnyLabels();
    if (ids_.contains(labels)) return;
    const SeriesClass series_class = AnyClass();
    uint32_t& next = next_id_[series_class == SeriesClass::kResults ? 1 : 0];
    if (Below(50) == 0) {
      next += static_cast<uint32_t>(Below(200'000));
      index_->SetNextId(series_class, next);
    }
    const SeriesId id = index_->Add(labels, series_class);
    ASSERT_EQ(id, SeriesId(next++));
    ids_[labels] = id;
    labels_[id] = labels;
  }

  void Remove() {
    std::vector<SeriesId> removed;
    const uint64_t share = 1 + Below(4);
    for (const auto& [id, labels] : labels_) {
      if (Below(4) < share) removed.push_back(id);
    }
    std::shuffle(removed.begin(), removed.end(), random_);
    if (Below(2) == 0) removed.push_back(SeriesId(next_id_[0] + 5));
    index_->Remove(removed);
    for (SeriesId id : removed) {
      ids_.erase(labels_[id]);
      labels_.erase(id);
    }
  }

  void Reopen() {
    index_ = std::make_unique<Index>();
    for (const auto& [id, labels] : labels_) {
      const absl::Status status = index_->Restore(id, labels.Encode());
      ASSERT_TRUE(status.ok()) << status;
    }
    if (Below(2) == 0) index_->Trim();
    index_->SetNextId(SeriesClass::kSamples, next_id_[0]);
    index_->SetNextId(SeriesClass::kResults, next_id_[1]);
  }

  void CheckOne() {
    const Labels labels = AnyLabels();
    const auto found = ids_.find(labels);
    ASSERT_EQ(index_->Find(labels), found == ids_.end() ? std::nullopt : std::optional(found->second));
    const SeriesId id(1 + Below(next_id_[0]));
    ASSERT_EQ(index_->Contains(id), labels_.contains(id));
    ASSERT_EQ(index_->LabelsOf(id), labels_.contains(id) ? labels_[id] : Labels());
    const char* name = kNames[Below(std::size(kNames))];
    const char* value = kValues[1 + Below(std::size(kValues) - 1)];
    const auto carries = [&](const auto& item) { return item.second.Get(name) == value; };
    ASSERT_EQ(index_->CountWith(name, value), std::count_if(labels_.begin(), labels_.end(), carries));
  }

  void CheckAll() {
    ASSERT_EQ(index_->size(), labels_.size());
    ASSERT_EQ(index_->next_id(SeriesClass::kSamples), next_id_[0]);
    ASSERT_EQ(index_->next_id(SeriesClass::kResults), next_id_[1]);
    auto expected = labels_.begin();
    index_->ForEach([&](SeriesId id, std::string_view encoded) {
      EXPECT_TRUE(expected != labels_.end() && id == expected->first && encoded == expected->second.Encode());
      return expected != labels_.end() && ++expected != labels_.end();
    });
    ASSERT_TRUE(expected == labels_.end());
    std::set<std::string> names;
    std::set<std::string> values;
    for (const auto& [id, labels] : labels_) {
      ASSERT_EQ(index_->Find(labels), id);
      for (const auto& [name, value] : labels.pairs()) names.insert(name);
      if (!labels.Get("vm").empty()) values.emplace(labels.Get("vm"));
    }
    ASSERT_EQ(index_->LabelNames(), std::vector<std::string>(names.begin(), names.end()));
    ASSERT_EQ(index_->LabelValues("vm"), std::vector<std::string>(values.begin(), values.end()));
  }

  Matcher AnyMatcher() {
    Matcher matcher;
    matcher.type = static_cast<MatchType>(Below(4));
    matcher.name = Below(10) == 0 ? "nothing" : kNames[Below(std::size(kNames))];
    const bool regex = matcher.type == MatchType::kRegex || matcher.type == MatchType::kNotRegex;
    matcher.value = regex ? kPatterns[Below(std::size(kPatterns))] : kValues[Below(std::size(kValues))];
    return matcher;
  }

  static bool Matches(const Matcher& matcher, std::string_view value) {
    if (matcher.type == MatchType::kEqual) return value == matcher.value;
    if (matcher.type == MatchType::kNotEqual) return value != matcher.value;
    RE2::Options options;
    options.set_dot_nl(true);
    const bool same = RE2::FullMatch(re2::StringPiece(value.data(), value.size()), RE2(matcher.value, options));
    return same == (matcher.type == MatchType::kRegex);
  }

  void CheckSelect() {
    std::vector<Matcher> matchers;
    std::string text;
    for (uint64_t left = 1 + Below(3); left > 0; --left) {
      matchers.push_back(AnyMatcher());
      text += " " + matchers.back().name + " " + std::to_string(static_cast<int>(matchers.back().type)) + " '" +
              matchers.back().value + "'";
    }
    SCOPED_TRACE(text);
    auto selected = index_->Select(matchers);
    const auto takes_all = [](const Matcher& matcher) { return Matches(matcher, ""); };
    if (std::all_of(matchers.begin(), matchers.end(), takes_all)) {
      ASSERT_EQ(selected.status().code(), absl::StatusCode::kInvalidArgument);
      return;
    }
    ASSERT_TRUE(selected.ok()) << selected.status();
    std::map<std::pair<size_t, std::string>, bool> known;  // so that no regular expression is asked twice
    std::vector<SeriesId> expected;
    for (const auto& [labels, id] : ids_) {
      bool matches = true;
      for (size_t i = 0; i < matchers.size() && matches; ++i) {
        const std::pair<size_t, std::string> key(i, labels.Get(matchers[i].name));
        if (!known.contains(key)) known[key] = Matches(matchers[i], key.second);
        matches = known[key];
      }
      if (matches) expected.push_back(id);
    }
    ASSERT_EQ(*selected, expected);
  }

  std::mt19937_64& random_;
  const bool many_;  // of labels, so that what is left of removed ones is cleared up
  std::unique_ptr<Index> index_ = std::make_unique<Index>();
  std::map<Labels, SeriesId> ids_;
  std::map<SeriesId, Labels> labels_;
  uint32_t next_id_[2] = {1, 0x80000001};
};

TEST(IndexModelTest, DoesAsAMapOfLabelSets) {
  ForEachCase([](std::mt19937_64& random) { Game(random).Play(); });
}

}  // namespace
}  // namespace nines::series
