#include "collectors/sources/drop_line.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <map>
#include <sstream>

#include "absl/time/time.h"
#include "base/nearest.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "collectors/sources/csv_reader.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

constexpr std::array<std::string_view, 15> kKeys = {"kind",      "id",        "target", "provider",  "region",
                                                    "service",   "start",     "end",    "impact",    "told",
                                                    "announced", "cancelled", "title",  "withdrawn", "source"};
constexpr size_t kIdBytesMax = 200;
// Timestamp's: the years 1 to 9999.
constexpr int64_t kFirstMs = -62'135'596'800'000, kLastMs = 253'402'300'799'999;

// What a line says, by key; what is absent, empty or null is not in it.
using Fields = std::map<std::string, std::string, std::less<>>;

absl::Status Wrong(std::string message) { return absl::InvalidArgumentError(std::move(message)); }

absl::Status CheckKey(std::string_view key) {
  if (std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end()) return absl::OkStatus();
  return Wrong(StrCat("unknown key '", key, "'", DidYouMean(key, kKeys)));
}

absl::StatusOr<std::string> Required(const Fields& fields, std::string_view key) {
  const auto it = fields.find(key);
  if (it == fields.end()) return Wrong(StrCat("'", key, "' is missing"));
  return it->second;
}

// Absent: nothing is set.
absl::Status SetTime(const Fields& fields, std::string_view key, google::protobuf::Timestamp* (*make)(void*),
                     void* message) {
  const auto it = fields.find(key);
  if (it == fields.end()) return absl::OkStatus();
  const absl::StatusOr<int64_t> time_ms = ParseDropTime(it->second);
  if (!time_ms.ok()) return Wrong(StrCat("'", key, "': ", FromAbsl(time_ms.status().message())));
  *make(message) = wire::FromMs(*time_ms);
  return absl::OkStatus();
}

absl::Status Forbid(const Fields& fields, std::string_view kind, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) {
    if (fields.contains(key)) return Wrong(StrCat("'", key, "' does not go with kind '", kind, "'"));
  }
  return absl::OkStatus();
}

absl::Status SetScope(const Fields& fields, v1::Scope* scope) {
  int count = 0;
  for (const std::string_view key : {"target", "provider", "region", "service"}) {
    const auto it = fields.find(key);
    if (it == fields.end()) continue;
    ++count;
    if (key == "target") scope->set_target_id(it->second);
    if (key == "provider") scope->set_provider_id(it->second);
    if (key == "region") scope->set_region_id(it->second);
    if (key == "service") scope->set_service(it->second);
  }
  if (count == 1) return absl::OkStatus();
  return Wrong(
      StrCat("exactly one of 'target', 'provider', 'region', 'service' says what it is about; there are ", count));
}

// What incidents and maintenance share.
template <typename Message>
absl::Status SetCommon(const Fields& fields, const std::string& source, Message* message) {
  NINES_ASSIGN_OR_RETURN(*message->mutable_id(), Required(fields, "id"));
  if (message->id().size() > kIdBytesMax) return Wrong("'id' is longer than 200 bytes");
  message->set_source(source);
  NINES_RETURN_IF_ERROR(SetScope(fields, message->mutable_scope()));
  NINES_RETURN_IF_ERROR(Required(fields, "start").status());
  NINES_RETURN_IF_ERROR(SetTime(
      fields, "start", [](void* m) { return static_cast<Message*>(m)->mutable_start_time(); }, message));
  NINES_RETURN_IF_ERROR(SetTime(
      fields, "end", [](void* m) { return static_cast<Message*>(m)->mutable_end_time(); }, message));
  if (message->has_end_time() && wire::ToMs(message->end_time()) <= wire::ToMs(message->start_time())) {
    return Wrong("'end' is not after 'start'");
  }
  if (const auto it = fields.find("title"); it != fields.end()) message->set_title(it->second);
  return absl::OkStatus();
}

absl::StatusOr<DropFact> MakeIncident(const Fields& fields, const std::string& source) {
  v1::Declaration fact;
  NINES_RETURN_IF_ERROR(Forbid(fields, "incident", {"announced", "cancelled"}));
  NINES_RETURN_IF_ERROR(SetCommon(fields, source, &fact));
  NINES_ASSIGN_OR_RETURN(const std::string impact, Required(fields, "impact"));
  if (impact == "down") {
    fact.set_impact(v1::IMPACT_DOWN);
  } else if (impact == "degraded") {
    fact.set_impact(v1::IMPACT_DEGRADED);
  } else if (impact == "none") {
    fact.set_impact(v1::IMPACT_NONE);
  } else {
    return Wrong(StrCat("'impact': '", impact, "' is none of down, degraded, none"));
  }
  NINES_RETURN_IF_ERROR(SetTime(
      fields, "told", [](void* m) { return static_cast<v1::Declaration*>(m)->mutable_told_time(); }, &fact));
  if (const auto it = fields.find("withdrawn"); it != fields.end()) {
    if (it->second != "true" && it->second != "false") {
      return Wrong(StrCat("'withdrawn': '", it->second, "' is neither true nor false"));
    }
    fact.set_withdrawn(it->second == "true");
  }
  return fact;
}

absl::StatusOr<DropFact> MakeMaintenance(const Fields& fields, const std::string& source) {
  v1::Maintenance fact;
  NINES_RETURN_IF_ERROR(Forbid(fields, "maintenance", {"impact", "told", "withdrawn"}));
  NINES_RETURN_IF_ERROR(SetCommon(fields, source, &fact));
  NINES_RETURN_IF_ERROR(Required(fields, "end").status());
  NINES_RETURN_IF_ERROR(SetTime(
      fields, "announced", [](void* m) { return static_cast<v1::Maintenance*>(m)->mutable_announced_time(); }, &fact));
  NINES_RETURN_IF_ERROR(SetTime(
      fields, "cancelled", [](void* m) { return static_cast<v1::Maintenance*>(m)->mutable_cancelled_time(); }, &fact));
  return fact;
}

absl::StatusOr<DropFact> MakeFact(const Fields& fields, const std::string& source) {
  NINES_ASSIGN_OR_RETURN(const std::string kind, Required(fields, "kind"));
  if (const auto it = fields.find("source"); it != fields.end() && it->second != source) {
    return Wrong(StrCat("'source' is '", it->second, "', but this folder's is '", source, "'"));
  }
  if (kind == "incident") return MakeIncident(fields, source);
  if (kind == "maintenance") return MakeMaintenance(fields, source);
  return Wrong(StrCat("'kind': '", kind, "' is neither incident nor maintenance"));
}

absl::StatusOr<Fields> ParseJsonFields(std::string_view text) {
  if (!IsUtf8(text)) return Wrong("not UTF-8");
  boost::system::error_code error;
  boost::json::parse_options options;
  options.max_depth = 8;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error, {}, options);
  if (error) return Wrong(StrCat("not JSON: ", error.message()));
  if (!value.is_object()) return Wrong("not a JSON object");
  Fields fields;
  for (const auto& [key, field] : value.get_object()) {
    const std::string name(key.data(), key.size());
    NINES_RETURN_IF_ERROR(CheckKey(name));
    if (field.is_null()) continue;
    if (field.is_string()) {
      const boost::json::string& string = field.get_string();
      if (!string.empty()) fields[name] = std::string(string.data(), string.size());
    } else if (field.is_int64()) {
      fields[name] = std::to_string(field.get_int64());
    } else if (field.is_uint64()) {
      fields[name] = std::to_string(field.get_uint64());
    } else if (field.is_bool()) {
      fields[name] = field.get_bool() ? "true" : "false";
    } else {
      return Wrong(StrCat("'", name, "' is neither a text nor a whole number nor true or false"));
    }
  }
  return fields;
}

std::string CsvText(const std::vector<std::string_view>& fields) {
  std::string text;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) text.push_back(',');
    const bool quoted = fields[i].find_first_of(",\"\r\n") != std::string_view::npos;
    if (!quoted) {
      text.append(fields[i]);
      continue;
    }
    text.push_back('"');
    for (const char c : fields[i]) text.append(c == '"' ? 2 : 1, c);
    text.push_back('"');
  }
  return text;
}

absl::StatusOr<DropFact> MakeFactOfRow(const std::vector<std::string>& header, const std::vector<std::string_view>& row,
                                       const std::string& source) {
  if (row.size() != header.size()) {
    return Wrong(StrCat(row.size(), " fields, but the header has ", header.size()));
  }
  if (!std::all_of(row.begin(), row.end(), IsUtf8)) return Wrong("not UTF-8");
  Fields fields;
  for (size_t i = 0; i < row.size(); ++i) {
    if (!row[i].empty()) fields[header[i]] = std::string(row[i]);
  }
  return MakeFact(fields, source);
}

}  // namespace

absl::StatusOr<int64_t> ParseDropTime(std::string_view text) {
  int64_t time_ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time_ms);
  if (error != std::errc() || end != text.data() + text.size()) {
    absl::Time time;
    std::string reason;
    const bool begins_right = text.size() > 4 && text[4] == '-';  // not "infinite-future"
    if (!begins_right || !absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &reason)) {
      const bool zoneless = begins_right && absl::ParseTime("%Y-%m-%d%ET%H:%M:%E*S", ToAbsl(text), &time, &reason);
      return Wrong(
          StrCat("'", text, "' ", zoneless ? "has no time zone; " : "is not a time; ",
                 "write it like 2026-03-01T09:00:00+09:00 or 2026-03-01T00:00:00Z, or as milliseconds since 1970"));
    }
    time_ms = absl::ToUnixMillis(time);
  }
  if (time_ms < kFirstMs || time_ms > kLastMs) return Wrong(StrCat("'", text, "' is outside the years 1 to 9999"));
  return time_ms;
}

std::vector<DropLine> ParseDropJsonLines(std::string_view content, const std::string& source) {
  std::vector<DropLine> lines;
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  for (int64_t number = 1; !content.empty(); ++number) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
    absl::StatusOr<Fields> fields = ParseJsonFields(text);
    lines.push_back({number, std::string(text),
                     fields.ok() ? MakeFact(*fields, source) : absl::StatusOr<DropFact>(fields.status())});
  }
  return lines;
}

absl::StatusOr<std::vector<DropLine>> ParseDropCsv(std::string_view content, const std::string& source) {
  CsvReader csv(std::make_unique<std::istringstream>(std::string(content)));
  NINES_ASSIGN_OR_RETURN(const bool has_header, csv.Next());
  if (!has_header) return Wrong("the file is empty; a header line with the columns' names is missing");
  const std::vector<std::string> header(csv.fields().begin(), csv.fields().end());
  for (const std::string& column : header) {
    NINES_RETURN_IF_ERROR(CheckKey(column));
    if (std::count(header.begin(), header.end(), column) > 1)
      return Wrong(StrCat("column '", column, "' is there twice"));
  }
  std::vector<DropLine> lines;
  while (true) {
    const absl::StatusOr<bool> next = csv.Next();
    if (next.ok() && !*next) return lines;
    if (!next.ok()) {
      if (!absl::IsInvalidArgument(next.status())) return next.status();
      lines.push_back({csv.line(), "", next.status()});
      continue;
    }
    lines.push_back({csv.line(), CsvText(csv.fields()), MakeFactOfRow(header, csv.fields(), source)});
  }
}

}  // namespace nines::collector
