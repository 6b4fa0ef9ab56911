#include "collectors/sources/exposition_line.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "base/status_macros.h"

namespace nines::collector {
namespace {

constexpr size_t kExemplarCodePointsMax = 128;
// Milliseconds beyond this are not times; they would not survive the way through a double either.
constexpr double kTimeMsMax = 9.0e15;

enum CharClass : uint8_t { kNameStart = 1, kNamePart = 2, kLabelStart = 4, kLabelPart = 8 };

constexpr std::array<uint8_t, 256> MakeCharClasses() {
  std::array<uint8_t, 256> classes{};
  for (int c = 0; c < 256; ++c) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    bool digit = c >= '0' && c <= '9';
    uint8_t bits = 0;
    if (letter) bits |= kNameStart | kNamePart | kLabelStart | kLabelPart;
    if (digit) bits |= kNamePart | kLabelPart;
    if (c == ':') bits |= kNameStart | kNamePart;
    classes[static_cast<size_t>(c)] = bits;
  }
  return classes;
}
constexpr std::array<uint8_t, 256> kCharClasses = MakeCharClasses();

bool Is(char c, uint8_t bits) { return (kCharClasses[static_cast<uint8_t>(c)] & bits) != 0; }

absl::Status ErrorAt(size_t at, std::string_view what) {
  return absl::InvalidArgumentError(StrCat("column ", at + 1, ": ", what));
}

size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
  return at;
}

size_t SkipName(std::string_view text, size_t at, uint8_t start, uint8_t part) {
  if (at >= text.size() || !Is(text[at], start)) return at;
  while (at < text.size() && Is(text[at], part)) ++at;
  return at;
}

// Position behind the '}' that closes the '{' at `at`; npos if there is none. A brace in quotes closes nothing.
size_t SkipBraces(std::string_view text, size_t at) {
  bool quoted = false;
  for (++at; at < text.size(); ++at) {
    char c = text[at];
    if (quoted) {
      if (c == '\\') {
        ++at;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == '}') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Length of the code point at `at` in bytes; 0 if it is not UTF-8 (RFC 3629: no surrogates, no overlong forms).
size_t CodePointBytes(std::string_view text, size_t at) {
  auto byte = [&](size_t i) -> uint32_t { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
  auto tail = [&](size_t i) { return (byte(i) & 0xC0) == 0x80; };
  uint32_t lead = byte(at);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(at + 1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(at + 1) || !tail(at + 2)) return 0;
    if (lead == 0xE0 && byte(at + 1) < 0xA0) return 0;
    if (lead == 0xED && byte(at + 1) > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(at + 1) || !tail(at + 2) || !tail(at + 3)) return 0;
    if (lead == 0xF0 && byte(at + 1) < 0x90) return 0;
    if (lead == 0xF4 && byte(at + 1) > 0x8F) return 0;
    return 4;
  }
  return 0;
}

// Number of code points, or npos if `text` is not UTF-8.
size_t CodePoints(std::string_view text) {
  size_t count = 0;
  for (size_t at = 0; at < text.size(); ++count) {
    size_t bytes = CodePointBytes(text, at);
    if (bytes == 0) return std::string_view::npos;
    at += bytes;
  }
  return count;
}

// Reads "name=\"value\", ..." between braces.
class LabelParser {
 public:
  LabelParser(std::string_view text, size_t at, ExpositionFormat format)
      : text_(text), at_(at), blanks_(format == ExpositionFormat::kText) {}

  // `at` is the position of '{'. Appends the labels up to the '}'.
  absl::Status Parse(LabelSet* labels) {
    ++at_;
    Blanks();
    if (Peek() == '}') return absl::OkStatus();
    const size_t first = labels->size();
    while (true) {
      NINES_RETURN_IF_ERROR(ParseOne(labels, first));
      Blanks();
      if (Peek() == '}') return absl::OkStatus();
      if (Peek() != ',') return ErrorAt(at_, "expected ',' or '}' after a label");
      ++at_;
      Blanks();
      if (blanks_ && Peek() == '}') return absl::OkStatus();
    }
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void Blanks() {
    if (blanks_) at_ = SkipBlanks(text_, at_);
  }

  absl::Status ParseOne(LabelSet* labels, size_t first) {
    const size_t start = at_;
    at_ = SkipName(text_, at_, kLabelStart, kLabelPart);
    if (at_ == start) return ErrorAt(at_, "expected a label name");
    std::string name(text_.substr(start, at_ - start));
    if (name == "__name__") return ErrorAt(start, "the label __name__ is the metric's name and cannot be given");
    for (size_t i = first; i < labels->size(); ++i) {
      if ((*labels)[i].first == name) return ErrorAt(start, StrCat("label ", name, " is given twice"));
    }
    Blanks();
    if (Peek() != '=') return ErrorAt(at_, "expected '=' after a label name");
    ++at_;
    Blanks();
    if (Peek() != '"') return ErrorAt(at_, "expected '\"' before a label value");
    std::string value;
    NINES_RETURN_IF_ERROR(ParseQuoted(&value));
    labels->emplace_back(std::move(name), std::move(value));
    return absl::OkStatus();
  }

  absl::Status ParseQuoted(std::string* value) {
    const size_t start = ++at_;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] != '\\') {
        value->push_back(text_[at_]);
        continue;
      }
      if (++at_ >= text_.size()) break;
      switch (text_[at_]) {
        case 'n':
          value->push_back('\n');
          break;
        case '\\':
          value->push_back('\\');
          break;
        case '"':
          value->push_back('"');
          break;
        default:
          // As Prometheus reads it: an escape that means nothing stands for itself.
          value->push_back('\\');
          value->push_back(text_[at_]);
      }
    }
    if (at_ >= text_.size()) return ErrorAt(start - 1, "a label value is not closed with '\"'");
    ++at_;
    if (CodePoints(*value) == std::string_view::npos) return ErrorAt(start, "a label value is not UTF-8");
    return absl::OkStatus();
  }

  const std::string_view text_;
  size_t at_;
  const bool blanks_;
};

// The tail of an OpenMetrics line: "# {labels} value [timestamp]", `at` at the '#'.
absl::Status CheckExemplar(std::string_view line, size_t at) {
  if (line.substr(at, 3) != "# {") return ErrorAt(at, "expected an exemplar: # {labels} value [timestamp]");
  const size_t brace = at + 2;
  const size_t end = SkipBraces(line, brace);
  if (end == std::string_view::npos) return ErrorAt(brace, "the exemplar's labels are not closed with '}'");
  LabelSet labels;
  NINES_RETURN_IF_ERROR(LabelParser(line, brace, ExpositionFormat::kOpenMetrics).Parse(&labels));
  size_t code_points = 0;
  for (const auto& [name, value] : labels) code_points += name.size() + CodePoints(value);
  if (code_points > kExemplarCodePointsMax) return ErrorAt(brace, "the exemplar's labels exceed 128 characters");
  if (end >= line.size() || line[end] != ' ') return ErrorAt(end, "expected a space and the exemplar's value");
  std::string_view rest = line.substr(end + 1);
  const size_t space = rest.find(' ');
  double number = 0;
  if (!ParseExpositionNumber(rest.substr(0, space), &number))
    return ErrorAt(end + 1, "the exemplar's value is not a number");
  if (space == std::string_view::npos) return absl::OkStatus();
  if (!ParseExpositionNumber(rest.substr(space + 1), &number) || !std::isfinite(number)) {
    return ErrorAt(end + 1 + space + 1, "the exemplar's timestamp is not a number of seconds");
  }
  return absl::OkStatus();
}

absl::Status SetTime(std::string_view text, size_t at, ExpositionFormat format, SampleLine* sample) {
  sample->has_time = true;
  if (format == ExpositionFormat::kText) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), sample->time_ms);
    if (error != std::errc() || end != text.data() + text.size() ||
        std::abs(static_cast<double>(sample->time_ms)) > kTimeMsMax) {
      return ErrorAt(at, "the timestamp is not a number of milliseconds");
    }
    sample->time = static_cast<double>(sample->time_ms);
    return absl::OkStatus();
  }
  if (!ParseExpositionNumber(text, &sample->time) || !(std::abs(sample->time) * 1000 <= kTimeMsMax)) {
    return ErrorAt(at, "the timestamp is not a number of seconds");
  }
  sample->time_ms = std::llround(sample->time * 1000);
  return absl::OkStatus();
}

// " value [timestamp] [# exemplar]" of OpenMetrics: single spaces, nothing behind.
absl::Status ScanOpenMetricsTail(std::string_view line, size_t at, SampleLine* sample) {
  if (at >= line.size() || line[at] != ' ') return ErrorAt(at, "expected a space and a value");
  const size_t value_at = at + 1;
  at = std::min(line.find(' ', value_at), line.size());
  if (!ParseExpositionNumber(line.substr(value_at, at - value_at), &sample->value)) {
    return ErrorAt(value_at, "the value is not a number");
  }
  if (at == line.size()) return absl::OkStatus();
  const size_t next = at + 1;
  if (next < line.size() && line[next] == '#') {
    sample->has_exemplar = true;
    return CheckExemplar(line, next);
  }
  at = std::min(line.find(' ', next), line.size());
  NINES_RETURN_IF_ERROR(SetTime(line.substr(next, at - next), next, ExpositionFormat::kOpenMetrics, sample));
  if (at == line.size()) return absl::OkStatus();
  sample->has_exemplar = true;
  return CheckExemplar(line, at + 1);
}

// " value [timestamp]" of the text format: blanks of any number, also at the end.
absl::Status ScanTextTail(std::string_view line, size_t at, SampleLine* sample) {
  const size_t value_at = SkipBlanks(line, at);
  at = std::min(line.find_first_of(" \t", value_at), line.size());
  if (!ParseExpositionNumber(line.substr(value_at, at - value_at), &sample->value)) {
    return ErrorAt(value_at, "the value is not a number");
  }
  const size_t time_at = SkipBlanks(line, at);
  if (time_at == line.size()) return absl::OkStatus();
  at = std::min(line.find_first_of(" \t", time_at), line.size());
  NINES_RETURN_IF_ERROR(SetTime(line.substr(time_at, at - time_at), time_at, ExpositionFormat::kText, sample));
  at = SkipBlanks(line, at);
  if (at != line.size()) return ErrorAt(at, "unexpected text after the timestamp");
  return absl::OkStatus();
}

}  // namespace

ExpositionFormat FormatOf(std::string_view content_type) {
  return absl::StartsWithIgnoreCase(ToAbsl(content_type), "application/openmetrics-text")
             ? ExpositionFormat::kOpenMetrics
             : ExpositionFormat::kText;
}

bool IsMetricName(std::string_view name) {
  return !name.empty() && SkipName(name, 0, kNameStart, kNamePart) == name.size();
}

bool ParseExpositionNumber(std::string_view text, double* value) {
  std::string_view digits = text;
  const bool signed_text = !digits.empty() && (digits[0] == '+' || digits[0] == '-');
  if (signed_text) digits.remove_prefix(1);
  if (digits.empty()) return false;
  if (Is(digits[0], kNameStart)) {
    const absl::string_view word = ToAbsl(digits);
    if (absl::EqualsIgnoreCase(word, "nan")) {
      // Never the bits of the staleness marker, which means something else.
      *value = std::numeric_limits<double>::quiet_NaN();
      return true;
    }
    if (!absl::EqualsIgnoreCase(word, "inf") && !absl::EqualsIgnoreCase(word, "infinity")) return false;
    *value = text[0] == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
    return true;
  }
  if (digits[0] == '-' || digits[0] == '+') return false;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
  if (end != digits.data() + digits.size()) return false;
  // Out of range: strtod knows whether it is too large (infinity) or too small (zero).
  if (error == std::errc::result_out_of_range) *value = std::strtod(std::string(digits).c_str(), nullptr);
  if (error != std::errc() && error != std::errc::result_out_of_range) return false;
  if (text[0] == '-') *value = -*value;
  return true;
}

absl::Status ScanSample(std::string_view line, ExpositionFormat format, SampleLine* sample) {
  *sample = SampleLine();
  const bool text = format == ExpositionFormat::kText;
  const size_t start = text ? SkipBlanks(line, 0) : 0;
  size_t at = SkipName(line, start, kNameStart, kNamePart);
  if (at == start) return ErrorAt(at, "expected a metric name");
  sample->name = line.substr(start, at - start);
  size_t brace = text ? SkipBlanks(line, at) : at;
  if (brace < line.size() && line[brace] == '{') {
    at = SkipBraces(line, brace);
    if (at == std::string_view::npos) return ErrorAt(brace, "the labels are not closed with '}'");
  } else if (at < line.size() && line[at] != ' ' && !(text && line[at] == '\t')) {
    return ErrorAt(at, "unexpected character in a metric name");
  }
  sample->series = line.substr(start, at - start);
  return text ? ScanTextTail(line, at, sample) : ScanOpenMetricsTail(line, at, sample);
}

absl::Status ParseSeriesLabels(std::string_view series, ExpositionFormat format, LabelSet* labels) {
  const size_t brace = series.find('{');
  if (brace == std::string_view::npos) return absl::OkStatus();
  return LabelParser(series, brace, format).Parse(labels);
}

}  // namespace nines::collector
