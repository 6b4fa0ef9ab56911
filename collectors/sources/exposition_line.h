#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "collectors/agent/recorder.h"

namespace nines::collector {

// How an exporter writes its page: Prometheus text 0.0.4 or OpenMetrics 1.0.
enum class ExpositionFormat { kText, kOpenMetrics };

// By Content-Type; anything that is not OpenMetrics is read as text.
ExpositionFormat FormatOf(std::string_view content_type);

// A line of the form "name{labels} value [timestamp] [# exemplar]". The views lie in the line.
struct SampleLine {
  std::string_view name;
  std::string_view series;  // name and labels as written
  double value = 0;
  bool has_time = false;
  // Seconds for OpenMetrics, milliseconds for text, as written.
  double time = 0;
  int64_t time_ms = 0;
  bool has_exemplar = false;
};

// Takes a line apart. Labels are found, not looked into: ParseSeriesLabels does that for a series not yet known.
// Errors begin "column N: ", N from 1.
absl::Status ScanSample(std::string_view line, ExpositionFormat format, SampleLine* sample);

// Appends the labels of `series` (as ScanSample cut it out), unescaped and in the order written, `__name__` not
// included. Refuses names given twice and text that is not UTF-8. Errors as for ScanSample.
absl::Status ParseSeriesLabels(std::string_view series, ExpositionFormat format, LabelSet* labels);

// A decimal number, or [+-]Inf, [+-]Infinity, NaN in any case. False for anything else, hexadecimal included.
bool ParseExpositionNumber(std::string_view text, double* value);

bool IsMetricName(std::string_view name);

}  // namespace nines::collector
