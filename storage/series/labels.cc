#include "storage/series/labels.h"

#include <algorithm>

#include "base/text.h"
#include "base/utf8.h"
#include "storage/codec/bytes.h"

namespace nines::series {
namespace {

constexpr size_t kLabelCountMax = 64;
constexpr size_t kLabelBytesMax = 16 << 10;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsLabelName(std::string_view name) {
  return !name.empty() && IsLetter(name[0]) &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsLetter(c) || (c >= '0' && c <= '9'); });
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
  codec::ByteReader reader(bytes);
  Labels labels;
  const uint64_t count = reader.Varint(kLabelCountMax);
  for (uint64_t i = 0; i < count && reader.ok(); ++i) {
    std::string name(reader.Text());
    labels.pairs_.emplace_back(std::move(name), reader.Text());
    if (labels.pairs_.back().second.empty()) reader.Fail();
  }
  if (!reader.AtEnd()) return absl::DataLossError("labels cannot be read");
  const bool sorted = std::is_sorted(labels.pairs_.begin(), labels.pairs_.end());
  if (!sorted || !Check(labels.pairs_).ok()) return absl::DataLossError("labels are not in their canonical form");
  return labels;
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
