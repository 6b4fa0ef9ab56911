#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::cli {

// The text as JSON, or INVALID_ARGUMENT with the line of the first error.
absl::StatusOr<boost::json::value> ParseJson(std::string_view text);

// Reads JSON from outside, where nothing is guessed: an unknown key, a wrong type or a number that is not whole is an
// error. Keeps the first error, named by its path ("checks[0].hold_ms"), and gives defaults from then on, so that a
// caller reads everything and asks for status() once. Thread-compatible.
class StrictJson {
 public:
  // One JSON object and where it stands; without an object all its keys are absent.
  struct Object {
    const boost::json::object* fields = nullptr;
    std::string path;

    const boost::json::value* Find(std::string_view key) const;  // nullptr where absent
    // Absent, or there but null.
    bool Null(std::string_view key) const;
    std::string PathOf(std::string_view key) const;
  };

  const absl::Status& status() const { return status_; }
  void Fail(std::string_view path, std::string_view message);

  Object ReadObject(const boost::json::value& value, std::string path, std::initializer_list<std::string_view> keys);
  // An absent key reads as an object without fields.
  Object ReadObject(const Object& in, std::string_view key, std::initializer_list<std::string_view> keys);

  // Calls `visit` with every element and its path. Absent reads as empty.
  void ForEach(const Object& in, std::string_view key,
               const std::function<void(const boost::json::value&, const std::string& path)>& visit);

  int64_t Int(const boost::json::value& value, std::string_view path, int64_t min, int64_t max);
  int64_t Int(const Object& in, std::string_view key, int64_t absent, int64_t min, int64_t max);
  // The key has to be there.
  int64_t RequiredInt(const Object& in, std::string_view key, int64_t min, int64_t max);
  // nullopt where absent or null.
  std::optional<int64_t> IntOrNull(const Object& in, std::string_view key, int64_t min, int64_t max);

  bool Bool(const Object& in, std::string_view key, bool absent);
  std::string String(const boost::json::value& value, std::string_view path);
  std::string String(const Object& in, std::string_view key, std::string_view absent);

  // A word that `parse` knows; `known` lists them for the message.
  template <typename T>
  T Word(const boost::json::value& value, std::string_view path, std::optional<T> (*parse)(std::string_view), T absent,
         std::string_view known) {
    const std::string word = String(value, path);
    if (!status_.ok()) return absent;
    const std::optional<T> parsed = parse(word);
    if (!parsed.has_value()) FailWord(path, word, known);
    return parsed.value_or(absent);
  }
  template <typename T>
  T Word(const Object& in, std::string_view key, std::optional<T> (*parse)(std::string_view), T absent,
         std::string_view known) {
    const boost::json::value* value = in.Find(key);
    return value == nullptr ? absent : Word(*value, in.PathOf(key), parse, absent, known);
  }

 private:
  void FailWord(std::string_view path, std::string_view word, std::string_view known);

  absl::Status status_;
};

}  // namespace nines::cli
