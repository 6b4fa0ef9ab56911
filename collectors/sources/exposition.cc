#include "collectors/sources/exposition.h"

#include <algorithm>
#include <utility>

#include "base/status_macros.h"

namespace nines::collector {
namespace {

std::string* Find(LabelSet& labels, std::string_view name) {
  for (auto& [key, value] : labels) {
    if (key == name) return &value;
  }
  return nullptr;
}

// Not in UTF-8, so that no label can contain it.
std::string Joined(const LabelSet& labels) {
  std::string joined;
  for (const auto& [name, value] : labels) StrAppend(&joined, name, "\xFF", value, "\xFF");
  return joined;
}

absl::Status CheckTextType(std::string_view line) {
  auto word = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    std::string_view result = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(result.size());
    return result;
  };
  const std::string_view name = word();
  const std::string_view type = word();
  if (!IsMetricName(name)) return absl::InvalidArgumentError(StrCat("column 8: '", name, "' is not a metric name"));
  static constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram", "summary", "untyped"};
  if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) {
    return absl::InvalidArgumentError(StrCat("column ", 9 + name.size(), ": unknown TYPE '", type,
                                             "': expected counter, gauge, histogram, summary or untyped"));
  }
  return absl::OkStatus();
}

}  // namespace

ExpositionReader::ExpositionReader(LabelSet target_labels) : target_labels_(std::move(target_labels)) {}

LabelSetPtr ExpositionReader::Reserve(std::string_view name) {
  Series* series = Intern(name, {});
  series->reserved = true;
  return series->labels;
}

void ExpositionReader::Begin(std::string_view text, ExpositionFormat format) {
  text_ = text;
  format_ = format;
  at_ = line_number_ = type_lines_ = help_lines_ = 0;
  ended_ = false;
  ++page_;
  samples_.clear();
  seen_.clear();
  rules_.Begin();
}

absl::StatusOr<bool> ExpositionReader::ReadLines(size_t lines_max) {
  for (; lines_max > 0 && at_ < text_.size(); --lines_max) {
    const size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view line = text_.substr(at_, end - at_);
    at_ = end + 1;
    ++line_number_;
    absl::Status status = ReadLine(line);
    if (!status.ok()) {
      const absl::string_view what = status.message();
      const char* column = what.substr(0, 7) == "column " ? ", " : ", column 1: ";
      return absl::InvalidArgumentError(StrCat("line ", line_number_, column, what));
    }
  }
  if (at_ < text_.size()) return true;
  if (format_ == ExpositionFormat::kOpenMetrics) {
    if (!ended_) {
      return absl::InvalidArgumentError(
          StrCat("line ", line_number_ + 1, ", column 1: the page ends without '# EOF', so it may be cut short"));
    }
  }
  return false;
}

absl::Status ExpositionReader::ReadLine(std::string_view line) {
  if (format_ == ExpositionFormat::kText) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) return absl::OkStatus();
    return line[start] == '#' ? ReadComment(line.substr(start)) : ReadSample(line);
  }
  if (ended_) return absl::InvalidArgumentError("text after '# EOF'");
  if (line.empty()) return absl::InvalidArgumentError("a blank line");
  return line[0] == '#' ? ReadComment(line) : ReadSample(line);
}

absl::Status ExpositionReader::ReadComment(std::string_view line) {
  if (line.starts_with("# TYPE ")) ++type_lines_;
  if (line.starts_with("# HELP ")) ++help_lines_;
  if (format_ == ExpositionFormat::kText) {
    return line.starts_with("# TYPE ") ? CheckTextType(line.substr(7)) : absl::OkStatus();
  }
  if (line == "# EOF") {
    ended_ = true;
    return rules_.End();
  }
  return rules_.Metadata(line);
}

absl::Status ExpositionReader::ReadSample(std::string_view text) {
  SampleLine sample;
  NINES_RETURN_IF_ERROR(ScanSample(text, format_, &sample));
  NINES_ASSIGN_OR_RETURN(Line * line, FindLine(sample));
  line->page = page_;
  Series& series = *line->series;
  series.touched = page_;
  std::optional<int64_t> time_ms;
  if (sample.has_time) time_ms = sample.time_ms;
  const bool repeated = series.page == page_ && series.time_ms == time_ms;
  if (format_ == ExpositionFormat::kOpenMetrics) NINES_RETURN_IF_ERROR(rules_.Sample(sample, line->rules, repeated));
  if (repeated || series.reserved) return absl::OkStatus();
  series.page = page_;
  series.time_ms = time_ms;
  samples_.push_back({{series.labels, sample.value}, time_ms});
  seen_.push_back(&series);
  return absl::OkStatus();
}

absl::StatusOr<ExpositionReader::Line*> ExpositionReader::FindLine(const SampleLine& sample) {
  auto found = lines_.find(ToAbsl(sample.series));
  if (found != lines_.end()) return &found->second;
  LabelSet labels;
  NINES_RETURN_IF_ERROR(ParseSeriesLabels(sample.series, format_, &labels));
  Line line;
  // Made for the text format too: the format can change from page to page.
  line.rules = MakeRuleLabels(labels);
  line.series = Intern(sample.name, std::move(labels));
  return &lines_.emplace(std::string(sample.series), std::move(line)).first->second;
}

ExpositionReader::Series* ExpositionReader::Intern(std::string_view name, LabelSet labels) {
  std::erase_if(labels, [](const auto& label) { return label.second.empty(); });
  for (const auto& [key, value] : target_labels_) {
    std::string* exposed = Find(labels, key);
    if (exposed == nullptr) {
      labels.emplace_back(key, value);
      continue;
    }
    std::string moved = StrCat("exported_", key);
    while (Find(labels, moved) != nullptr) moved = StrCat("exported_", moved);
    std::string kept = std::exchange(*exposed, value);
    labels.emplace_back(std::move(moved), std::move(kept));
  }
  labels.emplace_back("__name__", std::string(name));
  std::sort(labels.begin(), labels.end());
  std::unique_ptr<Series>& series = series_[Joined(labels)];
  if (series == nullptr) {
    series = std::make_unique<Series>();
    series->labels = std::make_shared<const LabelSet>(std::move(labels));
  }
  return series.get();
}

void ExpositionReader::Commit(std::vector<LabelSetPtr>* vanished) {
  for (auto& [key, series] : series_) {
    if (!series->live || series->page == page_) continue;
    series->live = false;
    vanished->push_back(series->labels);
  }
  // A series that gives its own times also ends at its own times: no marker for it.
  for (Series* series : seen_) series->live = !series->time_ms.has_value();
  Forget();
}

void ExpositionReader::Abort(std::vector<LabelSetPtr>* vanished) {
  samples_.clear();
  seen_.clear();
  for (auto& [key, series] : series_) {
    if (std::exchange(series->live, false)) vanished->push_back(series->labels);
  }
  Forget();
}

void ExpositionReader::Forget() {
  auto old = [this](uint64_t page) { return page + kForgottenAfter < page_; };
  absl::erase_if(lines_, [&](const auto& entry) { return old(entry.second.page); });
  absl::erase_if(series_, [&](const auto& entry) {
    const Series& series = *entry.second;
    return !series.reserved && !series.live && old(series.touched);
  });
}

}  // namespace nines::collector
