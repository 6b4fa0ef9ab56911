#include "storage/series/labels.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "base/utf8.h"
#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsLabelName(std::string_view name) {
  return !name.empty() && IsLetter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsLetter(c) || (c >= '0' && c <= '9'); });
}

// Most names differ in their first letter: quicker than a call.
bool IsBefore(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty() || a[0] == b[0]) return a < b;
  return static_cast<uint8_t>(a[0]) < static_cast<uint8_t>(b[0]);
}

// Takes a text from the front of `rest`. Most are short, and a start reads millions: quicker than a reader's calls.
bool TakeText(std::string_view* rest, std::string_view* text) {
  if (rest->empty()) return false;
  size_t size = static_cast<uint8_t>((*rest)[0]);
  if (size < 0x80) {
    rest->remove_prefix(1);
  } else {
    codec::ByteReader reader(*rest);
    size = reader.Varint();
    if (!reader.ok()) return false;
    *rest = reader.rest();
  }
  if (size > rest->size()) return false;
  *text = rest->substr(0, size);
  rest->remove_prefix(size);
  return true;
}

// `pairs` sorted by name.
absl::Status Check(const std::vector<std::pair<std::string, std::string>>& pairs) {
  size_t bytes = 0;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const auto& [name, value] = pairs[i];
    if (!IsUtf8(name)) return absl::InvalidArgumentError("label name: not UTF-8");
    if (!IsLabelName(name)) {
      return absl::InvalidArgumentError(
          StrCat("label name '", name.substr(0, 200), "': must be letters, digits and _, and not begin with a digit"));
    }
    if (i > 0 && pairs[i - 1].first == name) {
      return absl::InvalidArgumentError(StrCat("label '", name, "' stands twice; name each label once"));
    }
    if (!IsUtf8(value)) return absl::InvalidArgumentError(StrCat("label '", name, "': its value is not UTF-8"));
    bytes += name.size() + value.size();
  }
  if (pairs.size() > kLabelCountMax) {
    return absl::InvalidArgumentError(StrCat(pairs.size(), " labels; at most ", kLabelCountMax, " are taken"));
  }
  if (bytes > kLabelBytesMax) {
    return absl::InvalidArgumentError(StrCat(bytes, " bytes of labels; at most ", kLabelBytesMax, " are taken"));
  }
  return absl::OkStatus();
}

std::string Quote(std::string_view value) {
  std::string quoted = "\"";
  for (char c : value) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

absl::StatusOr<Labels> Labels::Create(std::vector<std::pair<std::string, std::string>> pairs) {
  std::sort(pairs.begin(), pairs.end());
  absl::Status status = Check(pairs);
  if (!status.ok()) return status;
  std::erase_if(pairs, [](const auto& pair) { return pair.second.empty(); });
  Labels labels;
  labels.pairs_ = std::move(pairs);
  return labels;
}

std::string_view Labels::Get(std::string_view name) const {
  for (const auto& [own, value] : pairs_) {
    if (own == name) return value;
  }
  return {};
}

std::string Labels::Encode() const {
  std::string bytes;
  codec::AppendVarint(pairs_.size(), &bytes);
  for (const auto& [name, value] : pairs_) {
    codec::AppendText(name, &bytes);
    codec::AppendText(value, &bytes);
  }
  return bytes;
}

absl::StatusOr<Labels> Labels::Decode(std::string_view bytes) {
  EncodedLabels split;
  bool canonical = SplitLabels(bytes, &split);
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const EncodedLabel& label : split) {
    canonical = canonical && IsLabel(label.name, label.value);
    pairs.emplace_back(label.name, label.value);
  }
  if (!canonical) return absl::DataLossError("labels are not in their canonical form");
  return FromCanonical(std::move(pairs));
}

Labels Labels::FromCanonical(std::vector<std::pair<std::string, std::string>> pairs) {
  Labels labels;
  labels.pairs_ = std::move(pairs);
  return labels;
}

bool SplitLabels(std::string_view bytes, EncodedLabels* labels) {
  labels->clear();
  codec::ByteReader counter(bytes);
  uint64_t left = counter.Varint(kLabelCountMax);
  if (!counter.ok()) return false;
  std::string_view rest = counter.rest();
  size_t text_bytes = 0;
  for (; left > 0; --left) {
    EncodedLabel label;
    const std::string_view from = rest;
    if (!TakeText(&rest, &label.name) || !TakeText(&rest, &label.value)) return false;
    label.bytes = from.substr(0, from.size() - rest.size());
    text_bytes += label.name.size() + label.value.size();
    if (!labels->empty() && !IsBefore(labels->back().name, label.name)) return false;
    labels->push_back(label);
  }
  return rest.empty() && text_bytes <= kLabelBytesMax;
}

bool IsLabel(std::string_view name, std::string_view value) {
  return IsLabelName(name) && !value.empty() && IsUtf8(value);
}

std::string Labels::ToString() const {
  std::string text(Get("__name__"));
  bool first = true;
  for (const auto& [name, value] : pairs_) {
    if (name == "__name__") continue;
    StrAppend(&text, first ? "{" : ", ", name, "=", Quote(value));
    first = false;
  }
  if (!first) text += '}';
  return text.empty() ? "{}" : text;
}

}  // namespace nines::series
