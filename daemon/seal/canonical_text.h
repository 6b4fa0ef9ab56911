#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/sha256.h"
#include "daemon/seal/scope.h"

// The text that is sealed: lines "key=value\n", always in the same order, so that a value has exactly one text and a
// text exactly one value. docs/sealing.md, "Canonical text", is its specification.
//
// What a text holds is written down once, for both of these, and so reads as it writes:
//   constexpr auto kFields = [](auto& archive, auto& value) {
//     archive.Text("target", value.id);
//     archive.Int("up_ms", value.up_ms);
//   };
namespace nines::seal {

class TextWriter {
 public:
  // The first line: what the text is, and the version of its form.
  void Head(std::string_view what, int version);
  void Blank() { text_ += '\n'; }
  void Text(std::string_view key, const std::string& value);
  void Int(std::string_view key, int64_t value);
  void Int(std::string_view key, uint64_t value);
  // "-" where there is none. A text that is there is not "-".
  void Int(std::string_view key, const std::optional<int64_t>& value);
  void Text(std::string_view key, const std::optional<std::string>& value);
  void Hash(std::string_view key, const std::optional<Digest>& value);
  void Hash(std::string_view key, const Digest& value);
  // A number of lines with the same key, one for each; Item has Words() and FromWords().
  template <typename Item>
  void List(std::string_view key, const std::vector<Item>& items) {
    for (const Item& item : items) Line(key, item.Words());
  }

  // How many there are, for values that are more than a line.
  template <typename Item>
  void Count(std::string_view key, const std::vector<Item>& items) {
    Int(key, static_cast<uint64_t>(items.size()));
  }

  std::string Take() { return std::move(text_); }

 private:
  void Line(std::string_view key, std::string_view value);

  std::string text_;
};

// Confined to one thread. The first line that is not as expected makes status() an error, which names it, and every
// later answer empty.
class TextReader {
 public:
  explicit TextReader(std::string_view text) : rest_(text) {}

  void Head(std::string_view what, int version);
  void Blank();
  void Text(std::string_view key, std::string& value);
  void Int(std::string_view key, int64_t& value);
  void Int(std::string_view key, uint64_t& value);
  void Int(std::string_view key, std::optional<int64_t>& value);
  void Text(std::string_view key, std::optional<std::string>& value);
  void Hash(std::string_view key, std::optional<Digest>& value);
  void Hash(std::string_view key, Digest& value);
  template <typename Item>
  void List(std::string_view key, std::vector<Item>& items) {
    while (Comes(key)) {
      if (!items.emplace_back().FromWords(Value(key))) Fail("the value cannot be read");
    }
  }

  template <typename Item>
  void Count(std::string_view key, std::vector<Item>& items) {
    uint64_t count = 0;
    Int(key, count);
    // Each takes a line at least: what promises more than the text can hold is no reason to make room for it.
    if (count > rest_.size()) Fail("more than the text can hold");
    items.resize(status_.ok() ? count : 0);
  }

  bool AtEnd() const { return rest_.empty(); }
  void Fail(std::string_view what);
  // InvalidArgument: "line 7: …".
  const absl::Status& status() const { return status_; }

 private:
  bool Comes(std::string_view key) const;
  std::string Value(std::string_view key);
  std::string_view Line();

  std::string_view rest_;
  int line_ = 0;
  absl::Status status_;
};

// The line "scope=…".
void ScopeText(TextWriter& writer, const Scope& scope);
void ScopeText(TextReader& reader, Scope& scope);

absl::Status Compare(std::string_view text, std::string_view written);

// `value` as a text; `fields` is what is written down once, see above.
template <typename Value, typename Fields>
std::string WriteText(const Value& value, const Fields& fields) {
  TextWriter writer;
  fields(writer, value);
  return writer.Take();
}

// InvalidArgument, with the line, for whatever WriteText() does not write.
template <typename Value, typename Fields>
absl::StatusOr<Value> ReadText(std::string_view text, const Fields& fields) {
  TextReader reader(text);
  Value value;
  fields(reader, value);
  if (reader.status().ok() && !reader.AtEnd()) reader.Fail("nothing should follow");
  if (!reader.status().ok()) return reader.status();
  if (absl::Status status = Compare(text, WriteText(value, fields)); !status.ok()) return status;
  return value;
}

// Words of a line, separated by single spaces. The last may be a text with spaces in it.
std::vector<std::string_view> SplitWords(std::string_view line, size_t count);
bool ReadInt(std::string_view word, int64_t& value);
bool ReadInt(std::string_view word, uint64_t& value);

}  // namespace nines::seal
