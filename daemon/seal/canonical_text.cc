#include "daemon/seal/canonical_text.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/escaping.h"
#include "base/text.h"

namespace nines::seal {
namespace {

constexpr std::string_view kNone = "-";

bool IsPlain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '\\'; }

// What would break a line stands as \xHH.
std::string Escape(std::string_view value) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string escaped;
  for (const char c : value) {
    if (IsPlain(c)) {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 0xf]};
    }
  }
  return escaped;
}

std::optional<std::string> Unescape(std::string_view escaped) {
  std::string value;
  while (!escaped.empty()) {
    if (escaped.front() != '\\') {
      value += escaped.front();
      escaped.remove_prefix(1);
      continue;
    }
    unsigned byte = 0;
    const std::string_view digits = escaped.substr(0, 4);
    if (digits.size() < 4 || digits[1] != 'x') return std::nullopt;
    const auto [stop, error] = std::from_chars(digits.data() + 2, digits.data() + 4, byte, 16);
    if (error != std::errc() || stop != digits.data() + 4) return std::nullopt;
    value += static_cast<char>(byte);
    escaped.remove_prefix(4);
  }
  return value;
}

template <typename Int>
bool ReadWholeInt(std::string_view word, Int& value) {
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && stop == word.data() + word.size();
}

}  // namespace

void TextWriter::Head(std::string_view what, int version) { StrAppend(&text_, what, " ", version, "\n"); }
void TextWriter::Line(std::string_view key, std::string_view value) {
  StrAppend(&text_, key, "=", Escape(value), "\n");
}
void TextWriter::Text(std::string_view key, const std::string& value) { Line(key, value); }
void TextWriter::Int(std::string_view key, int64_t value) { Line(key, StrCat(value)); }
void TextWriter::Int(std::string_view key, uint64_t value) { Line(key, StrCat(value)); }
void TextWriter::Int(std::string_view key, const std::optional<int64_t>& value) {
  Line(key, value.has_value() ? StrCat(*value) : std::string(kNone));
}
void TextWriter::Text(std::string_view key, const std::optional<std::string>& value) {
  Line(key, value.has_value() ? *value : std::string(kNone));
}
void TextWriter::Hash(std::string_view key, const Digest& value) { Line(key, ToHex(value)); }
void TextWriter::Hash(std::string_view key, const std::optional<Digest>& value) {
  Line(key, value.has_value() ? ToHex(*value) : std::string(kNone));
}

void TextReader::Fail(std::string_view what) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(StrCat("line ", line_, ": ", what));
  rest_ = {};
}

std::string_view TextReader::Line() {
  ++line_;
  const size_t end = rest_.find('\n');
  if (end == std::string_view::npos) {
    Fail("the text breaks off");
    return {};
  }
  const std::string_view line = rest_.substr(0, end);
  rest_.remove_prefix(end + 1);
  return line;
}

void TextReader::Head(std::string_view what, int version) {
  const std::string expected = StrCat(what, " ", version);
  if (!status_.ok() || Line() == expected) return;
  Fail(StrCat("expected '", expected, "'"));
}

void TextReader::Blank() {
  if (status_.ok() && !Line().empty()) Fail("expected an empty line");
}

bool TextReader::Comes(std::string_view key) const {
  return rest_.size() > key.size() && rest_.starts_with(key) && rest_[key.size()] == '=';
}

std::string TextReader::Value(std::string_view key) {
  if (!status_.ok()) return "";
  const bool comes = Comes(key);
  const std::string_view line = Line();
  if (!comes) Fail(StrCat("expected '", key, "=…'"));
  if (!status_.ok()) return "";
  std::optional<std::string> value = Unescape(line.substr(key.size() + 1));
  if (!value.has_value()) Fail("a backslash begins \\xHH alone");
  return std::move(value).value_or("");
}

void TextReader::Text(std::string_view key, std::string& value) { value = Value(key); }

void TextReader::Int(std::string_view key, int64_t& value) {
  if (!ReadInt(Value(key), value)) Fail(StrCat("'", key, "' is not a whole number"));
}

void TextReader::Int(std::string_view key, uint64_t& value) {
  if (!ReadInt(Value(key), value)) Fail(StrCat("'", key, "' is not a whole number"));
}

void TextReader::Int(std::string_view key, std::optional<int64_t>& value) {
  const std::string text = Value(key);
  value.reset();
  if (text != kNone && !ReadInt(text, value.emplace())) Fail(StrCat("'", key, "' is neither a whole number nor -"));
}

void TextReader::Text(std::string_view key, std::optional<std::string>& value) {
  value = Value(key);
  if (*value == kNone) value.reset();
}

void TextReader::Hash(std::string_view key, Digest& value) {
  const std::optional<Digest> digest = DigestFromHex(Value(key));
  if (!digest.has_value()) Fail(StrCat("'", key, "' is not a SHA-256 of 64 lower-case digits"));
  value = digest.value_or(Digest());
}

void TextReader::Hash(std::string_view key, std::optional<Digest>& value) {
  const std::string text = Value(key);
  value = DigestFromHex(text);
  if (!value.has_value() && text != kNone)
    Fail(StrCat("'", key, "' is neither a SHA-256 of 64 lower-case digits nor -"));
}

void ScopeText(TextWriter& writer, const Scope& scope) { writer.Text("scope", scope.Text()); }

void ScopeText(TextReader& reader, Scope& scope) {
  std::string text;
  reader.Text("scope", text);
  const std::optional<Scope> read = Scope::Parse(text);
  if (!read.has_value()) reader.Fail("'scope' is none of all, provider/ID and agency/ID");
  scope = read.value_or(Scope());
}

absl::Status Compare(std::string_view text, std::string_view written) {
  if (text == written) return absl::OkStatus();
  const size_t same =
      static_cast<size_t>(std::mismatch(text.begin(), text.end(), written.begin(), written.end()).first - text.begin());
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(same), '\n');
  return absl::InvalidArgumentError(StrCat("line ", line, ": not in the form that it would have been written in"));
}

std::vector<std::string_view> SplitWords(std::string_view line, size_t count) {
  std::vector<std::string_view> words;
  while (words.size() + 1 < count) {
    const size_t space = line.find(' ');
    if (space == std::string_view::npos) return {};
    words.push_back(line.substr(0, space));
    line.remove_prefix(space + 1);
  }
  words.push_back(line);
  return words;
}

bool ReadInt(std::string_view word, int64_t& value) { return ReadWholeInt(word, value); }
bool ReadInt(std::string_view word, uint64_t& value) { return ReadWholeInt(word, value); }

}  // namespace nines::seal
