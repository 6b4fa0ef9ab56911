#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nines::bench {

// What was measured, in the order of adding; names carry their unit last: "rss_peak_bytes". Thread-compatible.
class Figures {
 public:
  void Add(std::string_view name, int64_t value);
  void Add(std::string_view name, double value);
  void Add(std::string_view name, std::string_view text);
  // `numerator / denominator`, or nothing where that says nothing.
  void AddRatio(std::string_view name, double numerator, double denominator);

  // "name value" a line, or one JSON object.
  std::string Text() const;
  std::string Json() const;

 private:
  std::vector<std::pair<std::string, std::string>> figures_;  // values as JSON
};

}  // namespace nines::bench
