#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace nines::http {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// A page of metric families under construction, in the order they were named. Thread-compatible.
class MetricFamilies {
 public:
  class Family {
   public:
    void Add(const MetricLabels& labels, double value);
    void Add(double value) { Add({}, value); }
    void AddSeconds(const MetricLabels& labels, int64_t duration_ms) {
      Add(labels, static_cast<double>(duration_ms) / 1000.0);
    }
    void AddPpm(const MetricLabels& labels, int64_t ppm) { Add(labels, static_cast<double>(ppm) / 1e6); }
    // For summaries: without quantiles.
    void AddSum(const MetricLabels& labels, uint64_t count, double sum);

   private:
    friend class MetricFamilies;
    explicit Family(prometheus::MetricFamily family) : family_(std::move(family)) {}
    prometheus::ClientMetric& Append(const MetricLabels& labels);
    prometheus::MetricFamily family_;
  };

  // References stay valid.
  Family& Gauge(std::string name, std::string help);
  Family& Counter(std::string name, std::string help);
  Family& Summary(std::string name, std::string help);

  // Families without samples are left out.
  std::string Text() const;

 private:
  Family& New(std::string name, std::string help, prometheus::MetricType type);
  std::deque<Family> families_;
};

}  // namespace nines::http
