#include "tests/scenario/words.h"

#include "base/text.h"

namespace nines::scenario {

Words::Words(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) words_.push_back(std::move(word));
    word.clear();
  };
  for (char c : line) {
    if (c == ' ' || c == '\t' || c == '(' || c == ')') {
      end_word();
      if (c == '(' || c == ')') words_.emplace_back(1, c);
    } else {
      word += c;
    }
  }
  end_word();
}

bool Words::Accept(std::string_view word) {
  if (done() || words_[next_] != word) return false;
  ++next_;
  return true;
}

void Words::Expect(std::string_view word) {
  if (!Accept(word)) Fail(StrCat("expected '", word, "', not '", Peek(), "'"));
}

std::string Words::Take(std::string_view what) {
  if (done()) {
    Fail(StrCat("the line ends where ", what, " should follow"));
    return "";
  }
  return words_[next_++];
}

std::string_view Words::Peek() const { return next_ < words_.size() ? std::string_view(words_[next_]) : ""; }

void Words::Fail(std::string message) {
  if (error_.empty()) error_ = std::move(message);
}

}  // namespace nines::scenario
