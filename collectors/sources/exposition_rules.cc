#include "collectors/sources/exposition_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "base/status_macros.h"

namespace nines::collector {
namespace {

constexpr uint64_t kFnvOffset = 14695981039346656037ULL;

// FNV-1a: can be carried on from one piece of a text to the next.
uint64_t Hash(std::string_view text, uint64_t hash = kFnvOffset) {
  for (char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 1099511628211ULL;
  return hash;
}

double Bound(std::string_view text) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  double value = kNone;
  if (!ParseExpositionNumber(text, &value)) return kNone;
  if (std::isinf(value) && text != "+Inf" && text != "-Inf") return kNone;
  return value;
}

// The suffixes of a type's samples, as in the specification; the empty one is the family's own name.
std::span<const std::string_view> Suffixes(int type) {
  static constexpr std::string_view kPlain[] = {""};
  static constexpr std::string_view kCounter[] = {"_total", "_created"};
  static constexpr std::string_view kSummary[] = {"", "_count", "_sum", "_created"};
  static constexpr std::string_view kHistogram[] = {"_count", "_sum", "_bucket", "_created"};
  static constexpr std::string_view kGaugeHistogram[] = {"_gcount", "_gsum", "_bucket"};
  static constexpr std::string_view kInfo[] = {"_info"};
  switch (type) {
    case 1:
      return kCounter;
    case 3:
      return kSummary;
    case 4:
      return kHistogram;
    case 5:
      return kGaugeHistogram;
    case 6:
      return kInfo;
    default:
      return kPlain;
  }
}

}  // namespace

RuleLabels MakeRuleLabels(const LabelSet& labels) {
  RuleLabels result;
  result.le = result.quantile = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [name, value] : labels) {
    const uint64_t name_hash = Hash(name);
    const uint64_t pair_hash = Hash(value, Hash("=", name_hash));
    result.hashes.emplace_back(name_hash, pair_hash);
    result.sum += pair_hash;
    if (name == "le") result.le = Bound(value);
    if (name == "quantile") result.quantile = Bound(value);
  }
  return result;
}

void OpenMetricsRules::Begin() {
  open_ = false;
  names_.clear();
  histogram_.reset();
}

absl::Status OpenMetricsRules::Error(std::string_view what) const {
  return absl::InvalidArgumentError(StrCat("metric family ", name_, ": ", what));
}

bool OpenMetricsRules::ParseType(std::string_view word, Type* type) {
  static constexpr std::pair<std::string_view, Type> kTypes[] = {
      {"unknown", Type::kUnknown}, {"counter", Type::kCounter},     {"gauge", Type::kGauge},
      {"summary", Type::kSummary}, {"histogram", Type::kHistogram}, {"gaugehistogram", Type::kGaugeHistogram},
      {"info", Type::kInfo},       {"stateset", Type::kStateSet}};
  for (const auto& [name, value] : kTypes) {
    if (name != word) continue;
    *type = value;
    return true;
  }
  return false;
}

absl::Status OpenMetricsRules::Metadata(std::string_view line) {
  // "# KEYWORD name text", where the text may be empty but its space may not.
  const size_t keyword_at = line.find(' ') + 1;
  const size_t name_at = keyword_at == 0 ? 0 : line.find(' ', keyword_at) + 1;
  const size_t text_at = name_at == 0 ? 0 : line.find(' ', name_at) + 1;
  if (text_at == 0 || keyword_at != 2) {
    return absl::InvalidArgumentError("expected '# HELP name text', '# TYPE name type', '# UNIT name unit' or '# EOF'");
  }
  const std::string_view keyword = line.substr(keyword_at, name_at - 1 - keyword_at);
  const std::string_view name = line.substr(name_at, text_at - 1 - name_at);
  const std::string_view text = line.substr(text_at);
  if (!IsMetricName(name)) return absl::InvalidArgumentError(StrCat("'", name, "' is not a metric name"));
  if (!open_ || name != name_) {
    NINES_RETURN_IF_ERROR(StartFamily(name, Type::kUnknown));
  } else if (has_samples_) {
    return Error(StrCat(keyword, " after its samples"));
  }
  if (keyword == "HELP") {
    if (std::exchange(has_help_, true)) return Error("a second HELP");
  } else if (keyword == "TYPE") {
    if (std::exchange(has_type_, true)) return Error("a second TYPE");
    if (!ParseType(text, &type_)) {
      return Error(StrCat("unknown TYPE '", text,
                          "': expected counter, gauge, histogram, gaugehistogram, summary, info, stateset or unknown"));
    }
  } else if (keyword == "UNIT") {
    if (std::exchange(has_unit_, true)) return Error("a second UNIT");
    unit_ = text;
  } else {
    return absl::InvalidArgumentError(StrCat("unknown keyword '", keyword, "': expected HELP, TYPE, UNIT or EOF"));
  }
  return absl::OkStatus();
}

absl::Status OpenMetricsRules::StartFamily(std::string_view name, Type type) {
  NINES_RETURN_IF_ERROR(EndFamily());
  open_ = true;
  name_ = name;
  type_ = type;
  has_type_ = has_help_ = has_unit_ = has_samples_ = false;
  unit_.clear();
  groups_.clear();
  group_.reset();
  group_time_.reset();
  return absl::OkStatus();
}

absl::Status OpenMetricsRules::TakeName(std::string_view suffix) {
  if (!names_.insert(Hash(suffix, Hash(name_))).second) {
    return Error(StrCat("the name ", name_, suffix, " was used before: the lines of a family stand together"));
  }
  return absl::OkStatus();
}

absl::Status OpenMetricsRules::EndFamily() {
  if (!open_) return absl::OkStatus();
  open_ = false;
  NINES_RETURN_IF_ERROR(TakeName(""));
  for (std::string_view suffix : Suffixes(static_cast<int>(type_))) {
    if (!suffix.empty()) NINES_RETURN_IF_ERROR(TakeName(suffix));
  }
  if (!unit_.empty()) {
    if (!std::string_view(name_).ends_with(StrCat("_", unit_)))
      return Error(StrCat("the name does not end in its unit, _", unit_));
    if (type_ == Type::kInfo || type_ == Type::kStateSet) return Error("an info or stateset has no unit");
  }
  return EndHistogram();
}

absl::Status OpenMetricsRules::End() { return EndFamily(); }

bool OpenMetricsRules::Allows(std::string_view sample_name) const {
  if (!open_ || !sample_name.starts_with(name_)) return false;
  const std::span<const std::string_view> suffixes = Suffixes(static_cast<int>(type_));
  return std::find(suffixes.begin(), suffixes.end(), sample_name.substr(name_.size())) != suffixes.end();
}

absl::Status OpenMetricsRules::Sample(const SampleLine& sample, const RuleLabels& labels, bool repeated) {
  if (!Allows(sample.name)) NINES_RETURN_IF_ERROR(StartFamily(sample.name, Type::kUnknown));
  has_samples_ = true;
  const std::string_view suffix = sample.name.substr(name_.size());
  NINES_RETURN_IF_ERROR(CheckLabels(suffix, sample, labels));
  NINES_RETURN_IF_ERROR(CheckValue(suffix, sample));
  const uint64_t group = GroupOf(suffix, labels);
  NINES_RETURN_IF_ERROR(CheckGroup(group, sample));
  const bool bucketed = type_ == Type::kHistogram || type_ == Type::kGaugeHistogram;
  if (bucketed && !repeated) return AddToHistogram(suffix, group, sample, labels);
  return absl::OkStatus();
}

absl::Status OpenMetricsRules::CheckLabels(std::string_view suffix, const SampleLine& sample,
                                           const RuleLabels& labels) const {
  if (suffix == "_bucket" && std::isnan(labels.le))
    return Error("a bucket's le label is missing, or not a number (or +Inf)");
  if (type_ == Type::kSummary && suffix.empty() && !(labels.quantile >= 0 && labels.quantile <= 1)) {
    return Error("a quantile label is missing or not between 0 and 1");
  }
  if (type_ == Type::kStateSet) {
    const uint64_t name_hash = Hash(name_);
    auto is_state = [&](const auto& label) { return label.first == name_hash; };
    if (std::none_of(labels.hashes.begin(), labels.hashes.end(), is_state)) {
      return Error("a stateset's sample lacks the label named as the family");
    }
  }
  const bool may_have_exemplar = suffix == "_bucket" || (type_ == Type::kCounter && suffix == "_total");
  if (sample.has_exemplar && !may_have_exemplar) return Error("only buckets and counters can have exemplars");
  return absl::OkStatus();
}

absl::Status OpenMetricsRules::CheckValue(std::string_view suffix, const SampleLine& sample) const {
  const double value = sample.value;
  const bool counts = suffix == "_bucket" || suffix == "_count" || suffix == "_gcount";
  if (counts && (!std::isfinite(value) || value != std::floor(value)))
    return Error(StrCat(suffix, " is not a whole number"));
  if (type_ == Type::kStateSet && value != 0 && value != 1) return Error("a stateset's values are 0 and 1");
  if (type_ == Type::kInfo && value != 1) return Error("an info's value is 1");
  if (type_ == Type::kSummary && suffix.empty() && value < 0) return Error("a quantile's value is negative");
  const bool sums = counts || suffix == "_total" || suffix == "_sum";
  if ((sums || suffix == "_gsum") && std::isnan(value)) return Error(StrCat(suffix, " is not a number"));
  if (sums && value < 0) return Error(StrCat(suffix, " is negative"));
  return absl::OkStatus();
}

uint64_t OpenMetricsRules::GroupOf(std::string_view suffix, const RuleLabels& labels) const {
  std::string_view own;  // the label that tells the samples of one group apart
  if (type_ == Type::kInfo) return 0;
  if (type_ == Type::kSummary && suffix.empty()) own = "quantile";
  if (type_ == Type::kStateSet) own = name_;
  if (suffix == "_bucket") own = "le";
  if (own.empty()) return labels.sum;
  const uint64_t own_hash = Hash(own);
  uint64_t group = labels.sum;
  for (const auto& [name_hash, pair_hash] : labels.hashes) {
    if (name_hash == own_hash) group -= pair_hash;
  }
  return group;
}

absl::Status OpenMetricsRules::CheckGroup(uint64_t group, const SampleLine& sample) {
  const bool known = !groups_.insert(group).second;
  std::optional<double> time;
  if (sample.has_time) time = sample.time;
  if (group_.has_value() && group != *group_ && known) return Error("the lines of one label set do not stand together");
  if (group_.has_value() && group == *group_) {
    if (time.has_value() != group_time_.has_value())
      return Error("some lines of a label set have timestamps and some do not");
    if (time.has_value() && *time < *group_time_ && type_ != Type::kInfo) return Error("the timestamps go backwards");
  }
  group_ = group;
  group_time_ = time;
  return absl::OkStatus();
}

absl::Status OpenMetricsRules::AddToHistogram(std::string_view suffix, uint64_t group, const SampleLine& sample,
                                              const RuleLabels& labels) {
  std::optional<double> time;
  if (sample.has_time) time = sample.time;
  if (!histogram_.has_value() || histogram_->group != group || histogram_->time != time) {
    NINES_RETURN_IF_ERROR(EndHistogram());
    histogram_.emplace();
    histogram_->group = group;
    histogram_->time = time;
  }
  Histogram& histogram = *histogram_;
  if (suffix == "_bucket") {
    if (labels.le < 0) histogram.negative_bucket = true;
    if (histogram.bound.has_value() && labels.le <= *histogram.bound) return Error("the buckets are not in order");
    if (sample.value < histogram.cumulative) return Error("a bucket counts less than the one before");
    histogram.bound = labels.le;
    histogram.cumulative = sample.value;
  } else if (suffix == "_count" || suffix == "_gcount") {
    histogram.count = sample.value;
  } else if (suffix == "_sum") {
    histogram.has_sum = true;
  } else if (suffix == "_gsum") {
    histogram.has_gsum = true;
    histogram.negative_gsum = sample.value < 0;
  }
  return absl::OkStatus();
}

absl::Status OpenMetricsRules::EndHistogram() {
  if (!histogram_.has_value()) return absl::OkStatus();
  const Histogram histogram = *histogram_;
  histogram_.reset();
  const bool has_any_sum = histogram.has_sum || histogram.has_gsum;
  if (!histogram.bound.has_value() || *histogram.bound != std::numeric_limits<double>::infinity()) {
    return Error("the bucket le=\"+Inf\" is missing");
  }
  if (histogram.count.has_value() && *histogram.count != histogram.cumulative) {
    return Error("the count differs from the bucket le=\"+Inf\"");
  }
  if (has_any_sum != histogram.count.has_value()) return Error("count and sum come together or not at all");
  if (histogram.negative_bucket && histogram.has_sum) return Error("with negative buckets there is no sum");
  if (!histogram.negative_bucket && histogram.negative_gsum) return Error("a negative sum without negative buckets");
  return absl::OkStatus();
}

}  // namespace nines::collector
