#include "storage/series/matcher.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"
#include "base/text.h"

namespace nines::series {
namespace {

constexpr int kRangeBytesMax = 32;

absl::StatusOr<std::unique_ptr<RE2>> Compile(const Matcher& matcher) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  auto regex = std::make_unique<RE2>(matcher.value, options);
  if (regex->ok()) return regex;
  return absl::InvalidArgumentError(StrCat("matcher of label '", matcher.name, "': '", matcher.value,
                                           "' is no regular expression: ", regex->error(),
                                           "; write it in RE2's syntax"));
}

// The alternatives of `a|b|c`, of which each is plain text. Nothing for anything more.
std::optional<std::vector<std::string>> SplitAlternatives(std::string_view pattern) {
  constexpr std::string_view kSpecial = "\\^$.[]()*+?{}";
  if (pattern.starts_with("(?:") && pattern.ends_with(")")) {
    pattern = pattern.substr(3, pattern.size() - 4);
  } else if (pattern.starts_with("(") && pattern.ends_with(")")) {
    pattern = pattern.substr(1, pattern.size() - 2);
  }
  std::vector<std::string> alternatives(1);
  for (size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '|') {
      alternatives.emplace_back();
      continue;
    }
    if (c == '\\' && i + 1 < pattern.size() &&
        (kSpecial.find(pattern[i + 1]) != std::string_view::npos || pattern[i + 1] == '|' || pattern[i + 1] == '-')) {
      c = pattern[++i];
    } else if (kSpecial.find(c) != std::string_view::npos) {
      return std::nullopt;
    }
    alternatives.back() += c;
  }
  std::sort(alternatives.begin(), alternatives.end());
  alternatives.erase(std::unique(alternatives.begin(), alternatives.end()), alternatives.end());
  return alternatives;
}

}  // namespace

absl::StatusOr<CompiledMatcher> CompiledMatcher::Create(const Matcher& matcher) {
  CompiledMatcher compiled;
  compiled.name_ = matcher.name;
  compiled.negative_ = matcher.type == MatchType::kNotEqual || matcher.type == MatchType::kNotRegex;
  if (matcher.type == MatchType::kEqual || matcher.type == MatchType::kNotEqual) {
    compiled.literals_.emplace({matcher.value});
  } else {
    NINES_ASSIGN_OR_RETURN(compiled.regex_, Compile(matcher));
    compiled.literals_ = SplitAlternatives(matcher.value);
    if (compiled.literals_.has_value()) {
      compiled.regex_.reset();
    } else {
      compiled.range_.bounded =
          compiled.regex_->PossibleMatchRange(&compiled.range_.smallest, &compiled.range_.largest, kRangeBytesMax);
    }
  }
  compiled.accepts_empty_ = compiled.Accepts("");
  return compiled;
}

bool CompiledMatcher::Describes(std::string_view value) const {
  if (literals_.has_value()) return std::binary_search(literals_->begin(), literals_->end(), value);
  return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
}

}  // namespace nines::series
