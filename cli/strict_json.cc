#include "cli/strict_json.h"

#include <algorithm>
#include <boost/json/stream_parser.hpp>

#include "base/text.h"

namespace nines::cli {

namespace json = boost::json;

absl::StatusOr<json::value> ParseJson(std::string_view text) {
  json::stream_parser parser;
  boost::system::error_code error;
  const size_t read = parser.write_some(text.data(), text.size(), error);
  if (!error && read < text.size()) error = json::make_error_code(json::error::extra_data);
  if (!error) parser.finish(error);
  if (!error) return parser.release();
  const auto line = 1 + std::count(text.begin(), text.begin() + read, '\n');
  return absl::InvalidArgumentError(StrCat("line ", line, ": not JSON: ", error.message()));
}

const json::value* StrictJson::Object::Find(std::string_view key) const {
  return fields == nullptr ? nullptr : fields->if_contains({key.data(), key.size()});
}

bool StrictJson::Object::Null(std::string_view key) const {
  const json::value* value = Find(key);
  return value == nullptr || value->is_null();
}

std::string StrictJson::Object::PathOf(std::string_view key) const {
  return path.empty() ? std::string(key) : StrCat(path, ".", key);
}

void StrictJson::Fail(std::string_view path, std::string_view message) {
  if (status_.ok()) status_ = absl::InvalidArgumentError(StrCat(path, path.empty() ? "" : ": ", message));
}

void StrictJson::FailWord(std::string_view path, std::string_view word, std::string_view known) {
  Fail(path, StrCat("'", word, "' is not known; known words: ", known));
}

StrictJson::Object StrictJson::ReadObject(const json::value& value, std::string path,
                                          std::initializer_list<std::string_view> keys) {
  if (!value.is_object()) {
    Fail(path, "must be an object");
    return {nullptr, std::move(path)};
  }
  Object object{&value.get_object(), std::move(path)};
  for (const auto& field : *object.fields) {
    const std::string_view key(field.key().data(), field.key().size());
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    std::string known;
    for (std::string_view each : keys) StrAppend(&known, known.empty() ? "" : ", ", each);
    Fail(object.PathOf(key), StrCat("unknown key; known keys: ", known));
  }
  return object;
}

StrictJson::Object StrictJson::ReadObject(const Object& in, std::string_view key,
                                          std::initializer_list<std::string_view> keys) {
  const json::value* value = in.Find(key);
  return value == nullptr ? Object{nullptr, in.PathOf(key)} : ReadObject(*value, in.PathOf(key), keys);
}

void StrictJson::ForEach(const Object& in, std::string_view key,
                         const std::function<void(const json::value&, const std::string& path)>& visit) {
  const json::value* value = in.Find(key);
  if (value == nullptr) return;
  if (!value->is_array()) return Fail(in.PathOf(key), "must be an array");
  size_t at = 0;
  for (const json::value& element : value->get_array()) visit(element, StrCat(in.PathOf(key), "[", at++, "]"));
}

int64_t StrictJson::Int(const json::value& value, std::string_view path, int64_t min, int64_t max) {
  if (!value.is_int64() && !value.is_uint64()) {
    Fail(path, "must be a whole number");
    return min;
  }
  // A uint64 here is one that int64 cannot hold.
  if (value.is_uint64() || value.get_int64() < min || value.get_int64() > max) {
    Fail(path, StrCat("must be between ", min, " and ", max));
    return min;
  }
  return value.get_int64();
}

int64_t StrictJson::Int(const Object& in, std::string_view key, int64_t absent, int64_t min, int64_t max) {
  const json::value* value = in.Find(key);
  return value == nullptr ? absent : Int(*value, in.PathOf(key), min, max);
}

int64_t StrictJson::RequiredInt(const Object& in, std::string_view key, int64_t min, int64_t max) {
  if (in.Find(key) == nullptr) Fail(in.PathOf(key), "missing");
  return Int(in, key, min, min, max);
}

std::optional<int64_t> StrictJson::IntOrNull(const Object& in, std::string_view key, int64_t min, int64_t max) {
  if (in.Null(key)) return std::nullopt;
  return Int(in, key, min, min, max);
}

bool StrictJson::Bool(const Object& in, std::string_view key, bool absent) {
  const json::value* value = in.Find(key);
  if (value == nullptr) return absent;
  if (!value->is_bool()) Fail(in.PathOf(key), "must be true or false");
  return value->is_bool() ? value->get_bool() : absent;
}

std::string StrictJson::String(const json::value& value, std::string_view path) {
  if (!value.is_string()) {
    Fail(path, "must be a string");
    return "";
  }
  return std::string(value.get_string().data(), value.get_string().size());
}

std::string StrictJson::String(const Object& in, std::string_view key, std::string_view absent) {
  const json::value* value = in.Find(key);
  return value == nullptr ? std::string(absent) : String(*value, in.PathOf(key));
}

}  // namespace nines::cli
