#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/agent/recorder.h"
#include "collectors/sources/exposition_line.h"
#include "collectors/sources/exposition_rules.h"

namespace nines::collector {

// Reads the pages of one exporter, one after the other, and remembers its series between them: a line whose series the
// page before had too costs no allocation. A series that no page had for kForgottenAfter pages is forgotten.
//
// The target's labels are added to each series; a label of the page with the same name is kept as exported_<name>, and
// one without a value counts as absent, as Prometheus does.
//
// For each page: Begin, ReadLines until it says false or fails, then Commit or Abort. Confined to one thread.
class ExpositionReader {
 public:
  static constexpr uint64_t kForgottenAfter = 4;

  struct Sample {
    RowSample row;
    std::optional<int64_t> time_ms;  // where the page gives one
  };

  explicit ExpositionReader(LabelSet target_labels);

  // A series of the scraper's own, with the target's labels. Samples of it in pages are dropped.
  LabelSetPtr Reserve(std::string_view name);

  // `text` must outlive the reading.
  void Begin(std::string_view text, ExpositionFormat format);
  // Reads at most so many lines more; false at the end of the page. Errors name line and column; then the page is lost.
  absl::StatusOr<bool> ReadLines(size_t lines_max);

  // Of the page that is being read. A series that stands in it twice with one timestamp is there once, with its first
  // value.
  const std::vector<Sample>& samples() const { return samples_; }
  size_t type_lines() const { return type_lines_; }
  size_t help_lines() const { return help_lines_; }

  // The page is good. Appends to `vanished` the series of earlier pages that have to be marked stale now: those that
  // are missing here for the first time, and never gave timestamps of their own.
  void Commit(std::vector<LabelSetPtr>* vanished);
  // The page is not, or there was none: all that was there before has to be marked stale.
  void Abort(std::vector<LabelSetPtr>* vanished);

  size_t known_lines() const { return lines_.size(); }

 private:
  struct Series {
    LabelSetPtr labels;
    uint64_t page = 0;     // the last one that had it
    uint64_t touched = 0;  // the last one with a line of it, even one that broke a rule: no Line outlives its Series
    std::optional<int64_t> time_ms;
    bool live = false;  // recorded, and not marked stale since
    bool reserved = false;
  };
  // What is remembered of "name{labels}" as written. Two spellings can be one series.
  struct Line {
    Series* series = nullptr;
    uint64_t page = 0;
    RuleLabels rules;
  };

  absl::Status ReadLine(std::string_view line);
  absl::Status ReadComment(std::string_view line);
  absl::Status ReadSample(std::string_view line);
  absl::StatusOr<Line*> FindLine(const SampleLine& sample);
  Series* Intern(std::string_view name, LabelSet labels);
  void Forget();

  const LabelSet target_labels_;
  ExpositionFormat format_ = ExpositionFormat::kText;
  std::string_view text_;
  size_t at_ = 0;
  size_t line_number_ = 0;
  bool ended_ = false;  // "# EOF" was read
  uint64_t page_ = 0;
  size_t type_lines_ = 0;
  size_t help_lines_ = 0;
  std::vector<Sample> samples_;
  std::vector<Series*> seen_;  // parallel to samples_
  OpenMetricsRules rules_;
  absl::flat_hash_map<std::string, Line> lines_;
  absl::flat_hash_map<std::string, std::unique_ptr<Series>> series_;  // by labels, joined
};

}  // namespace nines::collector
