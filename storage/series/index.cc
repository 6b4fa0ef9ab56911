#include "storage/series/index.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "re2/re2.h"

namespace nines::series {

// A matcher made ready.
class Index::Test {
 public:
  static absl::StatusOr<Test> Create(const Matcher& matcher) {
    Test test;
    test.negative_ = matcher.type == MatchType::kNotEqual || matcher.type == MatchType::kNotRegex;
    test.value_ = matcher.value;
    if (matcher.type == MatchType::kEqual || matcher.type == MatchType::kNotEqual) return test;
    RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);
    test.regex_ = std::make_unique<RE2>(matcher.value, options);
    if (!test.regex_->ok()) {
      return absl::InvalidArgumentError(StrCat("matcher of label '", matcher.name, "': '", matcher.value,
                                               "' is no regular expression: ", test.regex_->error(),
                                               "; write it in RE2's syntax"));
    }
    return test;
  }

  bool Passes(std::string_view value) const {
    const bool same =
        regex_ == nullptr ? value == value_ : RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
    return same != negative_;
  }

  // The one value that Passes() tells apart from all others; nothing for a regular expression.
  const std::string* single() const { return regex_ == nullptr ? &value_ : nullptr; }
  bool negative() const { return negative_; }

 private:
  bool negative_ = false;
  std::string value_;
  std::unique_ptr<RE2> regex_;
};

SeriesId Index::Add(const Labels& labels, std::string encoded) {
  MutexLock lock(mutex_);
  encoded_.push_back(std::move(encoded));
  const uint64_t id = encoded_.size();
  const bool added = ids_.emplace(ToAbsl(encoded_.back()), id).second;
  NINES_CHECK(added);
  for (const auto& [name, value] : labels.pairs()) postings_[name][value].push_back(id);
  return SeriesId(id);
}

std::optional<SeriesId> Index::Find(std::string_view encoded) const {
  MutexLock lock(mutex_);
  auto it = ids_.find(ToAbsl(encoded));
  if (it == ids_.end()) return std::nullopt;
  return SeriesId(it->second);
}

Labels Index::LabelsOf(SeriesId series) const {
  std::string encoded;
  {
    MutexLock lock(mutex_);
    if (series.value() == 0 || series.value() > encoded_.size()) return {};
    encoded = encoded_[series.value() - 1];
  }
  absl::StatusOr<Labels> labels = Labels::Decode(encoded);
  NINES_CHECK(labels.ok());
  return *std::move(labels);
}

uint64_t Index::size() const {
  MutexLock lock(mutex_);
  return encoded_.size();
}

uint64_t Index::CountWith(std::string_view name, std::string_view value) const {
  MutexLock lock(mutex_);
  auto values = postings_.find(ToAbsl(name));
  if (values == postings_.end()) return 0;
  auto postings = values->second.find(ToAbsl(value));
  return postings == values->second.end() ? 0 : postings->second.size();
}

Index::Postings Index::Collect(const Matcher& matcher, const Test& test, bool passes) const {
  auto values = postings_.find(matcher.name);
  if (values == postings_.end()) return {};
  // Only one value is asked for: no need to look at the others.
  if (test.single() != nullptr && passes != test.negative()) {
    auto postings = values->second.find(*test.single());
    return postings == values->second.end() ? Postings() : postings->second;
  }
  Postings collected;
  for (const auto& [value, postings] : values->second) {
    if (test.Passes(value) == passes) collected.insert(collected.end(), postings.begin(), postings.end());
  }
  // A series has one value for a name, so that nothing is in there twice.
  std::sort(collected.begin(), collected.end());
  return collected;
}

absl::StatusOr<std::vector<SeriesId>> Index::Select(std::span<const Matcher> matchers) const {
  std::vector<Test> tests;
  bool narrowed = false;
  for (const Matcher& matcher : matchers) {
    NINES_ASSIGN_OR_RETURN(Test test, Test::Create(matcher));
    narrowed = narrowed || !test.Passes("");
    tests.push_back(std::move(test));
  }
  if (!narrowed) {
    return absl::InvalidArgumentError(
        "the matchers would take every series; add one that does not match the empty text, such as a name");
  }

  std::optional<Postings> found;
  std::vector<std::pair<Labels, uint64_t>> sorted;
  {
    MutexLock lock(mutex_);
    for (size_t i = 0; i < tests.size(); ++i) {
      if (tests[i].Passes("")) continue;
      Postings collected = Collect(matchers[i], tests[i], /*passes=*/true);
      if (!found.has_value()) {
        found = std::move(collected);
        continue;
      }
      Postings both;
      std::set_intersection(found->begin(), found->end(), collected.begin(), collected.end(), std::back_inserter(both));
      found = std::move(both);
    }
    for (size_t i = 0; i < tests.size() && !found->empty(); ++i) {
      if (!tests[i].Passes("")) continue;
      Postings collected = Collect(matchers[i], tests[i], /*passes=*/false);
      Postings rest;
      std::set_difference(found->begin(), found->end(), collected.begin(), collected.end(), std::back_inserter(rest));
      found = std::move(rest);
    }
  }
  for (uint64_t id : *found) sorted.emplace_back(LabelsOf(SeriesId(id)), id);
  std::sort(sorted.begin(), sorted.end());
  std::vector<SeriesId> series;
  series.reserve(sorted.size());
  for (const auto& [labels, id] : sorted) series.emplace_back(id);
  return series;
}

}  // namespace nines::series
