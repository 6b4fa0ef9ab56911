#include "daemon/http/metric_families.h"

#include <prometheus/text_serializer.h>

#include <sstream>

namespace nines::http {

prometheus::ClientMetric& MetricFamilies::Family::Append(const MetricLabels& labels) {
  prometheus::ClientMetric& metric = family_.metric.emplace_back();
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

void MetricFamilies::Family::Add(const MetricLabels& labels, double value) {
  prometheus::ClientMetric& metric = Append(labels);
  (family_.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

void MetricFamilies::Family::AddSum(const MetricLabels& labels, uint64_t count, double sum) {
  prometheus::ClientMetric& metric = Append(labels);
  metric.summary.sample_count = count;
  metric.summary.sample_sum = sum;
}

MetricFamilies::Family& MetricFamilies::New(std::string name, std::string help, prometheus::MetricType type) {
  return families_.emplace_back(Family({std::move(name), std::move(help), type, {}}));
}
MetricFamilies::Family& MetricFamilies::Gauge(std::string name, std::string help) {
  return New(std::move(name), std::move(help), prometheus::MetricType::Gauge);
}
MetricFamilies::Family& MetricFamilies::Counter(std::string name, std::string help) {
  return New(std::move(name), std::move(help), prometheus::MetricType::Counter);
}
MetricFamilies::Family& MetricFamilies::Summary(std::string name, std::string help) {
  return New(std::move(name), std::move(help), prometheus::MetricType::Summary);
}

std::string MetricFamilies::Text() const {
  std::vector<prometheus::MetricFamily> filled;
  for (const Family& family : families_) {
    if (!family.family_.metric.empty()) filled.push_back(family.family_);
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, filled);
  return text.str();
}

}  // namespace nines::http
