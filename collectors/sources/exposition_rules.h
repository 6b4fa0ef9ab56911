#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "collectors/agent/recorder.h"
#include "collectors/sources/exposition_line.h"

namespace nines::collector {

// What the rules need to know of a series' labels; made once a series.
struct RuleLabels {
  // Hashes of a label's name, and of its name and value.
  std::vector<std::pair<uint64_t, uint64_t>> hashes;
  uint64_t sum = 0;  // of the second ones: the same whatever the order
  // NaN where the label is absent, not a number, or an infinity not written "+Inf" or "-Inf".
  double le = 0;
  double quantile = 0;
};
RuleLabels MakeRuleLabels(const LabelSet& labels);

// The rules of OpenMetrics 1.0 on what families, types and samples go together, line by line (the specification's
// sections "Overall structure", "Metric families", "Metric types"; where it leaves a choice, as the reference parser of
// prometheus/client_python decides). Allocates nothing for what earlier pages had too. Confined to one thread.
// Errors say which family, without a position.
class OpenMetricsRules {
 public:
  void Begin();
  // A line that starts with '#' and is not "# EOF".
  absl::Status Metadata(std::string_view line);
  // `repeated`: the same series with the same timestamp stood in an earlier line of this page.
  absl::Status Sample(const SampleLine& sample, const RuleLabels& labels, bool repeated);
  absl::Status End();

 private:
  enum class Type { kUnknown, kCounter, kGauge, kSummary, kHistogram, kGaugeHistogram, kInfo, kStateSet };

  // The points of one group of a histogram at one time.
  struct Histogram {
    uint64_t group = 0;
    std::optional<double> time;
    std::optional<double> bound;  // of the last bucket
    double cumulative = 0;
    std::optional<double> count;
    bool has_sum = false;
    bool has_gsum = false;
    bool negative_bucket = false;
    bool negative_gsum = false;
  };

  static bool ParseType(std::string_view word, Type* type);
  absl::Status StartFamily(std::string_view name, Type type);
  absl::Status EndFamily();
  absl::Status TakeName(std::string_view suffix);
  bool Allows(std::string_view sample_name) const;
  absl::Status CheckLabels(std::string_view suffix, const SampleLine& sample, const RuleLabels& labels) const;
  absl::Status CheckValue(std::string_view suffix, const SampleLine& sample) const;
  uint64_t GroupOf(std::string_view suffix, const RuleLabels& labels) const;
  absl::Status CheckGroup(uint64_t group, const SampleLine& sample);
  absl::Status AddToHistogram(std::string_view suffix, uint64_t group, const SampleLine& sample,
                              const RuleLabels& labels);
  absl::Status EndHistogram();
  absl::Status Error(std::string_view what) const;

  bool open_ = false;  // a family has begun
  std::string name_;
  Type type_ = Type::kUnknown;
  bool has_type_ = false;
  bool has_help_ = false;
  bool has_unit_ = false;
  std::string unit_;
  bool has_samples_ = false;
  absl::flat_hash_set<uint64_t> names_;  // hashes of all names taken so far
  absl::flat_hash_set<uint64_t> groups_;
  std::optional<uint64_t> group_;
  std::optional<double> group_time_;
  std::optional<Histogram> histogram_;
};

}  // namespace nines::collector
