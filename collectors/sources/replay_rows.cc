#include "collectors/sources/replay_rows.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/nearest.h"
#include "base/status_macros.h"
#include "base/text.h"

namespace nines::collector {
namespace {

absl::StatusOr<v1::ResultState> ParseState(std::string_view text) {
  if (text == "up") return v1::RESULT_STATE_UP;
  if (text == "down") return v1::RESULT_STATE_DOWN;
  if (text == "degraded") return v1::RESULT_STATE_DEGRADED;
  if (text == "stale") return v1::RESULT_STATE_STALE;
  return absl::InvalidArgumentError(StrCat("state '", text, "' is none of up, degraded, down, stale"));
}

std::optional<double> ParseNumber(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

// Names of metrics and labels: [a-zA-Z_:][a-zA-Z0-9_:]*, anything else becomes '_'.
std::string SeriesName(std::string_view text) {
  std::string name;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
    const bool digit = c >= '0' && c <= '9';
    if (digit && name.empty()) name.push_back('_');
    name.push_back(letter || digit ? c : '_');
  }
  return name;
}

class ResultRows final : public ReplayRows {
 public:
  static absl::StatusOr<std::unique_ptr<ReplayRows>> Make(const v1::ReplayResults& config) {
    auto rows = std::make_unique<ResultRows>();
    rows->state_name_ = config.state_column().empty() ? "state" : config.state_column();
    std::string_view rest = config.check();
    if (rest.empty()) return absl::InvalidArgumentError("replay.results.check is missing, e.g. \"{site}|{url}\"");
    while (!rest.empty()) {
      const size_t open = std::min(rest.find('{'), rest.size());
      Piece piece{.text = std::string(rest.substr(0, open)), .column_name = ""};
      rest.remove_prefix(open);
      if (!rest.empty()) {
        const size_t close = rest.find('}');
        if (close == std::string_view::npos || close == 1) {
          return absl::InvalidArgumentError(
              StrCat("replay.results.check: '{' in \"", config.check(), "\" needs a column's name and '}' after it"));
        }
        piece.column_name = rest.substr(1, close - 1);
        rest.remove_prefix(close + 1);
      }
      rows->pieces_.push_back(std::move(piece));
    }
    return rows;
  }

  absl::Status Begin(const CsvHeader& header) override {
    NINES_ASSIGN_OR_RETURN(state_column_, FindColumn(header, state_name_));
    for (Piece& piece : pieces_) {
      if (piece.column_name.empty()) continue;
      NINES_ASSIGN_OR_RETURN(piece.column, FindColumn(header, piece.column_name));
    }
    return absl::OkStatus();
  }
  void Pass(const CsvFields&) override {}
  absl::Status Take(int64_t time_ms, const CsvFields& fields, Recorder& recorder) override {
    NINES_ASSIGN_OR_RETURN(const v1::ResultState state, ParseState(fields[state_column_]));
    check_.clear();
    for (const Piece& piece : pieces_) {
      check_ += piece.text;
      if (!piece.column_name.empty()) check_ += fields[piece.column];
    }
    if (check_.empty()) return absl::InvalidArgumentError("the check's id is empty");
    recorder.AddResult(check_, time_ms, state);
    return absl::OkStatus();
  }
  void Finish(Recorder&) override {}

 private:
  struct Piece {
    std::string text;
    std::string column_name;  // may be empty
    size_t column = 0;
  };
  std::string state_name_;
  size_t state_column_ = 0;
  std::vector<Piece> pieces_;
  std::string check_;
};

class SampleRows final : public ReplayRows {
 public:
  SampleRows(const v1::ReplaySamples& config, std::string time_column)
      : config_(config), time_name_(std::move(time_column)) {}

  absl::Status Begin(const CsvHeader& header) override {
    labels_.clear();
    values_.clear();
    series_.clear();
    std::vector<bool> taken(header.size(), false);
    NINES_ASSIGN_OR_RETURN(const size_t time_column, FindColumn(header, time_name_));
    taken[time_column] = true;
    for (const std::string& name : config_.label_columns()) {
      NINES_ASSIGN_OR_RETURN(const size_t column, FindColumn(header, name));
      taken[column] = true;
      labels_.push_back({column, SeriesName(name)});
    }
    const Numeric known = config_.value_columns().empty() ? Numeric::kNotSeen : Numeric::kYes;
    for (const std::string& name : config_.value_columns()) {
      NINES_ASSIGN_OR_RETURN(const size_t column, FindColumn(header, name));
      values_.push_back({column, SeriesName(config_.name_prefix() + name), known});
    }
    for (size_t i = 0; i < header.size() && known == Numeric::kNotSeen; ++i) {
      if (!taken[i]) values_.push_back({i, SeriesName(config_.name_prefix() + header[i]), known});
    }
    return absl::OkStatus();
  }

  void Pass(const CsvFields& fields) override {
    for (Value& value : values_) Decide(&value, fields[value.column]);
  }

  absl::Status Take(int64_t time_ms, const CsvFields& fields, Recorder& recorder) override {
    if (time_ms != row_time_ms_) Finish(recorder);
    row_time_ms_ = time_ms;
    const std::vector<LabelSetPtr>& series = FindSeries(fields);
    const size_t before = row_.size();
    for (size_t i = 0; i < values_.size(); ++i) {
      const std::string_view text = fields[values_[i].column];
      Decide(&values_[i], text);
      if (text.empty() || values_[i].numeric == Numeric::kNo) continue;
      const std::optional<double> number = ParseNumber(text);
      if (!number) {
        row_.resize(before);
        return absl::InvalidArgumentError(StrCat("'", text, "' for ", values_[i].name, " is not a number"));
      }
      row_.push_back({series[i], *number});
    }
    return absl::OkStatus();
  }

  void Finish(Recorder& recorder) override {
    if (!row_.empty()) recorder.AddRow(row_time_ms_, row_);
    row_.clear();
  }

 private:
  // Without value_columns the first value of a column tells whether it is one of numbers.
  enum class Numeric { kNotSeen, kYes, kNo };
  struct Label {
    size_t column;
    std::string name;
  };
  struct Value {
    size_t column;
    std::string name;
    Numeric numeric;
  };

  static void Decide(Value* value, std::string_view text) {
    if (value->numeric != Numeric::kNotSeen || text.empty()) return;
    value->numeric = ParseNumber(text) ? Numeric::kYes : Numeric::kNo;
  }

  const std::vector<LabelSetPtr>& FindSeries(const CsvFields& fields) {
    key_.clear();
    for (const Label& label : labels_) {
      key_.append(fields[label.column]);
      key_.push_back('\0');
    }
    const auto [it, is_new] = series_.try_emplace(key_);
    if (!is_new) return it->second;
    for (const Value& value : values_) {
      LabelSet labels = {{"__name__", value.name}};
      for (const auto& [name, text] : config_.labels()) labels.emplace_back(name, text);
      for (const Label& label : labels_) {
        std::erase_if(labels, [&](const auto& other) { return other.first == label.name; });
        if (!fields[label.column].empty()) labels.emplace_back(label.name, std::string(fields[label.column]));
      }
      std::sort(labels.begin(), labels.end());
      it->second.push_back(std::make_shared<const LabelSet>(std::move(labels)));
    }
    return it->second;
  }

  const v1::ReplaySamples config_;
  const std::string time_name_;
  std::vector<Label> labels_;
  std::vector<Value> values_;
  absl::flat_hash_map<std::string, std::vector<LabelSetPtr>> series_;
  std::string key_;
  int64_t row_time_ms_ = 0;
  std::vector<RowSample> row_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ReplayRows>> MakeReplayRows(const v1::ReplaySource& config) {
  switch (config.what_case()) {
    case v1::ReplaySource::kResults:
      return ResultRows::Make(config.results());
    case v1::ReplaySource::kSamples:
      return std::make_unique<SampleRows>(config.samples(),
                                          config.time_column().empty() ? "unix_ms" : config.time_column());
    case v1::ReplaySource::WHAT_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("replay: say what the files hold: results or samples");
}

absl::StatusOr<size_t> FindColumn(const CsvHeader& header, std::string_view name) {
  const auto it = std::find(header.begin(), header.end(), name);
  if (it != header.end()) return static_cast<size_t>(it - header.begin());
  std::string all;
  for (const std::string& column : header) StrAppend(&all, all.empty() ? "" : ", ", column);
  const std::vector<std::string_view> columns(header.begin(), header.end());
  return absl::NotFoundError(
      StrCat("there is no column '", name, "'", DidYouMean(name, columns), "; the columns are: ", all));
}

}  // namespace nines::collector
