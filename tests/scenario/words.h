#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nines::scenario {

// One line of a script as words; parentheses are words of their own, "#" begins a comment. Keeps the first error and
// gives empty words from then on, so that a caller asks for error() once at the end of the line.
class Words {
 public:
  explicit Words(std::string_view line);

  // Takes the next word if it is `word`.
  bool Accept(std::string_view word);
  // The next word has to be `word`.
  void Expect(std::string_view word);
  // `what` is for the message if there is no word left.
  std::string Take(std::string_view what);
  std::string_view Peek() const;

  bool done() const { return next_ == words_.size() || !error_.empty(); }
  void Fail(std::string message);
  const std::string& error() const { return error_; }

 private:
  std::vector<std::string> words_;
  size_t next_ = 0;
  std::string error_;
};

}  // namespace nines::scenario
