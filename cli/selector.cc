#include "cli/selector.h"

#include <string>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace nines::cli {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : whole_(text), rest_(text) {}

  absl::StatusOr<std::vector<v1::Matcher>> Parse() {
    std::vector<v1::Matcher> matchers;
    if (const std::string metric = Name(/*colons=*/true); !metric.empty()) {
      matchers.push_back(Make(v1::MATCH_TYPE_EQUAL, "__name__", metric));
    }
    if (Take("{")) {
      while (!Take("}")) {
        NINES_ASSIGN_OR_RETURN(v1::Matcher matcher, One());
        matchers.push_back(std::move(matcher));
        if (!Take(",") && !Peek('}')) return Error("expected ',' or '}'");
      }
    }
    if (!rest_.empty()) return Error("expected the end");
    if (matchers.empty()) return Error("expected a metric's name or {label=\"value\"}");
    return matchers;
  }

 private:
  static v1::Matcher Make(v1::MatchType type, std::string name, std::string value) {
    v1::Matcher matcher;
    matcher.set_type(type);
    matcher.set_name(std::move(name));
    matcher.set_value(std::move(value));
    return matcher;
  }

  absl::Status Error(std::string_view what) const {
    return absl::InvalidArgumentError(StrCat("selector '", whole_, "', column ", whole_.size() - rest_.size() + 1, ": ",
                                             what, "; write metric{label=\"value\",other=~\"regex\"}"));
  }

  void SkipBlanks() {
    while (!rest_.empty() && absl::ascii_isspace(static_cast<unsigned char>(rest_.front()))) rest_.remove_prefix(1);
  }
  bool Take(std::string_view token) {
    SkipBlanks();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    SkipBlanks();
    return true;
  }
  bool Peek(char c) const { return !rest_.empty() && rest_.front() == c; }

  std::string Name(bool colons) {
    SkipBlanks();
    size_t length = 0;
    while (length < rest_.size()) {
      const unsigned char c = static_cast<unsigned char>(rest_[length]);
      const bool digit = absl::ascii_isdigit(c) && length > 0;
      if (!absl::ascii_isalpha(c) && c != '_' && !digit && !(colons && c == ':')) break;
      ++length;
    }
    std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return name;
  }

  absl::StatusOr<std::string> Quoted() {
    SkipBlanks();
    if (!Peek('"') && !Peek('\'')) return Error("expected a value in quotes");
    const char quote = rest_.front();
    rest_.remove_prefix(1);
    std::string value;
    while (!rest_.empty() && rest_.front() != quote) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\') {
        if (rest_.empty()) break;
        c = rest_.front();
        rest_.remove_prefix(1);
        if (c == 'n') c = '\n';
        if (c != '\n' && c != '\\' && c != '"' && c != '\'') return Error("unknown escape; write \\\\ for a backslash");
      }
      value += c;
    }
    if (rest_.empty()) return Error("the quote is not closed");
    rest_.remove_prefix(1);
    return value;
  }

  absl::StatusOr<v1::Matcher> One() {
    const std::string name = Name(/*colons=*/false);
    if (name.empty()) return Error("expected a label's name");
    v1::MatchType type = v1::MATCH_TYPE_UNSPECIFIED;
    if (Take("=~")) {
      type = v1::MATCH_TYPE_REGEX;
    } else if (Take("!~")) {
      type = v1::MATCH_TYPE_NOT_REGEX;
    } else if (Take("!=")) {
      type = v1::MATCH_TYPE_NOT_EQUAL;
    } else if (Take("=")) {
      type = v1::MATCH_TYPE_EQUAL;
    } else {
      return Error("expected =, !=, =~ or !~");
    }
    NINES_ASSIGN_OR_RETURN(std::string value, Quoted());
    SkipBlanks();
    return Make(type, name, std::move(value));
  }

  std::string_view whole_;
  std::string_view rest_;
};

}  // namespace

absl::StatusOr<std::vector<v1::Matcher>> ParseSelector(std::string_view text) { return Parser(text).Parse(); }

}  // namespace nines::cli
