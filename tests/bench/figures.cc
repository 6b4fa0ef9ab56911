#include "tests/bench/figures.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace nines::bench {

void Figures::Add(std::string_view name, int64_t value) { figures_.emplace_back(name, std::to_string(value)); }

void Figures::Add(std::string_view name, double value) {
  char text[40];
  std::snprintf(text, sizeof(text), std::abs(value) >= 1000 ? "%.0f" : "%.4g", value);
  figures_.emplace_back(name, std::isfinite(value) ? text : "null");
}

void Figures::Add(std::string_view name, std::string_view text) {
  figures_.emplace_back(name,
                        boost::json::serialize(boost::json::value(boost::json::string(text.data(), text.size()))));
}

void Figures::AddRatio(std::string_view name, double numerator, double denominator) {
  if (denominator > 0) Add(name, numerator / denominator);
}

std::string Figures::Text() const {
  size_t width = 0;
  for (const auto& [name, value] : figures_) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : figures_) {
    StrAppend(&text, name, std::string(width + 2 - name.size(), ' '), value, "\n");
  }
  return text;
}

std::string Figures::Json() const {
  std::string text;
  for (const auto& [name, value] : figures_) {
    StrAppend(&text, text.empty() ? "{" : ",\n ", "\"", name, "\": ", value);
  }
  return text + "}\n";
}

}  // namespace nines::bench
