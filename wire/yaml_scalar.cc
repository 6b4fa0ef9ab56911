#include "wire/yaml_scalar.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "base/duration_text.h"
#include "base/nearest.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/time.h"

namespace nines::wire {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

absl::Status Wrong(std::string_view text, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("'", text, "' ", what));
}

template <typename Number>
absl::StatusOr<Number> ParseWhole(std::string_view text) {
  Number value = 0;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end == digits.data() + digits.size() && error == std::errc()) return value;
  if (end == digits.data() + digits.size() && error == std::errc::result_out_of_range) {
    return Wrong(text, StrCat("is out of range; write a number from ", std::numeric_limits<Number>::min(), " to ",
                              std::numeric_limits<Number>::max()));
  }
  return Wrong(text,
               StrCat("is not a whole number", std::is_signed_v<Number> ? "" : " from 0 on", "; write one such as 15"));
}

template <typename Number>
absl::StatusOr<Number> ParseReal(std::string_view text) {
  const std::string lower = absl::AsciiStrToLower(ToAbsl(text));
  if (lower == ".nan") return std::numeric_limits<Number>::quiet_NaN();
  if (lower == ".inf" || lower == "+.inf") return std::numeric_limits<Number>::infinity();
  if (lower == "-.inf") return -std::numeric_limits<Number>::infinity();
  Number value = 0;
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool number = end == digits.data() + digits.size() && !digits.empty();
  if (number && error == std::errc::result_out_of_range) return Wrong(text, "is out of range of a floating number");
  // from_chars also takes "inf" and "nan", which YAML writes with a dot.
  if (!number || error != std::errc() || !std::isfinite(value))
    return Wrong(text, "is not a number; write one such as 0.5");
  return value;
}

absl::StatusOr<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Wrong(text, "is neither true nor false; write one of them");
}

// "IMPACT_" for nines.v1.Impact, "" if the values do not begin with the name of their enum.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_toupper(static_cast<unsigned char>(c)));
  }
  prefix.push_back('_');
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string& name = type.value(i)->name();
    if (!absl::StartsWith(name, prefix) || name.size() == prefix.size()) return "";
  }
  return prefix;
}

std::string ShortName(const EnumValueDescriptor& value) {
  return absl::AsciiStrToLower(value.name().substr(PrefixOf(*value.type()).size()));
}

absl::StatusOr<int> ParseEnum(std::string_view text, const EnumDescriptor& type) {
  std::vector<std::string> names;
  std::string choices;
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor& value = *type.value(i);
    names.push_back(ShortName(value));
    if (absl::EqualsIgnoreCase(ToAbsl(text), names.back()) || absl::EqualsIgnoreCase(ToAbsl(text), value.name())) {
      return value.number();
    }
    if (value.number() != 0) StrAppend(&choices, choices.empty() ? "" : ", ", names.back());
  }
  // A value of a newer version has no name here.
  if (const absl::StatusOr<int32_t> number = ParseWhole<int32_t>(text); number.ok()) return *number;
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string lower = absl::AsciiStrToLower(ToAbsl(text));
  return Wrong(text, StrCat("is not one of ", choices, DidYouMean(lower, candidates)));
}

absl::StatusOr<int32_t> ParseInt32(std::string_view text, const FieldDescriptor& field) {
  if (absl::EndsWith(field.name(), "_ppm") && text.ends_with('%')) {
    NINES_ASSIGN_OR_RETURN(const int64_t ppm, ParsePartsPerMillion(text));
    return static_cast<int32_t>(ppm);
  }
  return ParseWhole<int32_t>(text);
}

// Sets or appends.
template <typename Value, typename Set, typename Add>
absl::Status Put(const absl::StatusOr<Value>& value, const FieldDescriptor& field, Message* message, Set set, Add add) {
  if (!value.ok()) return value.status();
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    (reflection.*add)(message, &field, *value);
  } else {
    (reflection.*set)(message, &field, *value);
  }
  return absl::OkStatus();
}

absl::Status PutString(std::string_view text, const FieldDescriptor& field, Message* message) {
  std::string value(text);
  if (field.type() == FieldDescriptor::TYPE_BYTES && !absl::Base64Unescape(ToAbsl(text), &value)) {
    return Wrong(text, "is not base64");
  }
  if (field.type() == FieldDescriptor::TYPE_STRING && !IsUtf8(text)) {
    return absl::InvalidArgumentError("the text is not UTF-8; check its escapes");
  }
  const Reflection& reflection = *message->GetReflection();
  if (field.is_repeated()) {
    reflection.AddString(message, &field, std::move(value));
  } else {
    reflection.SetString(message, &field, std::move(value));
  }
  return absl::OkStatus();
}

template <typename Number>
std::string RealYaml(Number value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  std::array<char, 64> buffer;
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

// 999000 → "99.9%"
std::string PercentYaml(int32_t ppm) {
  std::string text = absl::StrFormat("%d.%04d", ppm / 10'000, ppm % 10'000);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text + "%";
}

std::string Int32Yaml(int32_t value, const FieldDescriptor& field) {
  const bool share = absl::EndsWith(field.name(), "_ppm") && value >= 0 && value <= 1'000'000;
  return share ? PercentYaml(value) : absl::StrCat(value);
}

bool IsPlainByte(unsigned char c) {
  return absl::ascii_isalnum(c) || c == '_' || c == '-' || c == '.' || c == '/' || c == '+' || c == ' ' || c == ':' ||
         c >= 0x80;
}

// Characters that YAML takes for a break or a mark of the byte order, or that nobody can see.
bool HasSpecialCharacter(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const auto a = static_cast<unsigned char>(text[i]);
    const auto b = static_cast<unsigned char>(text[i + 1]);
    if (a == 0xc2 && b <= 0xa0) return true;
    if ((a == 0xe2 && b == 0x80) || (a == 0xef && b == 0xbb)) return true;
  }
  return false;
}

bool IsPlain(std::string_view text) {
  if (text.empty() || text.back() == ' ' || text.back() == ':') return false;
  const auto first = static_cast<unsigned char>(text.front());
  if (!absl::ascii_isalpha(first) && first < 0x80) return false;
  for (char c : text) {
    if (!IsPlainByte(static_cast<unsigned char>(c))) return false;
  }
  if (text.find(": ") != std::string_view::npos || HasSpecialCharacter(text)) return false;
  const std::string lower = absl::AsciiStrToLower(ToAbsl(text));
  for (std::string_view word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (lower == word) return false;
  }
  return true;
}

}  // namespace

TextForm TextFormOf(const google::protobuf::Descriptor& type) {
  if (type.full_name() == "google.protobuf.Duration") return TextForm::kDuration;
  if (type.full_name() == "google.protobuf.Timestamp") return TextForm::kTimestamp;
  if (type.full_name() == "nines.v1.Input") return TextForm::kInput;
  auto is_text = [&type](const char* name) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    return field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
  };
  return is_text("zh") && is_text("en") ? TextForm::kName : TextForm::kNone;
}

absl::StatusOr<google::protobuf::Duration> ParseDuration(std::string_view text) {
  google::protobuf::Duration duration;
  if (text == "unlimited") {
    duration.set_seconds(kUnlimitedSeconds);
    return duration;
  }
  NINES_ASSIGN_OR_RETURN(const int64_t duration_ms, ParseDurationMs(text));
  if (duration_ms / 1000 >= kUnlimitedSeconds) return Wrong(text, "is too long a duration; write unlimited");
  duration.set_seconds(duration_ms / 1000);
  duration.set_nanos(static_cast<int32_t>(duration_ms % 1000 * 1'000'000));
  return duration;
}

absl::StatusOr<google::protobuf::Timestamp> ParseTimestamp(std::string_view text) {
  absl::Time time;
  std::string error;
  // Abseil also takes "infinite-future" and spaces around.
  const bool begins_well = !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text.front()));
  if (!begins_well || absl::ascii_isspace(static_cast<unsigned char>(text.back())) ||
      !absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &error)) {
    return Wrong(text, "is not a time; write it with its zone, e.g. 2025-01-31T08:00:00+08:00");
  }
  const int64_t seconds = absl::ToUnixSeconds(time);
  constexpr int64_t kFirstSecond = -62'135'596'800;  // 0001-01-01
  constexpr int64_t kLastSecond = 253'402'300'799;   // 9999-12-31
  if (seconds < kFirstSecond || seconds > kLastSecond) return Wrong(text, "is outside the years 1 to 9999");
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

absl::Status SetScalar(std::string_view text, bool quoted, const FieldDescriptor& field, Message* message) {
  const bool is_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  const bool is_share = text.ends_with('%');
  if (quoted && !is_text && !is_share && field.cpp_type() != FieldDescriptor::CPPTYPE_ENUM) {
    return absl::InvalidArgumentError(StrCat("\"", text, "\" is a text; remove the quotes"));
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Put(ParseInt32(text, field), field, message, &Reflection::SetInt32, &Reflection::AddInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return Put(ParseWhole<int64_t>(text), field, message, &Reflection::SetInt64, &Reflection::AddInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return Put(ParseWhole<uint32_t>(text), field, message, &Reflection::SetUInt32, &Reflection::AddUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return Put(ParseWhole<uint64_t>(text), field, message, &Reflection::SetUInt64, &Reflection::AddUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Put(ParseReal<double>(text), field, message, &Reflection::SetDouble, &Reflection::AddDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Put(ParseReal<float>(text), field, message, &Reflection::SetFloat, &Reflection::AddFloat);
    case FieldDescriptor::CPPTYPE_BOOL:
      return Put(ParseBool(text), field, message, &Reflection::SetBool, &Reflection::AddBool);
    case FieldDescriptor::CPPTYPE_ENUM:
      return Put(ParseEnum(text, *field.enum_type()), field, message, &Reflection::SetEnumValue,
                 &Reflection::AddEnumValue);
    case FieldDescriptor::CPPTYPE_STRING:
      return PutString(text, field, message);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return absl::InternalError(StrCat(field.full_name(), " is a message"));
}

std::string ScalarYaml(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  auto get = [&](auto one, auto of_many) {
    return repeated ? (reflection.*of_many)(message, &field, index) : (reflection.*one)(message, &field);
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Int32Yaml(get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32), field);
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return RealYaml(get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return RealYaml(get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat));
    case FieldDescriptor::CPPTYPE_BOOL:
      return get(&Reflection::GetBool, &Reflection::GetRepeatedBool) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int number = get(&Reflection::GetEnumValue, &Reflection::GetRepeatedEnumValue);
      const EnumValueDescriptor* value = field.enum_type()->FindValueByNumber(number);
      return value == nullptr ? absl::StrCat(number) : TextYaml(ShortName(*value));
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = get(&Reflection::GetString, &Reflection::GetRepeatedString);
      return TextYaml(field.type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(text) : text);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return "{}";
}

std::string DurationYaml(const google::protobuf::Duration& duration) {
  return IsUnlimited(duration) ? "unlimited" : FormatDurationMs(ToMs(duration));
}

std::string TimestampYaml(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%E4Y-%m-%d%ET%H:%M:%E*SZ",
                          absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()), absl::UTCTimeZone());
}

std::string TextYaml(std::string_view text) {
  if (IsPlain(text)) return std::string(text);
  const bool special = HasSpecialCharacter(text);
  std::string quoted = "\"";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') quoted.push_back('\\');
    if (c < 0x20 || c == 0x7f) {
      absl::StrAppendFormat(&quoted, "\\x%02x", c);
    } else if (special && c >= 0xe0 && c < 0xf0 && i + 2 < text.size()) {
      const unsigned code = (c & 0xfU) << 12 | (static_cast<unsigned>(text[i + 1]) & 0x3fU) << 6 |
                            (static_cast<unsigned>(text[i + 2]) & 0x3fU);
      absl::StrAppendFormat(&quoted, "\\u%04x", code);
      i += 2;
    } else if (special && c >= 0xc0 && c < 0xe0 && i + 1 < text.size()) {
      const unsigned code = (c & 0x1fU) << 6 | (static_cast<unsigned>(text[i + 1]) & 0x3fU);
      absl::StrAppendFormat(&quoted, "\\u%04x", code);
      ++i;
    } else {
      quoted.push_back(static_cast<char>(c));
    }
  }
  return quoted + "\"";
}

}  // namespace nines::wire
